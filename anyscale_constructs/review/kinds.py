"""The kinds of facts on how open a stack is, each with its rule."""

from anyscale_constructs.findings import Rule
from anyscale_constructs.review.exposure import Kind, covers_grant, covers_ingress

_AWS = "https://docs.aws.amazon.com"


def _rule(id: str, why: str, source: str = "") -> Rule:
    return Rule(id, "warning", why, source, command="review")


INGRESS = Kind(
    _rule(
        "widened-ingress",
        "A range or port that was closed becomes reachable. A range within one that was open does not count.",
        f"{_AWS}/vpc/latest/userguide/security-group-rules.html",
    ),
    "{} can be reached from more addresses than before",
    "allow only the ranges and ports that need it, or allow the finding",
    covers_ingress,
)
ENDPOINT = Kind(
    _rule(
        "widened-endpoint",
        "A public cluster API, load balancer or storage endpoint can be attacked from anywhere.",
        f"{_AWS}/eks/latest/userguide/cluster-endpoint.html",
    ),
    "a public endpoint can be reached by more addresses than before",
    "keep the endpoint private, restrict its ranges, or allow the finding",
    covers_ingress,
)
ADDRESS = Kind(
    _rule(
        "public-address",
        "A machine with a public IP address is on the internet, protected only by its firewall.",
        f"{_AWS}/vpc/latest/userguide/vpc-ip-addressing.html",
    ),
    "machines get public IP addresses, which they did not have before",
    "use private subnets with NAT, or allow the finding",
)
NETWORKING = Kind(
    _rule(
        "public-networking",
        "If the networking mode becomes PUBLIC, nodes move to public subnets and get public IP addresses.",
        "https://docs.anyscale.com/administration/cloud-deployment/networking",
    ),
    "the networking mode becomes public",
    "set networking_mode back to PRIVATE, or allow the finding",
)
TRUST = Kind(
    _rule(
        "new-trusted-principal",
        "A principal that can assume a role or act as a service account has all of its permissions.",
        f"{_AWS}/IAM/latest/UserGuide/id_roles_create_for-user.html",
    ),
    "more principals can act as the role than before",
    "remove the principal, restore the condition, or allow the finding",
    covers_grant,
)
EXTERNAL_ID = Kind(
    _rule(
        "changed-external-id",
        "The external ID prevents other customers of the trusted account from assuming the role. Anyscale uses the "
        "registered external ID, and loses access if the role requires another one.",
        f"{_AWS}/IAM/latest/UserGuide/confused-deputy.html",
    ),
    "the role no longer requires its external ID",
    "restore the external ID, or register the cloud again after the change",
    protects=True,
)
ENCRYPTION = Kind(
    _rule(
        "weakened-encryption",
        "Access to data that is encrypted with your own key can be revoked with the key; unencrypted data can be read "
        "from the disk.",
        f"{_AWS}/kms/latest/developerguide/concepts.html",
    ),
    "data is encrypted less strongly than before",
    "restore the encryption or the key, or allow the finding",
    protects=True,
)
TLS = Kind(
    _rule(
        "weakened-tls",
        "Without TLS, or with an old version, anyone on the network path can read and change the traffic.",
    ),
    "TLS is off or allows older versions than before",
    "restore TLS and its minimum version, or allow the finding",
    protects=True,
)
PUBLIC_ACCESS_BLOCK = Kind(
    _rule(
        "lifted-public-access-block",
        "The block prevents a wrong policy or ACL from making a bucket public.",
        f"{_AWS}/AmazonS3/latest/userguide/access-control-block-public-access.html",
    ),
    "a public access block of storage is removed",
    "restore the block, or allow the finding",
    protects=True,
)
DATA_ACCESS = Kind(
    _rule(
        "widened-data-access",
        "A principal in the policy, the ACL or the IAM bindings of storage can read or change the data.",
    ),
    "more principals or actions have access to stored data than before",
    "remove the grant, narrow it, or allow the finding",
    covers_grant,
)
DENIAL = Kind(
    _rule(
        "lifted-denial",
        "A deny statement overrides what other policies allow; without it, their allow statements take effect.",
        f"{_AWS}/IAM/latest/UserGuide/reference_policies_evaluation-logic.html",
    ),
    "a policy no longer denies what it denied before",
    "restore the deny statement, or allow the finding",
    covers_grant,
    protects=True,
)
PERMISSIONS = Kind(
    _rule(
        "widened-permissions",
        "Everyone who has the role, and everything that runs on nodes with the role, can do more than before.",
        f"{_AWS}/IAM/latest/UserGuide/best-practices.html#grant-least-privilege",
    ),
    "a role or a service account is allowed to do more than before",
    "narrow the actions or the resources, or allow the finding",
    covers_grant,
)
PERMISSIONS_LIMIT = Kind(
    _rule(
        "lifted-permissions-limit",
        "A permissions boundary or a condition on the cloud's ID limits a role regardless of its policies.",
        f"{_AWS}/IAM/latest/UserGuide/access_policies_boundaries.html",
    ),
    "a limit on the permissions of a role is removed",
    "restore the limit, or allow the finding",
    protects=True,
)
DELETION = Kind(
    _rule(
        "lifted-deletion-protection",
        "Without the protection, a destroy or a replacement deletes the data irrecoverably.",
        "https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle#prevent_destroy",
    ),
    "a protection against deletion or loss of data is removed",
    "restore the protection, or allow the finding",
    protects=True,
)
LOGGING = Kind(
    _rule("stopped-logging", "Events that are not logged cannot be investigated later."),
    "logs are no longer written",
    "restore the logs, or allow the finding",
    protects=True,
)
CORS = Kind(
    _rule(
        "widened-cors-origins",
        "Scripts of an added origin can use the bucket with the permissions of their visitors' browsers.",
        f"{_AWS}/AmazonS3/latest/userguide/cors.html",
    ),
    "scripts of more origins can use the bucket than before",
    "allow only the origins that need it, or allow the finding",
)
NODE_METADATA = Kind(
    _rule(
        "weakened-node-metadata",
        "With optional tokens, more hops, or the legacy endpoints, everything that runs on a node can get the node's "
        "credentials.",
        f"{_AWS}/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html",
    ),
    "the credentials of nodes are less protected than before",
    "restore the setting, or allow the finding",
    protects=True,
)
AUTHENTICATION = Kind(
    _rule(
        "weakened-authentication",
        "Everyone who can reach the service can use it if it requires no identity, or one that all users share.",
    ),
    "a service authenticates its users less strictly than before",
    "restore the authentication, or allow the finding",
    protects=True,
)
