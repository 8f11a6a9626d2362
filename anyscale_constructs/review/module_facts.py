"""The facts on exposure in the inputs of the wrapped modules, with upstream's defaults applied."""

from collections.abc import Iterator, Mapping
from typing import Any

from anyscale_constructs.review import kinds
from anyscale_constructs.review.arguments import group_rule
from anyscale_constructs.review.exposure import Exposure, Ingress
from anyscale_constructs.review.facts import (
    Row,
    action,
    anywhere,
    each,
    each_action,
    each_principal,
    each_value,
    given,
    https,
    is_off,
    is_on,
    on,
    one_of,
    other_than,
    policy,
    port_ranges,
    ports,
    read,
    sources,
    unless_on,
)
from anyscale_constructs.review.grants import Grant
from anyscale_constructs.review.stacks import blocks, listed

Inputs = Mapping[str, Any]

SWITCHES = ("module_enabled", "create")
"""The inputs that enable or disable a module."""

_OWN_KEY = "a KMS key of your own"
_AT_REST = "encryption at rest"


def facts(module: str, inputs: Inputs, subject: str) -> Iterator[Exposure]:
    """Yields the facts of a module call; none if the module is disabled.

    Args:
        module: The module's name in the catalog, e.g. `aws/vpc`.
        inputs: The module's inputs, with upstream's defaults applied.
        subject: The address of the call.
    """
    if is_there(inputs):
        yield from read(MODULES.get(module, ()), inputs, subject)


def is_there(inputs: Inputs) -> bool:
    """Returns whether a module creates anything."""
    return all(not is_off(inputs[switch]) for switch in SWITCHES if switch in inputs)


def _maps(value: Any) -> dict[str, Inputs]:
    """Returns the maps in a map, by name, without values that only Terraform can evaluate."""
    named = value if isinstance(value, Mapping) else {}
    return {name: each for name, each in named.items() if isinstance(each, Mapping)}


def _opened(rule: Inputs, predefined: Any) -> tuple[str, int, int]:
    """Returns the protocol and ports of a rule, which may name a rule that the module predefines."""
    known = _maps(predefined).get(str(rule.get("rule")), rule)
    return ports(known.get("from_port"), known.get("to_port"), known.get("protocol", "tcp"))


def _security_group(i: Inputs) -> Iterator[Ingress]:
    for rule in blocks(i.get("ingress_from_cidr_map")):
        opened = _opened(rule, i.get("predefined_rules"))
        for source in sources(rule.get("cidr_blocks", i.get("default_ingress_cidr_range"))):
            yield Ingress(source, *opened)


def _other_groups(i: Inputs) -> Iterator[Ingress]:
    for rule in blocks(i.get("ingress_with_existing_security_groups_map")):
        source = rule.get("source_security_group_id", rule.get("security_group_id"))
        yield Ingress(str(source), *_opened(rule, i.get("predefined_rules")))


def _machine_pools(i: Inputs) -> Iterator[Ingress]:
    for source in sources(i.get("machine_pool_cidr_ranges")):
        for each_range in blocks(i.get("machine_pool_port_ranges")):
            yield Ingress(source, *ports(each_range.get("from_port"), each_range.get("to_port")))


def _group_rules(rules: Any) -> Iterator[Ingress]:
    return (found for rule in _maps(rules).values() for found in group_rule(rule))


def _firewall(i: Inputs, name: str) -> Iterator[Ingress]:
    for rule in blocks(i.get(name)):
        known = _maps(i.get("predefined_firewall_rules")).get(str(rule.get("rule")), rule)
        for first, last in port_ranges(known.get("ports")):
            opened = ports(first, last, known.get("protocol", "tcp"))
            for source in sources(rule.get("cidr_blocks", i.get("default_ingress_cidr_range"))):
                yield Ingress(source, *opened)


def _pool_firewall(i: Inputs) -> Iterator[Ingress]:
    rule = {"rule": "machine-pools", "cidr_blocks": ",".join(sources(i.get("ingress_from_machine_pool_cidr_ranges")))}
    return _firewall({**i, "rules": [rule]}, "rules")


def _node_firewall(i: Inputs) -> Iterator[Ingress]:
    ranges = ",".join(sources(i.get("ingress_with_self_cidr_range")))
    rules = [{**rule, "cidr_blocks": ranges} for rule in blocks(i.get("ingress_with_self_map"))]
    return _firewall({**i, "rules": rules}, "rules")


def _eks_endpoint(i: Inputs) -> list[Ingress]:
    return https(anywhere(i.get("endpoint_public_access_cidrs"))) if is_on(i.get("endpoint_public_access")) else []


def _gke_endpoint(i: Inputs) -> list[Ingress]:
    if is_on(i.get("enable_private_endpoint")):
        return []
    return https(anywhere([network.get("cidr_block") for network in blocks(i.get("master_authorized_networks"))]))


def _access_entries(entries: Any) -> Iterator[Grant]:
    for name, entry in _maps(entries).items():
        principal = str(entry.get("principal_arn", name))
        for association in _maps(entry.get("policy_associations")).values():
            yield Grant(str(association.get("policy_arn")).rpartition("/")[2], principal=principal)
        for group in listed(entry.get("kubernetes_groups")):
            yield Grant(f"group {group}", principal=principal)


def _bucket_members(i: Inputs) -> Iterator[Grant]:
    roles = [*listed(i.get("bucket_iam_member_roles")), *listed(i.get("bucket_iam_member_additional_roles"))]
    return (Grant(str(role), principal=str(member)) for member in listed(i.get("bucket_iam_members")) for role in roles)


def _control_plane(take: Any, name: str) -> Any:
    """Takes the facts of an input of the control plane's role if the module creates the role."""
    return lambda i: take(i.get(name)) if is_on(i.get("create_anyscale_access_role", True)) else []


def _public_subnets(i: Inputs) -> list[str]:
    public = is_on(i.get("map_public_ip_on_launch")) and i.get("public_subnets")
    return ["machines in public subnets"] if public else []


def _open_acl(i: Inputs) -> list[str]:
    is_open = i.get("existing_memorydb_acl_name") == "open-access" and not is_on(i.get("create_memorydb_acl"))
    return [] if is_open else ["an ACL of MemoryDB's"]


MODULES: Mapping[str, list[Row]] = {
    "aws/efs": [
        Row(kinds.ENCRYPTION, "efs_encrypted", on(_AT_REST)),
        Row(kinds.ENCRYPTION, "kms_key_arn", given(_OWN_KEY)),
        Row(kinds.DATA_ACCESS, "attach_policy", on(Grant("elasticfilesystem:ClientMount", principal="*"))),
        *policy("source_policy_documents", kinds.DATA_ACCESS),
        *policy("override_policy_documents", kinds.DATA_ACCESS),
        Row(kinds.DELETION, "enable_backup_policy", on("backups")),
    ],
    "aws/eks": [
        Row(kinds.ENDPOINT, "", _eks_endpoint, "endpoint_public_access"),
        Row(kinds.PERMISSIONS, "access_entries", _access_entries),
        Row(kinds.PERMISSIONS, "enable_cluster_creator_admin_permissions", action("cluster admin for its creator")),
        Row(kinds.ENCRYPTION, "encryption_config", other_than("encryption of secrets")),
        Row(kinds.ENCRYPTION, "encryption_config.provider_key_arn", given(_OWN_KEY)),
        Row(kinds.DELETION, "deletion_protection", on("deletion_protection")),
        Row(kinds.LOGGING, "enabled_log_types", each("control plane logs: {}")),
        Row(kinds.LOGGING, "create_cloudwatch_log_group", on("log group of the control plane")),
        Row(kinds.INGRESS, "security_group_additional_rules", _group_rules),
        Row(kinds.INGRESS, "node_security_group_additional_rules", _group_rules),
        Row(kinds.PERMISSIONS, "iam_role_additional_policies", each_value()),
        Row(kinds.PERMISSIONS, "eks_managed_node_groups.*.iam_role_additional_policies", each_value()),
        Row(kinds.PERMISSIONS_LIMIT, "iam_role_permissions_boundary", given("permissions boundary of the cluster")),
        Row(kinds.ENCRYPTION, "eks_managed_node_groups.*.block_device_mappings.*.ebs.encrypted", on("disks of nodes")),
        Row(
            kinds.NODE_METADATA,
            "eks_managed_node_groups.*.metadata_options.http_tokens",
            one_of("tokens", "required", None),
        ),
        Row(
            kinds.NODE_METADATA,
            "eks_managed_node_groups.*.metadata_options.http_put_response_hop_limit",
            one_of("one hop", 1, None),
        ),
        Row(kinds.ADDRESS, "eks_managed_node_groups.*.network_interfaces.associate_public_ip_address", on("nodes")),
    ],
    "aws/iam": [
        Row(
            kinds.TRUST,
            "",
            _control_plane(each_principal(), "anyscale_trusted_role_arns"),
            "anyscale_trusted_role_arns",
        ),
        Row(
            kinds.TRUST,
            "",
            _control_plane(each_principal(), "anyscale_default_trusted_role_arns"),
            "anyscale_default_trusted_role_arns",
        ),
        *policy("anyscale_cluster_node_custom_assume_role_policy", kinds.TRUST),
        Row(kinds.EXTERNAL_ID, "anyscale_external_id", each()),
        Row(kinds.EXTERNAL_ID, "anyscale_trusted_role_sts_externalid", each()),
        Row(kinds.PERMISSIONS_LIMIT, "role_permissions_boundary_arn", given("permissions boundary")),
        Row(
            kinds.PERMISSIONS_LIMIT,
            "",
            _control_plane(given("scope of the cloud's ID"), "anyscale_cloud_id"),
            "anyscale_cloud_id",
        ),
        *policy("anyscale_custom_policy"),
        *policy("anyscale_cluster_node_custom_policy"),
        *policy("anyscale_cluster_node_byod_custom_secrets_policy"),
        Row(kinds.PERMISSIONS, "anyscale_access_managed_policy_arns", each_action()),
        Row(kinds.PERMISSIONS, "anyscale_cluster_node_managed_policy_arns", each_action()),
        Row(
            kinds.PERMISSIONS,
            "anyscale_cluster_node_byod_secret_arns",
            lambda value: [Grant("secretsmanager:GetSecretValue", str(arn)) for arn in listed(value)],
        ),
        Row(kinds.PERMISSIONS, "create_cluster_node_cloudwatch_policy", action("CloudWatch")),
        Row(kinds.PERMISSIONS, "enable_ec2_container_registry_readonly_access", action("reading from ECR")),
    ],
    "aws/memorydb": [
        Row(kinds.TLS, "memorydb_tls_enabled", on("TLS")),
        Row(kinds.ENCRYPTION, "memorydb_kms_key_arn", given(_OWN_KEY)),
        Row(kinds.AUTHENTICATION, "", _open_acl, "existing_memorydb_acl_name"),
        Row(kinds.DELETION, "memorydb_snapshot_retention_limit", given("snapshots")),
    ],
    "aws/s3": [
        Row(kinds.DELETION, "force_destroy", unless_on("force_destroy = false")),
        Row(kinds.DELETION, "object_versioning", on("versions of objects")),
        Row(kinds.ENCRYPTION, "server_side_encryption.sse_algorithm", given(_AT_REST)),
        Row(
            kinds.ENCRYPTION,
            "server_side_encryption.sse_algorithm",
            one_of("encryption with KMS", "aws:kms", "aws:kms:dsse"),
        ),
        Row(kinds.ENCRYPTION, "server_side_encryption.kms_master_key_id", given(_OWN_KEY)),
        Row(kinds.CORS, "cors_rule.allowed_origins", each()),
        Row(kinds.LOGGING, "logging", given("access logs")),
    ],
    "aws/s3_policy": [
        *policy("custom_s3_policy", kinds.DATA_ACCESS),
        Row(kinds.DATA_ACCESS, "anyscale_controlplane_role_arn", each_principal()),
        Row(kinds.DATA_ACCESS, "anyscale_dataplane_role_arn", each_principal()),
    ],
    "aws/securitygroups": [
        Row(kinds.INGRESS, "", _security_group, "ingress_from_cidr_map"),
        Row(kinds.INGRESS, "", _other_groups, "ingress_with_existing_security_groups_map"),
        Row(kinds.INGRESS, "", _machine_pools, "machine_pool_cidr_ranges"),
    ],
    "aws/vpc": [
        Row(kinds.ADDRESS, "", _public_subnets, "map_public_ip_on_launch"),
        Row(kinds.LOGGING, "enable_vpc_flow_logs", on("flow logs")),
    ],
    "google/cloudstorage": [
        Row(
            kinds.PUBLIC_ACCESS_BLOCK, "bucket_public_access_prevention", one_of("public access prevention", "enforced")
        ),
        Row(kinds.PUBLIC_ACCESS_BLOCK, "bucket_uniform_level_access", on("uniform access")),
        Row(
            kinds.DELETION,
            "bucket_force_destroy",
            unless_on("force_destroy = false"),
        ),
        Row(kinds.DELETION, "bucket_versioning", on("versions of objects")),
        Row(kinds.DELETION, "retention_policy", given("retention policy")),
        Row(kinds.ENCRYPTION, "bucket_encryption_key_name", given(_OWN_KEY)),
        Row(kinds.CORS, "cors_rules.origins", each()),
        Row(kinds.DATA_ACCESS, "", _bucket_members, "bucket_iam_members"),
        Row(kinds.LOGGING, "bucket_logging", given("access logs")),
    ],
    "google/gke": [
        Row(kinds.ENDPOINT, "", _gke_endpoint, "enable_private_endpoint"),
        Row(kinds.ENDPOINT, "gcp_public_cidrs_access_enabled", on(Ingress("all of Google Cloud", "tcp", 443, 443))),
        Row(kinds.ADDRESS, "enable_private_nodes", unless_on("nodes")),
        Row(kinds.DELETION, "deletion_protection", on("deletion_protection")),
        Row(kinds.ENCRYPTION, "database_encryption.state", one_of("encryption of secrets", "ENCRYPTED")),
        Row(kinds.ENCRYPTION, "boot_disk_kms_key", given("a KMS key of your own for disks")),
        Row(kinds.NODE_METADATA, "enable_shielded_nodes", on("shielded nodes")),
        Row(kinds.NODE_METADATA, "disable_legacy_metadata_endpoints", on("legacy metadata endpoints off")),
        Row(kinds.NODE_METADATA, "node_metadata", one_of("GKE_METADATA", "GKE_METADATA", "GKE_METADATA_SERVER")),
        Row(kinds.LOGGING, "logging_service", other_than("logs of the cluster", "none", "")),
        Row(kinds.AUTHENTICATION, "issue_client_certificate", unless_on("client certificates off")),
        Row(
            kinds.AUTHENTICATION, "insecure_kubelet_readonly_port_enabled", unless_on("read-only port of kubelets off")
        ),
        Row(kinds.PERMISSIONS_LIMIT, "enable_binary_authorization", on("binary authorization")),
    ],
    "google/iam": [
        Row(kinds.PERMISSIONS, "anyscale_access_service_acct_binding_permissions", each_action("control plane: {}")),
        Row(kinds.PERMISSIONS, "anyscale_cluster_node_service_acct_permissions", each_action("nodes: {}")),
        Row(kinds.PERMISSIONS, "gke_cluster_service_acct_permissions", each_action("GKE nodes: {}")),
        Row(kinds.TRUST, "anyscale_access_aws_account_id", each_principal()),
        Row(kinds.TRUST, "workload_anyscale_aws_account_id", each_principal()),
    ],
    "google/memorystore": [
        Row(kinds.AUTHENTICATION, "memorystore_enable_auth", on("AUTH")),
        Row(kinds.TLS, "memorystore_encryption_mode", one_of("TLS", "SERVER_AUTHENTICATION")),
        Row(kinds.DELETION, "memorystore_persistence_config.persistence_mode", one_of("snapshots", "RDB")),
    ],
    "google/vpc": [
        Row(kinds.LOGGING, "private_subnet_flow_log_config", given("flow logs of the private subnet")),
        Row(kinds.LOGGING, "public_subnet_flow_log_config", given("flow logs of the public subnet")),
        Row(kinds.LOGGING, "nat_enable_logging", on("logs of Cloud NAT")),
        Row(kinds.ADDRESS, "private_subnet_ipv6_type", one_of("IPv6 addresses in the private subnet", "EXTERNAL")),
        Row(kinds.ADDRESS, "public_subnet_ipv6_type", one_of("IPv6 addresses in the public subnet", "EXTERNAL")),
    ],
    "google/vpc_firewall": [
        Row(kinds.INGRESS, "", lambda i: _firewall(i, "ingress_from_cidr_map"), "ingress_from_cidr_map"),
        Row(
            kinds.INGRESS,
            "",
            lambda i: _firewall(i, "ingress_from_gcp_health_checks"),
            "ingress_from_gcp_health_checks",
        ),
        Row(kinds.INGRESS, "", _pool_firewall, "ingress_from_machine_pool_cidr_ranges"),
        Row(kinds.INGRESS, "", _node_firewall, "ingress_with_self_cidr_range"),
        Row(kinds.LOGGING, "enable_firewall_rule_logging", on("logs of firewall rules")),
    ],
}
"""The rows of each module, by the module's name in the catalog."""
