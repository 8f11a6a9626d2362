"""The Kubernetes cluster and its node groups."""

import re
from typing import Any

import pytest

from anyscale_constructs.aws import Eks, ExistingCluster, eks, node_groups
from anyscale_constructs.errors import ConfigError, InputError
from anyscale_constructs.expressions import expr
from anyscale_constructs.terraform.stack import CloudStack
from tests.unit.aws.parts import NETWORK, ROLE
from tests.unit.guards import Case, Table

BASE: dict[str, Any] = {"vpc": NETWORK, "name": "acme", "kubernetes_version": "1.33"}
ADDONS: dict[str, Any] = {
    "coredns": {},
    "kube-proxy": {},
    "vpc-cni": {"before_compute": True},
    "eks-pod-identity-agent": {"before_compute": True},
}
LATER = expr("var.later")
NO_CREATOR = {"enable_cluster_creator_admin_permissions": False}
VIEW = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
DISK = {"ebs": {"volume_size": 500}}


def group(**group: Any) -> dict[str, Any]:
    return {"eks_managed_node_groups": {"a": group}}


def entries(policy: str, name: str = "a", **scope: Any) -> dict[str, Any]:
    """One access entry, by default for the whole cluster."""
    association = {"policy_arn": policy, "access_scope": scope or {"type": "cluster"}}
    return {name: {"principal_arn": ROLE, "policy_associations": {"a": association}}}


ADMIN = entries(eks.CLUSTER_ADMIN_POLICY, "admin")

TABLE = Table(
    Eks,
    BASE,
    [
        Case(
            eks.the_cluster_has_a_name_that_eks_accepts,
            "name: must be 1 to 100 letters, digits, hyphens and underscores, beginning with a letter or digit",
            [{"name": ""}, {"name": "a.b"}, {"name": "-a"}, {"name": None}],
            [{"name": "a_b-C1"}, {"name": LATER}],
        ),
        Case(
            eks.names_fit_the_roles_that_upstream_makes,
            "is too long for the prefix of its IAM role's name; got 'n",
            [
                {"name": "n" * 30},
                {"eks_managed_node_groups": {"n" * 23: {}}},
            ],
            [
                {"name": "n" * 29},
                {"name": "n" * 30, "iam_role_name": "short"},
                {"name": "n" * 30, "iam_role_use_name_prefix": False},
                {"name": expr("var.a_name_that_is_longer_than_its_code_would_ever_be_x")},
                {"eks_managed_node_groups": {"n" * 22: {}}},
                {"eks_managed_node_groups": {"n" * 23: {"iam_role_name": "short"}}},
            ],
        ),
        Case(
            node_groups.names_of_node_groups_leave_room,
            "eks_managed_node_groups: the name of ",
            [
                {"eks_managed_node_groups": {"n" * 37: {"iam_role_name": "short"}}},
                {"eks_managed_node_groups": {"cpu": {"name": "n" * 37, "use_name_prefix": True}}},
            ],
            [
                {"eks_managed_node_groups": {"n" * 36: {"iam_role_name": "short"}}},
                {"eks_managed_node_groups": {"cpu": {"name": "n" * 37, "use_name_prefix": False}}},
                {"eks_managed_node_groups": {"n" * 37: {"name": "cpu", "iam_role_name": "short"}}},
            ],
        ),
        Case(
            eks.supported_kubernetes_version,
            "kubernetes_version must be a supported version; got ",
            [{"kubernetes_version": None}, {"kubernetes_version": "1.31"}, {"kubernetes_version": "latest"}],
            [{"kubernetes_version": "1.32"}, {"kubernetes_version": "2.0"}, {"kubernetes_version": LATER}],
        ),
        Case(
            eks.the_addons_that_nodes_need_are_there,
            "addons lacks ",
            [{"addons": {}}, {"addons": {k: v for k, v in ADDONS.items() if k != "coredns"}}],
            [
                {},
                {"addons": ADDONS | {"aws-ebs-csi-driver": {}}},
                {"addons": {}, "compute_config": {"enabled": True}},
                {"addons": {}, "compute_config": expr("var.auto", "object")},
            ],
        ),
        Case(
            eks.the_addons_that_nodes_need_are_there,
            "is installed after the nodes, which cannot become Ready without it",
            [
                {"addons": ADDONS | {"vpc-cni": {}}},
                {"addons": ADDONS | {"eks-pod-identity-agent": {"before_compute": False}}},
            ],
            [{"addons": ADDONS}, {"addons": ADDONS | {"vpc-cni": LATER}}],
        ),
        Case(
            eks.access_entries_are_switched_on,
            "authentication_mode does not allow access entries",
            [{"authentication_mode": "CONFIG_MAP"}],
            [{"authentication_mode": "API"}, {"authentication_mode": "API_AND_CONFIG_MAP"}],
        ),
        Case(
            eks.cluster_admin_missing,
            "nobody can administer the cluster: enable_cluster_creator_admin_permissions is off, and no entry of",
            [
                NO_CREATOR,
                NO_CREATOR | {"access_entries": {}},
                NO_CREATOR | {"access_entries": {"a": {"principal_arn": ROLE}}},
                NO_CREATOR | {"access_entries": {"a": {"principal_arn": ROLE, "policy_associations": {}}}},
                NO_CREATOR | {"access_entries": entries(VIEW)},
                NO_CREATOR | {"access_entries": {"a": {"principal_arn": ROLE, "kubernetes_groups": ["admins"]}}},
                NO_CREATOR | {"access_entries": entries(eks.CLUSTER_ADMIN_POLICY, type="namespace", namespaces=["a"])},
                NO_CREATOR | {"access_entries": entries(expr("var.policy"), type="namespace", namespaces=["a"])},
            ],
            [
                {},
                {"access_entries": entries(VIEW)},
                NO_CREATOR | {"access_entries": ADMIN},
                NO_CREATOR | {"access_entries": entries(VIEW) | ADMIN},
                NO_CREATOR | {"access_entries": entries(expr("var.policy"))},
                NO_CREATOR | {"access_entries": entries(eks.CLUSTER_ADMIN_POLICY, type=expr("var.scope"))},
                NO_CREATOR | {"access_entries": {"a": expr("var.entry")}},
            ],
        ),
        Case(
            eks.the_api_has_an_endpoint,
            "endpoint_private_access and endpoint_public_access are both off",
            [{"endpoint_private_access": False}],
            [{}, {"endpoint_private_access": False, "endpoint_public_access": True}],
        ),
        Case(
            eks.the_api_is_not_open_to_the_internet,
            "endpoint_public_access_cidrs lets the whole internet, or a large part of it, reach the cluster's API",
            [
                {"endpoint_public_access": True},
                {"endpoint_public_access": True, "endpoint_public_access_cidrs": ["203.0.113.0/24", "0.0.0.0/0"]},
                {"endpoint_public_access": True, "endpoint_public_access_cidrs": ["0.0.0.0/1", "128.0.0.0/1"]},
                {"endpoint_public_access": True, "endpoint_public_access_cidrs": ["16.0.0.0/7"]},
                {"endpoint_public_access": True, "endpoint_public_access_cidrs": ["17.0.0.0/8", "19.0.0.0/8"]},
            ],
            [
                {},
                {"endpoint_public_access": True, "endpoint_public_access_cidrs": ["203.0.113.0/24"]},
                {"endpoint_public_access": True, "endpoint_public_access_cidrs": [LATER]},
                {"endpoint_public_access": True, "endpoint_public_access_cidrs": LATER},
                {"endpoint_public_access": True, "endpoint_public_access_cidrs": ["17.0.0.0/8"]},
            ],
        ),
        Case(
            eks.public_cidr_required,
            ": must be a public IPv4 network",
            [
                {"endpoint_public_access": True, "endpoint_public_access_cidrs": ["203.0.113.0/24", "10.1.0.0/16"]},
                {"endpoint_public_access": True, "endpoint_public_access_cidrs": ["172.20.0.0/16"]},
            ],
            [
                {},
                {"endpoint_public_access": True, "endpoint_public_access_cidrs": ["203.0.113.0/24", LATER]},
                {"endpoint_public_access": True, "endpoint_public_access_cidrs": ["0.0.0.0/0"]},
            ],
        ),
        Case(
            node_groups.node_groups_have_room_for_their_nodes,
            "has sizes that contradict each other",
            [group(min_size=2, max_size=1), group(desired_size=11, max_size=10), group(min_size=1, desired_size=0)],
            [group(min_size=1, desired_size=1, max_size=1), group(min_size=LATER, max_size=0), group(max_size=0)],
        ),
        Case(
            node_groups.node_groups_are_within_the_quota,
            "may have more nodes than EKS's default quota; got 451; expected at most 450",
            [group(max_size=451)],
            [group(max_size=450), group(max_size=LATER), group()],
        ),
        Case(
            node_groups.node_disk_size,
            "is ignored with a launch template; got 500",
            [group(disk_size=500), group(disk_size=500, use_custom_launch_template=True)],
            [group(disk_size=500, use_custom_launch_template=False), group()],
        ),
        Case(
            node_groups.node_disk_device,
            "lacks the disk that holds images",
            [
                group(ami_type="BOTTLEROCKET_x86_64", block_device_mappings={"a": DISK | {"device_name": "/dev/xvda"}}),
                group(block_device_mappings={"a": DISK | {"device_name": "/dev/xvdb"}}),
            ],
            [
                group(ami_type="BOTTLEROCKET_x86_64", block_device_mappings={"b": DISK | {"device_name": "/dev/xvdb"}}),
                group(ami_type="AL2023_x86_64_STANDARD", block_device_mappings={"a": {"device_name": "/dev/xvda"}}),
                group(ami_type=LATER, block_device_mappings={"a": {"device_name": "/dev/xvdb"}}),
                group(block_device_mappings={"a": {"device_name": LATER}}),
                group(ami_type="BOTTLEROCKET_x86_64"),
            ],
        ),
        Case(
            node_groups.imds_hop_limit,
            "gives every pod the node's role",
            [group(metadata_options={"http_put_response_hop_limit": 2})],
            [
                group(metadata_options={"http_put_response_hop_limit": 1}),
                group(metadata_options={"http_put_response_hop_limit": LATER}),
                group(metadata_options={"http_tokens": "required"}),
            ],
        ),
    ],
)


def test_a_cluster_has_what_its_nodes_and_pods_need(stack: CloudStack) -> None:
    rendered = Eks(stack, **BASE).rendered
    assert (rendered["vpc_id"], rendered["subnet_ids"]) == (NETWORK.vpc_id, NETWORK.node_subnet_ids)
    assert rendered["addons"] == ADDONS
    assert rendered["enable_cluster_creator_admin_permissions"] is True
    rule = rendered["node_security_group_additional_rules"]["nodes"]
    assert rule.items() >= {"protocol": "-1", "self": True}.items()
    assert re.fullmatch(r"[0-9A-Za-z_ .:/()#,@\[\]+=&;{}!$*-]{1,255}", rule["description"])  # AWS takes no others
    assert "endpoint_public_access" not in rendered
    assert "create_kms_key" not in rendered


def test_nodes_reach_each_other_whatever_rules_are_added(stack: CloudStack) -> None:
    added: Any = {"ssh": {"from_port": 22, "to_port": 22}}
    rules = Eks(stack, **BASE, node_security_group_additional_rules=added).rendered[
        "node_security_group_additional_rules"
    ]
    assert sorted(rules) == ["nodes", "ssh"]


def test_your_kms_key_encrypts_secrets(stack: CloudStack) -> None:
    rendered = Eks(stack, **BASE, kms_key_arn="arn:aws:kms:us-east-2:111122223333:key/1").rendered
    assert rendered["create_kms_key"] is False
    assert rendered["encryption_config"] == {
        "provider_key_arn": "arn:aws:kms:us-east-2:111122223333:key/1",
        "resources": ["secrets"],
    }


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ({"cluster_name": "a"}, "module.eks: cluster_name was renamed to name in version 21 of the module. Fix: "),
        ({"cluster_addons": {}}, "cluster_addons was renamed to addons in version 21"),
        ({"cluster_endpoint_public_access": True}, "set endpoint_public_access instead"),
        (
            group(taints=[{"key": "a", "effect": "NO_SCHEDULE"}]),
            "taints of a must be a map in version 21 of the module",
        ),
        ({"nam": "a"}, "unknown input 'nam': did you mean 'name'?"),
    ],
)
def test_fails_on_inputs_of_version_20_of_the_module(inputs: dict[str, Any], says: str, stack: CloudStack) -> None:
    with pytest.raises(InputError) as error:
        Eks(stack, **BASE, **inputs)
    assert says in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_an_existing_cluster_has_a_name() -> None:
    assert ExistingCluster(cluster_name=LATER).cluster_name is LATER
    with pytest.raises(ConfigError, match="must be 1 to 100 letters"):
        ExistingCluster(cluster_name="a.b")
