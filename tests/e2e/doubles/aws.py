"""What the schema of hashicorp/aws does not contain: plausible values."""

import json
from collections.abc import Mapping
from typing import Any

from tests.e2e.doubles.provider import CERTIFICATE, EVERY, Computed, Rules

ACCOUNT_ID = "111122223333"
_ISSUER = "https://oidc.eks.{region}.amazonaws.com/id/{hash}"
_POLICY = "arn:aws:iam::{account}:policy{path}{name}"
_ROLE = "arn:aws:iam::{account}:role{path}{name}"
_CLUSTER: Computed = {
    "id": "{name}",
    "arn": f"arn:aws:eks:{{region}}:{ACCOUNT_ID}:cluster/{{name}}",
    "certificate_authority": [{"data": CERTIFICATE}],
    "endpoint": "https://{hash}.gr7.{region}.eks.amazonaws.com",
    "identity": [{"oidc": [{"issuer": _ISSUER}]}],
    "version": "1.33",
}


def _named(text: str) -> dict[str, Any]:
    """Returns a name, which may be derived from a prefix and is also the ID, and an ARN that contains it."""

    def name(arguments: Mapping[str, Any]) -> str:
        return str(arguments.get("name") or f"{arguments.get('name_prefix', '')}{arguments['hash']}")

    def arn(arguments: Mapping[str, Any]) -> str:
        path = arguments.get("path") or "/"
        region = arguments.get("region", "")
        return text.format(account=ACCOUNT_ID, name=name(arguments), path=path, region=region)

    return {"id": name, "name": name, "arn": arn}


def _policy(arguments: Mapping[str, Any]) -> str:
    """Returns the relevant part of a policy with these statements."""
    statements = []
    for each in arguments.get("statement", ()):
        one = {"Effect": each["effect"] or "Allow", "Action": each["actions"] or each["not_actions"]}
        one |= {"Sid": each["sid"]} if each["sid"] else {}
        one |= {"Resource": each["resources"]} if each["resources"] else {}
        one |= {"Principal": {who["type"]: who["identifiers"] for who in each["principals"]}}
        one |= {"Condition": [[test["test"], test["variable"], test["values"]] for test in each["condition"]]}
        statements.append(one)
    for name in ("source_policy_documents", "override_policy_documents"):
        for text in arguments.get(name) or ():
            statements += json.loads(text)["Statement"] if text else []
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _zones(arguments: Mapping[str, Any]) -> list[str]:
    return [f"{arguments['region']}{letter}" for letter in "abc"]


def _bucket(arguments: Mapping[str, Any]) -> str:
    return str(arguments.get("bucket") or f"{arguments.get('bucket_prefix', '')}{arguments['hash']}")


_IDS = {
    "aws_efs_file_system": "fs",
    "aws_eip": "eipalloc",
    "aws_internet_gateway": "igw",
    "aws_launch_template": "lt",
    "aws_nat_gateway": "nat",
    "aws_route_table": "rtb",
    "aws_security_group": "sg",
    "aws_subnet": "subnet",
    "aws_vpc": "vpc",
    "aws_vpc_endpoint": "vpce",
}
COMPUTED: dict[str, Computed] = {
    EVERY: {"region": "{region}", "tags_all": lambda arguments: arguments.get("tags", {})},
    **{kind: {"id": f"{prefix}-{{hash}}"} for kind, prefix in _IDS.items()},
    "aws_eks_cluster": _CLUSTER,
    "aws_iam_instance_profile": _named("arn:aws:iam::{account}:instance-profile{path}{name}"),
    "aws_iam_openid_connect_provider": {
        "arn": lambda arguments: f"arn:aws:iam::{ACCOUNT_ID}:oidc-provider/{arguments['url'].removeprefix('https://')}",
    },
    "aws_iam_policy": {**_named(_POLICY), "id": _named(_POLICY)["arn"]},
    "aws_iam_role": _named(_ROLE),
    "aws_kms_key": {"arn": f"arn:aws:kms:{{region}}:{ACCOUNT_ID}:key/{{hash}}-0000-4000-8000-000000000000"},
    "aws_memorydb_cluster": {
        **_named("arn:aws:memorydb:{region}:{account}:cluster/{name}"),
        "cluster_endpoint": [{"address": "clustercfg.{name}.memorydb.{region}.amazonaws.com", "port": 6379}],
    },
    "aws_s3_bucket": {
        "id": _bucket,
        "bucket": _bucket,
        "arn": lambda arguments: f"arn:aws:s3:::{_bucket(arguments)}",
    },
    "data.aws_availability_zones": {"names": _zones},
    "data.aws_caller_identity": {
        "account_id": ACCOUNT_ID,
        "arn": f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/deployer/session",
    },
    "data.aws_ec2_instance_type": {"default_vcpus": 4, "memory_size": 16384},
    "data.aws_eks_addon_version": {"version": "v1.2.3-eksbuild.1"},
    "data.aws_eks_cluster": {**_CLUSTER, "vpc_config": [{"vpc_id": "vpc-{hash}"}]},
    "data.aws_iam_policy_document": {"json": _policy},
    "data.aws_iam_role": _named(_ROLE),
    "data.aws_iam_session_context": {"issuer_arn": f"arn:aws:iam::{ACCOUNT_ID}:role/deployer"},
    "data.aws_partition": {"partition": "aws", "dns_suffix": "amazonaws.com", "reverse_dns_prefix": "com.amazonaws"},
    "data.aws_region": {"name": "{region}"},
    "data.aws_ssm_parameter": {"value": "1.33.0-20260101", "insecure_value": "1.33.0-20260101"},
    "data.aws_vpc_endpoint_service": {"service_name": "com.amazonaws.{region}.{service}"},
}
KNOWN_AT_PLAN = {EVERY: ("region",)}
_NAMES = "name name_prefix"
RULES: dict[str, Rules] = {
    "aws_efs_file_system": Rules(
        "internal/service/efs/file_system.go",
        "availability_zone_name creation_token encrypted kms_key_id performance_mode",
        possible={"performance_mode": "generalPurpose maxIO", "throughput_mode": "bursting provisioned elastic"},
    ),
    "aws_efs_mount_target": Rules("internal/service/efs/mount_target.go", "file_system_id subnet_id ip_address"),
    "aws_eks_access_entry": Rules("internal/service/eks/access_entry.go", "cluster_name principal_arn type"),
    "aws_eks_addon": Rules("internal/service/eks/addon.go", "addon_name cluster_name"),
    "aws_eks_cluster": Rules(
        "internal/service/eks/cluster.go",
        "name role_arn bootstrap_self_managed_addons kubernetes_network_config.ip_family "
        "kubernetes_network_config.service_ipv4_cidr access_config.bootstrap_cluster_creator_admin_permissions",
        patterns={"name": r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}"},
    ),
    "aws_eks_node_group": Rules(
        "internal/service/eks/node_group.go",
        "ami_type capacity_type cluster_name disk_size instance_types node_group_name node_group_name_prefix "
        "node_role_arn subnet_ids remote_access launch_template.id launch_template.name",
        conflicting=("node_group_name node_group_name_prefix",),
        possible={"capacity_type": "ON_DEMAND SPOT CAPACITY_BLOCK"},
    ),
    "aws_eks_pod_identity_association": Rules(
        "internal/service/eks/pod_identity_association.go", "cluster_name namespace service_account"
    ),
    "aws_iam_instance_profile": Rules(
        "internal/service/iam/instance_profile.go", f"{_NAMES} path", conflicting=(_NAMES,)
    ),
    "aws_iam_policy": Rules("internal/service/iam/policy.go", f"{_NAMES} path description", conflicting=(_NAMES,)),
    "aws_iam_role": Rules(
        "internal/service/iam/role.go",
        f"{_NAMES} path",
        conflicting=(_NAMES,),
        patterns={"name": r"[\w+=,.@-]{1,64}", "name_prefix": r"[\w+=,.@-]{1,38}"},
    ),
    "aws_iam_role_policy": Rules("internal/service/iam/role_policy.go", f"{_NAMES} role", conflicting=(_NAMES,)),
    "aws_iam_role_policy_attachment": Rules("internal/service/iam/role_policy_attachment.go", "role policy_arn"),
    "aws_kms_key": Rules(
        "internal/service/kms/key.go", "customer_master_key_spec custom_key_store_id key_usage multi_region xks_key_id"
    ),
    "aws_memorydb_cluster": Rules(
        "internal/service/memorydb/cluster.go",
        f"{_NAMES} auto_minor_version_upgrade data_tiering kms_key_arn port snapshot_arns snapshot_name "
        "subnet_group_name tls_enabled",
        conflicting=(_NAMES, "snapshot_arns snapshot_name"),
    ),
    "aws_nat_gateway": Rules("internal/service/ec2/vpc_nat_gateway.go", "connectivity_type private_ip subnet_id"),
    "aws_route_table": Rules("internal/service/ec2/vpc_route_table.go", "vpc_id"),
    "aws_s3_bucket": Rules(
        "internal/service/s3/bucket.go",
        "bucket bucket_prefix object_lock_enabled",
        conflicting=("bucket bucket_prefix",),
        patterns={"bucket_prefix": r".{0,37}"},
    ),
    "aws_s3_bucket_policy": Rules("internal/service/s3/bucket_policy.go", "bucket"),
    "aws_security_group": Rules(
        "internal/service/ec2/vpc_security_group.go",
        f"{_NAMES} description vpc_id",
        conflicting=(_NAMES,),
        patterns={"name": r"(?!sg-).{1,255}", "description": r"[\w .:/()#,@\[\]+=&;{}!$*-]{0,255}"},
    ),
    "aws_subnet": Rules(
        "internal/service/ec2/vpc_subnet.go",
        "availability_zone availability_zone_id cidr_block ipv4_ipam_pool_id vpc_id",
        conflicting=("availability_zone availability_zone_id",),
    ),
    "aws_vpc": Rules("internal/service/ec2/vpc_.go", "cidr_block ipv4_ipam_pool_id"),
    "aws_vpc_endpoint": Rules("internal/service/ec2/vpc_endpoint.go", "service_name vpc_endpoint_type vpc_id"),
}
