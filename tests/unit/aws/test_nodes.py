"""The node groups of an EKS cluster."""

from typing import Any

import pytest

from anyscale_constructs.aws import Eks
from anyscale_constructs.aws.nodes import GPUS, NodesConfig, node_groups
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.expressions import expr
from anyscale_constructs.terraform.stack import CloudStack
from tests.unit.aws.parts import NETWORK
from tests.unit.terraform.parts import warnings

BASE: dict[str, Any] = {"vpc": NETWORK, "name": "acme", "kubernetes_version": "1.36"}


def disk(group: Any) -> dict[str, Any]:
    found: dict[str, Any] = group["block_device_mappings"]["root"]["ebs"]
    return found


def test_workloads_have_a_pair_of_node_groups_for_cpus_and_for_each_gpu() -> None:
    groups = node_groups(NodesConfig(gpu_types=["T4", "H100"]), {})
    assert list(groups) == [
        "default",
        "ondemand_cpu",
        "ondemand_gpu_h100",
        "ondemand_gpu_t4",
        "spot_cpu",
        "spot_gpu_h100",
        "spot_gpu_t4",
    ]
    assert "taints" not in groups["default"]
    assert all(disk(group)["encrypted"] is True for group in groups.values())
    assert groups["spot_gpu_t4"] == {
        "min_size": 0,
        "max_size": 10,
        "desired_size": 0,
        "ami_type": "AL2023_x86_64_NVIDIA",
        "instance_types": ["g4dn.4xlarge"],
        "capacity_type": "SPOT",
        "block_device_mappings": {
            "root": {
                "device_name": "/dev/xvda",
                "ebs": {"volume_size": 500, "volume_type": "gp3", "encrypted": True, "delete_on_termination": True},
            }
        },
        "iam_role_additional_policies": {},
        "labels": {
            "nvidia.com/gpu.product": "Tesla-T4",
            "nvidia.com/gpu.count": "1",
            "k8s.amazonaws.com/accelerator": "nvidia-t4",
        },
        "taints": {
            "capacity_type": {"key": "node.anyscale.com/capacity-type", "value": "SPOT", "effect": "NO_SCHEDULE"},
            "accelerator_type": {"key": "node.anyscale.com/accelerator-type", "value": "GPU", "effect": "NO_SCHEDULE"},
            "gpu": {"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"},
        },
    }


def test_all_node_groups_pass_the_guards(stack: CloudStack) -> None:
    groups = node_groups(NodesConfig(gpu_types=list(GPUS), max_size=1), {"s3": "arn:aws:iam::111122223333:policy/s3"})  # type: ignore[arg-type] # all of them
    assert not warnings(Eks(stack, **BASE, eks_managed_node_groups=groups))


def test_fails_on_a_gpu_that_is_not_in_the_table() -> None:
    with pytest.raises(ConfigError, match="must be 'T4', 'L4'"):
        NodesConfig(gpu_types=["K80"])  # type: ignore[list-item] # the mistake


def test_sizes_are_those_of_the_configuration() -> None:
    nodes = NodesConfig(cpu_instance_types=["m7i.8xlarge"], default_instance_types=["t3a.large"], disk_size_gb=100)
    groups = node_groups(nodes, {}, "arn:aws:iam::111122223333:policy/boundary")
    assert groups["default"]["instance_types"] == ["t3a.large"]
    assert groups["spot_cpu"]["instance_types"] == ["m7i.8xlarge"]
    assert disk(groups["spot_cpu"])["volume_size"] == 100
    boundaries = {group["iam_role_permissions_boundary"] for group in groups.values()}
    assert boundaries == {"arn:aws:iam::111122223333:policy/boundary"}


@pytest.mark.parametrize(
    "name",
    [
        *("m5.4xlarge", "g4dn.xlarge", "g6e.4xlarge", "gr6.4xlarge", "p5en.48xlarge", "u-6tb1.112xlarge", "c5n.metal"),
        *("t3.nano", "t3a.micro", "t3.small", "m7i-flex.large", "m7i.metal-48xl", "r5.12xlarge"),
    ],
)
def test_instances_have_x86_processors(name: str) -> None:
    later = expr("var.later", "string")
    assert NodesConfig(cpu_instance_types=[name, later]).cpu_instance_types == [name, later]


@pytest.mark.parametrize(
    "name",
    [
        *("m7g.large", "c7gn.large", "t4g.medium", "a1.large", "im4gn.large", "x2gd.large", "m5"),
        *("m5.4xlarg", "m5.xxlarge", "m5.1xlarge", "m5.0xlarge", "m5.huge", "m5.", "m7i.metal-xl"),
    ],
)
def test_fails_on_unknown_instances_and_on_those_that_the_image_does_not_support(name: str) -> None:
    with pytest.raises(ConfigError, match="an existing EC2 instance type with x86 processors"):
        NodesConfig(cpu_instance_types=[name])


def test_fails_on_a_disk_larger_than_gp3_allows() -> None:
    assert NodesConfig(disk_size_gb=65536).disk_size_gb == 65536
    with pytest.raises(ConfigError, match="disk_size_gb: must be less than or equal to 65536"):
        NodesConfig(disk_size_gb=65537)


RESERVATION = "cr-0123456789abcdef0"
H100 = {
    "instance_types": ["p5.48xlarge"],
    "gpu_type": "H100",
    "gpu_count": 8,
    "capacity_types": ["ON_DEMAND"],
    "zones": ["us-east-2a"],
}


def made(**group: Any) -> dict[str, Any]:
    """The node group `a`, on-demand."""
    groups = node_groups(
        NodesConfig(groups={"a": H100 | group}),  # type: ignore[dict-item] # as YAML has it
        {},
        subnet_ids=lambda zones: [f"subnet-of-{zone}" for zone in zones],
        network_cards=lambda name, type_: expr(f"cards({name}, {type_})", "number"),
    )
    return dict(groups["ondemand_a"])


def test_gpus_are_in_their_configured_zones() -> None:
    groups = node_groups(
        NodesConfig(gpu_types=["T4", "H100"], gpu_zones={"H100": ["us-east-2a", "us-east-2b"]}),
        {},
        subnet_ids=lambda zones: [f"subnet-of-{zone}" for zone in zones],
    )
    found = {name: group["subnet_ids"] for name, group in groups.items() if "subnet_ids" in group}
    both = ["subnet-of-us-east-2a", "subnet-of-us-east-2b"]
    assert found == {"ondemand_gpu_h100": both, "spot_gpu_h100": both}


@pytest.mark.parametrize(
    ("zones", "says"), [({"H100": ["us-east-2a"]}, "is not one of gpu_types"), ({"T4": []}, "has no zones")]
)
def test_fails_on_zones_without_effect(zones: dict[str, list[str]], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        NodesConfig(gpu_types=["T4"], gpu_zones=zones)  # type: ignore[arg-type] # as YAML has it


def test_a_group_has_zones_and_a_disk_of_its_own() -> None:
    group = made(disk_size_gb=1000, disk_type="gp2")
    assert group["subnet_ids"] == ["subnet-of-us-east-2a"]
    assert (disk(group)["volume_size"], disk(group)["volume_type"]) == (1000, "gp2")
    assert disk(made())["volume_size"] == 500
    assert "subnet_ids" not in made(zones=[])


@pytest.mark.parametrize(
    ("reservation", "target"),
    [
        ({"id": RESERVATION}, {"capacity_reservation_id": RESERVATION}),
        (
            {"resource_group_arn": "arn:aws:resource-groups:us-east-2:111122223333:group/acme"},
            {
                "capacity_reservation_resource_group_arn": "arn:aws:resource-groups:us-east-2:111122223333:group/acme",
            },
        ),
    ],
)
@pytest.mark.parametrize("block", [True, False])
def test_a_group_is_in_a_reservation(reservation: dict[str, Any], target: dict[str, str], block: bool) -> None:
    group = made(capacity_reservation=reservation | {"capacity_block": block})
    assert group["capacity_reservation_specification"] == {"capacity_reservation_target": target}
    assert group["capacity_type"] == ("CAPACITY_BLOCK" if block else "ON_DEMAND")
    assert group.get("instance_market_options") == ({"market_type": "capacity-block"} if block else None)
    # A pod requests on-demand nodes, and tolerates their taint.
    assert group["taints"]["capacity_type"]["value"] == "ON_DEMAND"


def test_a_capacity_block_has_instance_types_that_select_it() -> None:
    """The operator selects on-demand nodes by a label that has another value on nodes of a Capacity Block."""
    reservation = {"id": RESERVATION, "capacity_block": True}
    group = NodesConfig.model_validate({"groups": {"a": H100 | {"capacity_reservation": reservation}}}).groups["a"]
    assert group.node_selector == {"eks.amazonaws.com/capacityType": "CAPACITY_BLOCK"}


def test_efa_has_a_placement_group_unless_capacity_is_reserved() -> None:
    """Upstream creates a placement group, but EC2 starts reserved nodes only in the reservation's group."""
    plain, reserved = made(efa=True), made(efa=True, capacity_reservation={"id": RESERVATION})
    assert plain["enable_efa_support"] is True
    assert "network_interfaces" not in plain
    assert "enable_efa_support" not in reserved
    cards = "for i in range(cards(ondemand_a, p5.48xlarge))"
    assert cards in reserved["network_interfaces"].code
    assert 'interface_type = i == 0 ? "efa" : "efa-only"' in reserved["network_interfaces"].code
    for direction in ("ingress", "egress"):
        (rule,) = reserved[f"security_group_{direction}_rules"].values()
        assert (rule["ip_protocol"], rule["self"]) == ("-1", True)


def test_groups_with_all_keys_pass_the_guards(stack: CloudStack) -> None:
    groups = {
        "a" * 27: H100 | {"efa": True, "capacity_reservation": {"id": RESERVATION, "capacity_block": True}},
        "b": H100 | {"efa": True, "taints": [{"key": "example.com/team"}], "labels": {"example.com/team": "ml"}},
    }
    made = node_groups(
        NodesConfig.model_validate({"groups": groups}),
        {},
        name_prefix="acme-",
        subnet_ids=lambda _: ["subnet-12345678"],
        network_cards=lambda *_: expr("var.cards", "number"),
    )
    assert made["ondemand_" + "a" * 27]["iam_role_name"] == "acme-ondemand_" + "a" * 27
    assert "iam_role_name" not in made["ondemand_b"]
    assert not warnings(Eks(stack, **BASE, eks_managed_node_groups=made))


@pytest.mark.parametrize(
    ("keys", "says", "rule"),
    [
        (
            {"efa": True, "zones": []},
            "efa: requires a single zone; got \\[\\]. Fix: set zones to a single zone",
            "node-group-zone",
        ),
        (
            {"capacity_reservation": {"id": RESERVATION}, "zones": ["us-east-2a", "us-east-2b"]},
            "capacity_reservation: requires a single zone; got .*. Fix: set zones to the reservation's zone",
            "node-group-zone",
        ),
        (
            {"efa": True, "instance_types": ["p5.48xlarge", "p5en.48xlarge"]},
            "instance_types: has several types, but EFA requires a single type",
            "efa-instance-type",
        ),
        (
            {
                "capacity_reservation": {"id": RESERVATION, "capacity_block": True},
                "instance_types": ["p5.48xlarge", "p5en.48xlarge"],
            },
            "instance_types: has several types, but a Capacity Block has a single type",
            "conflicting-keys",
        ),
        (
            {"capacity_reservation": {"id": RESERVATION, "capacity_block": True}, "capacity_types": ["SPOT"]},
            "capacity_reservation: applies to on-demand nodes, but capacity_types has SPOT",
            "reserved-spot-capacity",
        ),
        (
            {"capacity_reservation": {}},
            "capacity_reservation: must have either id or resource_group_arn",
            "conflicting-keys",
        ),
        (
            {"capacity_reservation": {"id": RESERVATION, "resource_group_arn": "arn:aws:resource-groups:a:1:group/a"}},
            "capacity_reservation",
            "invalid-value",
        ),
    ],
)
def test_fails_on_what_ec2_rejects(keys: dict[str, Any], says: str, rule: str) -> None:
    with pytest.raises(ConfigError, match=says) as refused:
        made(**keys)
    assert {finding.rule.id for finding in refused.value.findings if finding.rule} == {rule}


@pytest.mark.parametrize(
    ("instance_type", "has"),
    [
        *((name, True) for name in ("m5n.24xlarge", "c5n.18xlarge", "m5zn.metal", "m6i.32xlarge", "m7i.metal-48xl")),
        *((name, True) for name in ("c6in.32xlarge", "hpc7a.12xlarge", "i4i.32xlarge", "m8azn.24xlarge")),
        *((name, False) for name in ("m5.24xlarge", "m5n.4xlarge", "r5b.24xlarge", "c6i.16xlarge", "t3.2xlarge")),
        *((name, False) for name in ("i3.16xlarge", "x1e.32xlarge", "z1d.12xlarge", "r7iz.16xlarge")),
    ],
)
def test_efa_is_for_instance_types_that_have_it(instance_type: str, has: bool) -> None:
    given = {"instance_types": [instance_type], "gpu_type": None, "gpu_count": None, "efa": True}
    if has:
        assert made(**given)["enable_efa_support"] is True
    else:
        with pytest.raises(ConfigError, match=f"instance_types: {instance_type} has no EFA"):
            made(**given)


@pytest.mark.parametrize(
    ("instance_type", "has"),
    [
        *((name, True) for name in ("p5.4xlarge", "p4d.24xlarge", "g4dn.8xlarge", "g6e.48xlarge", "p6-b200.48xlarge")),
        *((name, False) for name in ("g6.4xlarge", "p3.16xlarge", "g3s.xlarge")),
    ],
)
def test_efa_is_for_gpus_that_have_it(instance_type: str, has: bool) -> None:
    given = {"instance_types": [instance_type], "efa": True}
    if has:
        assert made(**given)["enable_efa_support"] is True
    else:
        with pytest.raises(ConfigError, match=f"instance_types: {instance_type} has no EFA"):
            made(**given)


@pytest.mark.parametrize("name", ["g4dn.xlarge", "p3dn.24xlarge", "gr6.4xlarge", "p6-b200.48xlarge", "g7e.2xlarge"])
def test_instances_with_gpus_are_known(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} has GPUs"):
        made(instance_types=[name], gpu_type=None, gpu_count=None)


@pytest.mark.parametrize("name", ["g4ad.4xlarge", "m5.large", "inf2.xlarge", "trn1.32xlarge", "hpc7a.12xlarge"])
def test_other_instances_have_no_nvidia_gpus(name: str) -> None:
    assert made(instance_types=[name], gpu_type=None, gpu_count=None)["ami_type"] == "AL2023_x86_64_STANDARD"
    with pytest.raises(ConfigError, match=f"{name} has no H100"):
        made(instance_types=[name])
