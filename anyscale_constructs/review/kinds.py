"""The kinds of facts on how open a stack is, each with its rule."""

from anyscale_constructs.findings import Rule
from anyscale_constructs.review.exposure import Kind, covers_grant, covers_ingress

_AWS = "https://docs.aws.amazon.com"


def _rule(id: str, why: str, source: str = "") -> Rule:
    return Rule(id, "warning", why, source, command="review")


INGRESS = Kind(
    _rule(
        "widened-ingress",
        "A range or a port that was closed lets in whoever is behind it. A range inside one that was open is no wider.",
        f"{_AWS}/vpc/latest/userguide/security-group-rules.html",
    ),
    "{} can be reached from more addresses than before",
    "name the ranges and ports that need it, or accept it",
    covers_ingress,
)
ENDPOINT = Kind(
    _rule(
        "widened-endpoint",
        "A cluster's API, a load balancer or a storage endpoint that is public can be attacked from everywhere.",
        f"{_AWS}/eks/latest/userguide/cluster-endpoint.html",
    ),
    "a public endpoint can be reached by more addresses than before",
    "keep the endpoint private, restrict its ranges, or accept it",
    covers_ingress,
)
ADDRESS = Kind(
    _rule(
        "public-address",
        "A machine with a public IP address is on the internet; only its firewall stands in between.",
        f"{_AWS}/vpc/latest/userguide/vpc-ip-addressing.html",
    ),
    "machines get public IP addresses, which they did not",
    "use private subnets with NAT, or accept it",
)
NETWORKING = Kind(
    _rule(
        "public-networking",
        "The nodes of a cloud whose networking mode becomes PUBLIC move to public subnets and get public IP addresses.",
        "https://docs.anyscale.com/administration/cloud-deployment/networking",
    ),
    "the networking mode becomes public",
    "set networking_mode back to PRIVATE, or accept it",
)
TRUST = Kind(
    _rule(
        "new-trusted-principal",
        "Who may assume a role or act as a service account has all of its permissions.",
        f"{_AWS}/IAM/latest/UserGuide/id_roles_create_for-user.html",
    ),
    "more principals can act as the role than before",
    "remove the principal, restore the condition, or accept it",
    covers_grant,
)
EXTERNAL_ID = Kind(
    _rule(
        "changed-external-id",
        "The external id keeps other customers of the trusted account out of the role. Anyscale uses the one that is "
        "registered, and loses access when the role asks for another.",
        f"{_AWS}/IAM/latest/UserGuide/confused-deputy.html",
    ),
    "the role no longer asks for its external id",
    "restore the external id, or register the cloud again after the change",
    protects=True,
)
ENCRYPTION = Kind(
    _rule(
        "weakened-encryption",
        "Data that is encrypted with a key of your own can be shut off by the key; data that is not encrypted can be "
        "read from the disk.",
        f"{_AWS}/kms/latest/developerguide/concepts.html",
    ),
    "data is encrypted less strongly than before",
    "restore the encryption or the key, or accept it",
    protects=True,
)
TLS = Kind(
    _rule(
        "weakened-tls",
        "Without TLS, or with an old version of it, whoever is on the way can read and change the traffic.",
    ),
    "TLS is off or allows older versions than before",
    "restore TLS and its minimum version, or accept it",
    protects=True,
)
PUBLIC_ACCESS_BLOCK = Kind(
    _rule(
        "lifted-public-access-block",
        "The block keeps a wrong policy or ACL from making a bucket public.",
        f"{_AWS}/AmazonS3/latest/userguide/access-control-block-public-access.html",
    ),
    "a block of public access to storage is lifted",
    "restore the block, or accept it",
    protects=True,
)
DATA_ACCESS = Kind(
    _rule(
        "widened-data-access",
        "Who is added to the policy, the ACL or the IAM bindings of storage can read or change what is in it.",
    ),
    "more principals or actions have access to stored data than before",
    "remove the grant, narrow it, or accept it",
    covers_grant,
)
DENIAL = Kind(
    _rule(
        "lifted-denial",
        "What a policy denies stays closed whatever another policy allows; without the statement it is open to all "
        "whom another one allows.",
        f"{_AWS}/IAM/latest/UserGuide/reference_policies_evaluation-logic.html",
    ),
    "a policy no longer denies what it did",
    "restore the statement that denies it, or accept it",
    covers_grant,
    protects=True,
)
PERMISSIONS = Kind(
    _rule(
        "widened-permissions",
        "Whoever has the role, and whatever runs on the nodes that have it, can do more than before.",
        f"{_AWS}/IAM/latest/UserGuide/best-practices.html#grant-least-privilege",
    ),
    "a role or a service account is allowed to do more than before",
    "narrow the actions or the resources, or accept it",
    covers_grant,
)
PERMISSIONS_LIMIT = Kind(
    _rule(
        "lifted-permissions-limit",
        "A permissions boundary or a condition on the cloud's id limits a role, whatever its policies say.",
        f"{_AWS}/IAM/latest/UserGuide/access_policies_boundaries.html",
    ),
    "a limit of what a role can do is lifted",
    "restore the limit, or accept it",
    protects=True,
)
DELETION = Kind(
    _rule(
        "lifted-deletion-protection",
        "Without it a destroy, or a replacement, deletes the data without asking, and nothing brings it back.",
        "https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle#prevent_destroy",
    ),
    "a protection against deletion or loss of data is lifted",
    "restore the protection, or accept it",
    protects=True,
)
LOGGING = Kind(
    _rule("stopped-logging", "What is not logged cannot be investigated afterwards."),
    "logs are no longer written",
    "restore the logs, or accept it",
    protects=True,
)
CORS = Kind(
    _rule(
        "widened-cors-origins",
        "Scripts of an origin that is added can use the bucket with what the browsers of its visitors may do.",
        f"{_AWS}/AmazonS3/latest/userguide/cors.html",
    ),
    "scripts of more origins can use the bucket than before",
    "name the origins that need it, or accept it",
)
NODE_METADATA = Kind(
    _rule(
        "weakened-node-metadata",
        "With optional tokens or more hops, or with the legacy endpoints, whatever runs on a node can get the node's "
        "credentials.",
        f"{_AWS}/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html",
    ),
    "the credentials of nodes are easier to get than before",
    "restore the setting, or accept it",
    protects=True,
)
AUTHENTICATION = Kind(
    _rule(
        "weakened-authentication",
        "Whoever reaches the service can use it where it asks for no identity, or for one that all share.",
    ),
    "a service authenticates its users less strictly than before",
    "restore the authentication, or accept it",
    protects=True,
)
