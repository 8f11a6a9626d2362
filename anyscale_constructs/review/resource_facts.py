"""The facts on exposure in the arguments of resources, of a stack or of a plan."""

from collections.abc import Iterator, Mapping

from anyscale_constructs.review import kinds
from anyscale_constructs.review.arguments import (
    Arguments,
    acl_rule,
    aks_endpoint,
    assignment,
    attachment,
    azure_rule,
    commands,
    eks_endpoint,
    federated,
    forwarding_rule,
    gateway,
    gke_endpoint,
    google_firewall,
    google_policy_rule,
    group_rule,
    load_balancer,
    members,
    refused_tls,
    storage_endpoint,
)
from anyscale_constructs.review.exposure import EVERYBODY, Exposure, Ingress
from anyscale_constructs.review.facts import (
    Row,
    each,
    each_action,
    each_block,
    each_principal,
    given,
    on,
    one_of,
    other_than,
    policy,
    read,
    unless_off,
    unless_on,
)
from anyscale_constructs.review.grants import Grant, statements

_OWN_KEY = "a key of your own"
_AT_REST = "encryption at rest"
_EVERYTHING = Ingress(EVERYBODY[0])
_NO_FORCE = "force_destroy = false"


def facts(type: str, arguments: Arguments, address: str) -> Iterator[Exposure]:
    """Yields the facts of a resource.

    Args:
        type: The resource's type.
        arguments: The resource's arguments.
        address: The resource's address.
    """
    yield from read([*RESOURCES.get(type, ()), *ALL], arguments, address)


def _blocks(*names: str) -> list[Row]:
    return [Row(kinds.PUBLIC_ACCESS_BLOCK, name, on(name)) for name in names]


_SECURITY_GROUP = [Row(kinds.INGRESS, "ingress", each_block(group_rule))]
_NETWORK_ACL = [Row(kinds.INGRESS, "ingress", each_block(acl_rule))]
_FORWARDING_RULE = [Row(kinds.ENDPOINT, "", forwarding_rule, "load_balancing_scheme")]
_METADATA = [
    Row(kinds.NODE_METADATA, "metadata_options.http_tokens", one_of("tokens", "required")),
    Row(kinds.NODE_METADATA, "metadata_options.http_put_response_hop_limit", one_of("one hop", 1)),
]
_AZURE_NODES = Row(kinds.ADDRESS, "node_public_ip_enabled", on("nodes"))
_GOOGLE_NODES = [
    Row(kinds.NODE_METADATA, "node_config.shielded_instance_config.enable_integrity_monitoring", on("shielded nodes")),
    Row(kinds.NODE_METADATA, "node_config.workload_metadata_config.mode", one_of("GKE_METADATA", "GKE_METADATA")),
    Row(kinds.ADDRESS, "network_config.enable_private_nodes", lambda value: ["nodes"] if value is False else []),
]
_POLICY_RULE = [Row(kinds.INGRESS, "", google_policy_rule, "match"), Row(kinds.LOGGING, "enable_logging", on("logs"))]

ALL = [
    Row(kinds.DELETION, "lifecycle.prevent_destroy", on("prevent_destroy")),
    Row(kinds.DELETION, "deletion_protection", on("deletion_protection")),
]
"""The rows for all types of resources."""

RESOURCES: Mapping[str, list[Row]] = {
    "anyscale_cloud_resource": [
        Row(kinds.NETWORKING, "is_private", unless_on("PUBLIC")),
    ],
    "aws_db_instance": [
        Row(kinds.ENDPOINT, "publicly_accessible", on(Ingress(EVERYBODY[0], "tcp"))),
        Row(kinds.ENCRYPTION, "storage_encrypted", on(_AT_REST)),
    ],
    "aws_ebs_volume": [
        Row(kinds.ENCRYPTION, "encrypted", on(_AT_REST)),
        Row(kinds.ENCRYPTION, "kms_key_id", given(_OWN_KEY)),
    ],
    "aws_efs_file_system": [
        Row(kinds.ENCRYPTION, "encrypted", on(_AT_REST)),
        Row(kinds.ENCRYPTION, "kms_key_id", given(_OWN_KEY)),
    ],
    "aws_efs_file_system_policy": policy("policy", kinds.DATA_ACCESS),
    "aws_eks_access_policy_association": [
        Row(
            kinds.PERMISSIONS,
            "",
            lambda a: [Grant(str(a.get("policy_arn")), principal=str(a.get("principal_arn")))],
            "policy_arn",
        ),
    ],
    "aws_eks_cluster": [
        Row(kinds.ENDPOINT, "", eks_endpoint, "vpc_config"),
        Row(kinds.ENCRYPTION, "encryption_config.resources", given("encryption of secrets")),
        Row(kinds.LOGGING, "enabled_cluster_log_types", each("control plane logs: {}")),
    ],
    "aws_eks_pod_identity_association": [
        Row(
            kinds.PERMISSIONS,
            "",
            lambda a: [Grant(str(a.get("role_arn")), principal=f"{a.get('namespace')}/{a.get('service_account')}")],
            "role_arn",
        ),
    ],
    "aws_flow_log": [Row(kinds.LOGGING, "", lambda _: ["flow logs"])],
    "aws_iam_policy": policy("policy"),
    "aws_iam_role": [
        *policy("assume_role_policy", kinds.TRUST),
        *policy("inline_policy.policy"),
        Row(kinds.PERMISSIONS, "managed_policy_arns", each_action()),
        Row(kinds.PERMISSIONS_LIMIT, "permissions_boundary", given("permissions boundary")),
    ],
    "aws_iam_role_policy": policy("policy"),
    "aws_iam_role_policy_attachment": [Row(kinds.PERMISSIONS, "", attachment, "policy_arn")],
    "aws_instance": [*_METADATA, Row(kinds.ADDRESS, "associate_public_ip_address", on("a machine"))],
    "aws_kms_key": [
        *policy("policy", kinds.DATA_ACCESS),
        Row(kinds.ENCRYPTION, "enable_key_rotation", on("rotation of the key")),
    ],
    "aws_launch_template": [
        *_METADATA,
        Row(kinds.ADDRESS, "network_interfaces.associate_public_ip_address", on("machines")),
    ],
    "aws_lb": [Row(kinds.ENDPOINT, "", load_balancer, "internal")],
    "aws_memorydb_cluster": [
        Row(kinds.TLS, "tls_enabled", unless_off("TLS")),
        Row(kinds.ENCRYPTION, "kms_key_arn", given(_OWN_KEY)),
        Row(kinds.AUTHENTICATION, "acl_name", other_than("an ACL of MemoryDB's", "open-access")),
        Row(kinds.DELETION, "snapshot_retention_limit", given("snapshots")),
    ],
    "aws_memorydb_acl": [Row(kinds.PERMISSIONS, "user_names", each_principal())],
    "aws_memorydb_user": [
        Row(kinds.PERMISSIONS, "access_string", commands),
        Row(
            kinds.AUTHENTICATION,
            "authentication_mode.type",
            one_of("a password or IAM", "password", "iam"),
        ),
    ],
    "aws_default_network_acl": _NETWORK_ACL,
    "aws_network_acl": _NETWORK_ACL,
    "aws_network_acl_rule": [Row(kinds.INGRESS, "", acl_rule, "cidr_block")],
    "aws_s3_bucket": [Row(kinds.DELETION, "force_destroy", unless_on(_NO_FORCE))],
    "aws_s3_bucket_acl": [
        Row(kinds.DATA_ACCESS, "acl", lambda value: [] if value in (None, "private") else [Grant(f"ACL {value}")]),
    ],
    "aws_s3_bucket_cors_configuration": [Row(kinds.CORS, "cors_rule.allowed_origins", each())],
    "aws_s3_bucket_logging": [Row(kinds.LOGGING, "target_bucket", given("access logs"))],
    "aws_s3_bucket_policy": policy("policy", kinds.DATA_ACCESS),
    "aws_s3_bucket_public_access_block": _blocks(
        "block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"
    ),
    "aws_s3_bucket_server_side_encryption_configuration": [
        Row(
            kinds.ENCRYPTION,
            "rule.apply_server_side_encryption_by_default.sse_algorithm",
            one_of("encryption with KMS", "aws:kms", "aws:kms:dsse"),
        ),
        Row(kinds.ENCRYPTION, "rule.apply_server_side_encryption_by_default.kms_master_key_id", given(_OWN_KEY)),
    ],
    "aws_s3_bucket_versioning": [
        Row(kinds.DELETION, "versioning_configuration.status", one_of("versions of objects", "Enabled")),
    ],
    "aws_default_security_group": _SECURITY_GROUP,
    "aws_security_group": _SECURITY_GROUP,
    "aws_security_group_rule": [Row(kinds.INGRESS, "", group_rule, "cidr_blocks")],
    "aws_subnet": [Row(kinds.ADDRESS, "map_public_ip_on_launch", on("machines in public subnets"))],
    "aws_vpc_security_group_ingress_rule": [Row(kinds.INGRESS, "", group_rule, "cidr_ipv4")],
    "azurerm_federated_identity_credential": [Row(kinds.TRUST, "", federated, "subject")],
    "azurerm_kubernetes_cluster": [
        Row(kinds.ENDPOINT, "", aks_endpoint, "api_server_access_profile"),
        Row(kinds.AUTHENTICATION, "local_account_disabled", on("local accounts off")),
        Row(kinds.AUTHENTICATION, "role_based_access_control_enabled", unless_off("RBAC")),
        Row(
            kinds.AUTHENTICATION,
            "azure_active_directory_role_based_access_control.azure_rbac_enabled",
            on("Azure RBAC"),
        ),
        Row(kinds.ADDRESS, "default_node_pool.node_public_ip_enabled", on("nodes")),
        Row(kinds.ENCRYPTION, "disk_encryption_set_id", given("a key of your own for disks")),
        Row(kinds.LOGGING, "oms_agent.log_analytics_workspace_id", given("logs of the cluster")),
    ],
    "azurerm_kubernetes_cluster_node_pool": [_AZURE_NODES],
    "azurerm_lb": [Row(kinds.ENDPOINT, "frontend_ip_configuration.public_ip_address_id", given(_EVERYTHING))],
    "azurerm_network_security_group": [
        Row(
            kinds.INGRESS,
            "security_rule",
            each_block(azure_rule),
        ),
    ],
    "azurerm_network_security_rule": [Row(kinds.INGRESS, "", azure_rule, "source_address_prefix")],
    "azurerm_public_ip": [Row(kinds.ADDRESS, "", lambda _: ["a public IP address"])],
    "azurerm_role_assignment": [Row(kinds.PERMISSIONS, "", assignment, "role_definition_name")],
    "azurerm_storage_account": [
        Row(kinds.ENDPOINT, "", storage_endpoint, "public_network_access_enabled"),
        Row(kinds.TLS, "min_tls_version", refused_tls),
        Row(kinds.TLS, "https_traffic_only_enabled", unless_off("HTTPS only")),
        Row(
            kinds.PUBLIC_ACCESS_BLOCK,
            "allow_nested_items_to_be_public",
            lambda value: ["public containers refused"] if value is False else [],
        ),
        Row(
            kinds.AUTHENTICATION,
            "shared_access_key_enabled",
            lambda value: ["shared keys off"] if value is False else [],
        ),
        Row(kinds.AUTHENTICATION, "local_user_enabled", lambda value: ["local users off"] if value is False else []),
        Row(kinds.ENCRYPTION, "infrastructure_encryption_enabled", on("encryption of the infrastructure")),
        Row(kinds.ENCRYPTION, "customer_managed_key.key_vault_key_id", given(_OWN_KEY)),
        Row(kinds.DELETION, "blob_properties.versioning_enabled", on("versions of objects")),
        Row(kinds.DELETION, "blob_properties.delete_retention_policy", given("deleted files are kept")),
        Row(kinds.CORS, "blob_properties.cors_rule.allowed_origins", each()),
    ],
    "azurerm_storage_container": [
        Row(
            kinds.DATA_ACCESS,
            "container_access_type",
            lambda value: [] if value in (None, "private") else [Grant(f"anonymous reading: {value}")],
        ),
    ],
    "data.aws_iam_policy_document": [
        Row(kinds.PERMISSIONS, "", statements, "statement"),
        Row(kinds.DENIAL, "", lambda data: statements(data, "Deny"), "statement"),
    ],
    "google_compute_firewall": [Row(kinds.INGRESS, "", google_firewall, "source_ranges")],
    "google_compute_forwarding_rule": _FORWARDING_RULE,
    "google_compute_global_forwarding_rule": _FORWARDING_RULE,
    "google_compute_instance": [
        Row(
            kinds.ADDRESS,
            "network_interface.access_config",
            lambda value: ["a machine"] if value is not None and value != [] else [],
        )
    ],
    "google_compute_network_firewall_policy_rule": _POLICY_RULE,
    "google_compute_region_network_firewall_policy_rule": _POLICY_RULE,
    "google_compute_subnetwork": [
        Row(kinds.LOGGING, "log_config.flow_sampling", given("flow logs")),
        Row(kinds.ADDRESS, "ipv6_access_type", one_of("IPv6 addresses", "EXTERNAL")),
    ],
    "google_container_cluster": [
        Row(kinds.ENDPOINT, "", gke_endpoint, "master_authorized_networks_config"),
        Row(kinds.ADDRESS, "private_cluster_config.enable_private_nodes", unless_on("nodes")),
        Row(kinds.ENCRYPTION, "database_encryption.state", one_of("encryption of secrets", "ENCRYPTED")),
        Row(kinds.NODE_METADATA, "enable_shielded_nodes", unless_off("shielded nodes")),
        Row(kinds.LOGGING, "logging_service", other_than("logs of the cluster", "none")),
        *_GOOGLE_NODES,
    ],
    "google_container_node_pool": _GOOGLE_NODES,
    "google_iam_workload_identity_pool_provider": [
        Row(kinds.TRUST, "aws.account_id", each_principal()),
        Row(kinds.PERMISSIONS_LIMIT, "attribute_condition", each("condition on the identity: {}")),
    ],
    **{
        f"google_{kind}_iam_{form}": [Row(row, "", members, "member")]
        for kind, row in {
            "project": kinds.PERMISSIONS,
            "folder": kinds.PERMISSIONS,
            "organization": kinds.PERMISSIONS,
            "service_account": kinds.TRUST,
            "storage_bucket": kinds.DATA_ACCESS,
            "secret_manager_secret": kinds.DATA_ACCESS,
        }.items()
        for form in ("member", "binding")
    },
    "google_redis_instance": [
        Row(kinds.AUTHENTICATION, "auth_enabled", on("AUTH")),
        Row(kinds.TLS, "transit_encryption_mode", one_of("TLS", "SERVER_AUTHENTICATION")),
        Row(kinds.ENCRYPTION, "customer_managed_key", given(_OWN_KEY)),
    ],
    "google_storage_bucket": [
        Row(kinds.PUBLIC_ACCESS_BLOCK, "public_access_prevention", one_of("public access prevention", "enforced")),
        Row(kinds.PUBLIC_ACCESS_BLOCK, "uniform_bucket_level_access", on("uniform access")),
        Row(kinds.DELETION, "force_destroy", unless_on(_NO_FORCE)),
        Row(kinds.DELETION, "versioning.enabled", on("versions of objects")),
        Row(kinds.ENCRYPTION, "encryption.default_kms_key_name", given(_OWN_KEY)),
        Row(kinds.CORS, "cors.origin", each()),
        Row(kinds.LOGGING, "logging.log_bucket", given("access logs")),
    ],
    "helm_release": [Row(kinds.ENDPOINT, "", gateway, "values")],
}
"""The rows of each type of resource; the types of data sources begin with `data.`."""
