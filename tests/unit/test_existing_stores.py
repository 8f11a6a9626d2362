"""An existing file system, Redis and VPC: how they are read, opened to nodes, and registered."""

from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.clouds import Ec2Config, Ec2Stack, EksConfig, EksStack
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.terraform.app import App
from tests.folder import read

VPC = {"vpc_id": "vpc-12345678", "subnet_ids_to_az": {"subnet-12345678": "us-east-2a", "subnet-12345679": "us-east-2b"}}
EFS = {"efs_id": "fs-12345678"}
MEMORYDB = {"cluster_name": "acme"}
STORES = {"efs": EFS, "memorydb": MEMORYDB}
KINDS: dict[str, tuple[Any, Any]] = {"ec2": (Ec2Stack, Ec2Config), "eks": (EksStack, EksConfig)}
CLUSTER = {"cluster_name": "acme"}
GROUPS = {
    "ec2": "${module.securitygroups.security_group_id}",
    "eks": "${module.eks.node_security_group_id}",
}
FOUND = "${data.aws_memorydb_cluster.memorydb"


def made(kind: str, out: Path, **keys: Any) -> dict[str, Any]:
    """The JSON of a cloud's first stack."""
    stack, config = KINDS[kind]
    app = App(out)
    stack.build(app, "ml", config(**{"region": "us-east-2", "org_id": "org_1", "vpc": VPC} | keys))
    app.synth()
    return read(out / "stacks" / "ml")


def registered(stack: dict[str, Any]) -> dict[str, Any]:
    resource: dict[str, Any] = stack["output"]["anyscale_cloud_resource"]["value"]
    return resource


@pytest.mark.parametrize("kind", KINDS)
def test_existing_stores_are_read_and_not_created(kind: str, tmp_path: Path) -> None:
    stack = made(kind, tmp_path, **STORES)
    assert not {"efs", "memorydb"} & stack["module"].keys()
    assert stack["data"]["aws_efs_file_system"]["efs"]["file_system_id"] == "fs-12345678"
    assert stack["data"]["aws_memorydb_cluster"]["memorydb"]["name"] == "acme"
    assert "aws_vpc_security_group_ingress_rule" not in stack["resource"]
    outputs = {name: output["value"] for name, output in stack["output"].items() if "efs" in name or "memorydb" in name}
    assert outputs == {"anyscale_efs_id": "fs-12345678", "anyscale_memorydb_cluster_id": "acme"}


def test_ec2_registers_their_names(tmp_path: Path) -> None:
    resource = registered(made("ec2", tmp_path, **STORES))
    assert resource["file_storage"] == {"file_storage_id": "fs-12345678"}
    assert resource["aws_config"]["memorydb_cluster_name"] == "acme"


@pytest.mark.parametrize("cluster", [{}, CLUSTER])
def test_eks_registers_where_they_are(cluster: dict[str, Any], tmp_path: Path) -> None:
    """The control plane has no role with which it could look them up."""
    resource = registered(made("eks", tmp_path, cluster=cluster, **STORES))
    assert resource["file_storage"] == {
        "file_storage_id": "fs-12345678",
        "mount_targets": [{"address": "${data.aws_efs_file_system.efs.dns_name}"}],
    }
    assert resource["aws_config"] == {
        "memorydb_cluster_name": "acme",
        "memorydb_cluster_arn": f"{FOUND}.arn}}",
        "memorydb_cluster_endpoint": f"rediss://{FOUND}.cluster_endpoint[0].address}}:{FOUND}.port}}",
    }


@pytest.mark.parametrize("kind", KINDS)
def test_their_security_groups_allow_access_from_the_nodes(kind: str, tmp_path: Path) -> None:
    stores = {name: store | {"security_group_id": f"sg-{len(name)}2345678"} for name, store in STORES.items()}
    rules = made(kind, tmp_path, **stores)["resource"]["aws_vpc_security_group_ingress_rule"]
    ports: dict[str, Any] = {"efs": 2049, "memorydb": f"{FOUND}.port}}"}
    assert rules.keys() == ports.keys()
    for name, rule in rules.items():
        assert rule["security_group_id"] == stores[name]["security_group_id"]
        assert rule["referenced_security_group_id"] == GROUPS[kind]
        assert (rule["ip_protocol"], rule["from_port"], rule["to_port"]) == ("tcp", ports[name], ports[name])


def test_nodes_may_mount_an_existing_file_system(tmp_path: Path) -> None:
    stack = made("eks", tmp_path, efs=EFS)
    policies = stack["module"]["eks"]["eks_managed_node_groups"]["spot_cpu"]["iam_role_additional_policies"]
    assert "efs" in policies


@pytest.mark.parametrize("kind", KINDS)
def test_an_existing_vpc_gets_an_endpoint_for_s3(kind: str, tmp_path: Path) -> None:
    tables = ["rtb-12345678", "rtb-12345679"]
    assert "aws_vpc_endpoint" not in made(kind, tmp_path / "without")["resource"]
    endpoint = made(kind, tmp_path, vpc=VPC | {"s3_endpoint_route_table_ids": tables})["resource"]["aws_vpc_endpoint"]
    assert {key: endpoint["s3"][key] for key in endpoint["s3"] if key not in {"//", "tags"}} == {
        "vpc_id": "vpc-12345678",
        "service_name": "com.amazonaws.us-east-2.s3",
        "vpc_endpoint_type": "Gateway",
        "route_table_ids": tables,
    }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"efs": EFS, "vpc": {}}, "efs.efs_id: is in an existing VPC, but vpc is new"),
        ({"memorydb": MEMORYDB, "vpc": {}}, "memorydb.cluster_name: is in an existing VPC"),
        ({"efs": EFS | {"name": "a"}}, "name applies to a new one, but efs_id names an existing one"),
        ({"memorydb": MEMORYDB | {"num_shards": 1}}, "num_shards applies to a new one"),
        ({"efs": {"efs_id": "efs-1"}}, "the ID of an EFS file system"),
        ({"memorydb": {"cluster_name": "Acme"}}, "the name of a MemoryDB cluster"),
        ({"memorydb": {"cluster_name": "a--b"}}, "the name of a MemoryDB cluster"),
        ({"vpc": VPC | {"s3_endpoint_route_table_ids": ["subnet-12345678"]}}, "a route table ID"),
    ],
)
def test_wrong_values_are_errors(kind: str, keys: dict[str, Any], says: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=says):
        made(kind, tmp_path, **keys)


@pytest.mark.parametrize("store", STORES)
def test_a_rule_for_an_existing_clusters_nodes_needs_their_group(store: str, tmp_path: Path) -> None:
    opened = {store: STORES[store] | {"security_group_id": "sg-12345678"}}
    with pytest.raises(ConfigError, match=f"{store}: requires the security group of the existing cluster's nodes"):
        made("eks", tmp_path, cluster=CLUSTER, **opened)
    made("eks", tmp_path, cluster=CLUSTER | {"node_security_group_id": "sg-12345679"}, **opened)


@pytest.mark.parametrize("store", STORES)
def test_a_key_with_only_existing_stores_is_an_error(store: str, tmp_path: Path) -> None:
    key = "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab"
    with pytest.raises(
        ConfigError, match="applies only to a new bucket, EFS or MemoryDB, and the cloud has none of them"
    ):
        made("ec2", tmp_path, kms_key_arn=key, bucket={"bucket_name": "acme"}, **{store: STORES[store]})
