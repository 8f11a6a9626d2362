"""`prefix_all_names`: each name that a module or a resource takes begins with the prefix."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.aws.nodes import GPUS
from anyscale_constructs.clouds import Ec2Config, Ec2Stack, EksConfig, EksStack, GkeConfig, GkeStack
from anyscale_constructs.clouds.aws import FIXED_NAME
from anyscale_constructs.config.document import Document
from anyscale_constructs.errors import InputError
from anyscale_constructs.terraform.app import App
from tests.examples import CLOUDS as FILES
from tests.folder import read

PREFIX = "acme-"
KINDS: dict[str, tuple[Any, Any]] = {
    "ec2": (Ec2Stack, Ec2Config),
    "eks": (EksStack, EksConfig),
    "gke": (GkeStack, GkeConfig),
}
AWS = {"region": "us-east-2", "org_id": "org_1", "efs": {}, "memorydb": {"users": {"ray": {}}}, "kms_key": {}}
# All that each kind can make.
CLOUDS: dict[str, dict[str, Any]] = {
    "ec2": AWS
    | {
        "networking_mode": "PRIVATE",
        "vpc": {"flow_logs": True},
        "security_group": {"machine_pool_cidr_ranges": ["10.1.0.0/24"]},
        "iam": {
            "cluster_node_cloudwatch_policy": True,
            "cluster_node_custom_policy": {"Version": "2012-10-17", "Statement": []},
            "cluster_node_secret_arns": ["arn:aws:secretsmanager:us-east-2:111122223333:secret:a"],
        },
    },
    "eks": AWS
    | {
        "vpc": {"flow_logs": True},
        "cluster": {
            "nodes": {"gpu_types": list(GPUS), "groups": {"a" * 20: {"instance_types": ["r6i.16xlarge"]}}},
        },
    },
    "gke": {
        "region": "us-central1",
        "org_id": "org_1",
        "project": {"project_id": "acme-ml"},
        "filestore": {},
        "memorystore": {},
    },
}

# Inputs that hold names of something else, and those that only have an effect when they are set.
NO_NAME = {
    *("availability_zone_name", "bucket_encryption_key_name", "bucket_namespace", "iam_role_use_name_prefix"),
    *("memorydb_acl_user_names", "memorydb_final_snapshot_name", "enable_vpc_dns_hostnames"),
}
# Inside of a role; in Anyscale.
ELSEWHERE = {"aws_iam_role_policy", "anyscale_cloud", "anyscale_cloud_resource"}
NODE_GROUP_NAMES = ("name", "launch_template_name", "iam_role_name")
_NAME = re.compile(r"(?:^|_)(?:name|prefix)$")
_OTHERS = re.compile(r"^existing_|_(?:vpc|range|key|zone|user|display|host|domain|project)_name|_use_name_prefix$")


def made(kind: str, out: Path, name: str = "ml", **keys: Any) -> tuple[Any, dict[str, Any]]:
    """A cloud's first stack, and its JSON."""
    stack, config = KINDS[kind]
    app = App(out)
    named = {"name_prefix": PREFIX, "prefix_all_names": True}
    first, *_ = stack.build(app, name, config(**CLOUDS[kind] | named | keys))
    app.synth()
    return first, read(out / "stacks" / name)


def unprefixed(stack: dict[str, Any], prefix: str) -> Iterator[str]:
    """The names in a stack of the account that do not begin with the prefix."""
    for module, inputs in stack.get("module", {}).items():
        named = {key: value for key, value in inputs.items() if _NAME.search(key) and not _OTHERS.search(key)}
        for group, settings in inputs.get("eks_managed_node_groups", {}).items():
            named |= {f"{group}.{key}": settings.get(key, "") for key in NODE_GROUP_NAMES}
        yield from (
            f"module.{module}.{key} = {name}"
            for key, name in named.items()
            if not str(name).startswith((prefix, prefix.replace("-", "_"), "${"))
        )
    for kind, resources in stack.get("resource", {}).items():
        if kind in ELSEWHERE:
            continue
        for name, arguments in resources.items():
            for key in {"name", "name_prefix", "account_id"} & arguments.keys():
                if not arguments[key].removeprefix("alias/").startswith((prefix, "${")):
                    yield f"{kind}.{name}.{key} = {arguments[key]}"


@pytest.mark.parametrize("kind", KINDS)
def test_every_name_begins_with_the_prefix(kind: str, tmp_path: Path) -> None:
    _, stack = made(kind, tmp_path)
    assert [*unprefixed(stack, PREFIX)] == []


def strings(value: Any) -> set[str]:
    """All strings in a configuration."""
    if isinstance(value, Mapping):
        return set().union(*map(strings, value.values()))
    if isinstance(value, list):
        return set().union(*map(strings, value))
    return {value} if isinstance(value, str) else set()


@pytest.mark.parametrize(
    "example", [file for file in FILES if Document(file).data["stack"] in KINDS], ids=lambda file: file.stem
)
def test_every_name_in_the_examples_begins_with_the_prefix(example: Path, tmp_path: Path) -> None:
    config = {key: value for key, value in Document(example).data.items() if key not in {"backend", "mirror"}}
    kind, config_type = KINDS[config.pop("stack")]
    app = App(tmp_path)
    kind.build(app, example.stem, config_type(**config | {"name_prefix": PREFIX, "prefix_all_names": True}))
    app.synth()
    found = [*unprefixed(read(tmp_path / "stacks" / example.stem), PREFIX)]
    assert [each for each in found if each.partition(" = ")[2] not in strings(config)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_check_finds_a_fault(kind: str, tmp_path: Path) -> None:
    _, stack = made(kind, tmp_path, prefix_all_names=False)
    assert [*unprefixed(stack, PREFIX)] != []


@pytest.mark.parametrize("kind", ["ec2", "eks"])
def test_upstream_chooses_no_name(kind: str, tmp_path: Path) -> None:
    """Each of the modules' inputs for a name is set, or the one that goes before it is."""
    first, stack = made(kind, tmp_path)
    for module in first.modules.values():
        if module.module_id in {"eks", "s3_policy"} or (kind, module.module_id) == ("eks", "iam"):
            continue  # the cluster's name begins the others, the policy is a part of the bucket, and there is no role
        given = stack["module"][module.module_id].keys()
        stems: dict[str, set[str]] = {}
        for name in module.interface.variables:
            if _NAME.search(name) and not name.startswith("existing_") and name not in NO_NAME:
                stem = re.sub(r"(?:_name)?(?:_prefix)?$", "", name)
                stems.setdefault(stem, set()).add(name)
        assert [stem for stem, names in stems.items() if not names & given] == [], module.address


@pytest.mark.parametrize("kind", KINDS)
def test_names_of_the_configuration_stay(kind: str, tmp_path: Path) -> None:
    own: dict[str, dict[str, Any]] = {
        "ec2": {"efs": {"name": "ray"}, "memorydb": {"name": "ray"}},
        "eks": {"cluster": {"name": "ray"}},
    }
    _, stack = made(kind, tmp_path, **own.get(kind, {"cluster": {"name": "ray"}}))
    modules = stack["module"]
    if kind == "ec2":
        assert (modules["efs"]["anyscale_efs_name"], modules["memorydb"]["anyscale_memorydb_name"]) == ("ray", "ray")
    else:
        assert modules[kind]["name"] == "ray"


def test_the_second_stack_finds_the_cluster_by_its_name(tmp_path: Path) -> None:
    made("eks", tmp_path)
    operator = read(tmp_path / "stacks" / "ml-operator")
    assert operator["data"]["aws_eks_cluster"]["this"]["name"] == "acme-ml"


@pytest.mark.parametrize(
    ("kind", "keys", "warned"),
    [
        ("ec2", {}, ["vpc.flow_logs"]),
        ("ec2", {"vpc": {}}, []),
        ("eks", {"vpc": {}}, []),
        ("eks", {"vpc": {}, "kms_key": None}, ["prefix_all_names"]),
        ("eks", {"vpc": {}, "kms_key": None, "prefix_all_names": False}, []),
        ("ec2", {"prefix_all_names": False}, []),
    ],
)
def test_names_that_upstream_fixes_are_reported(
    kind: str, keys: dict[str, Any], warned: list[str], tmp_path: Path
) -> None:
    first, _ = made(kind, tmp_path, **keys)
    assert [".".join(map(str, each.key)) for each in first.findings if each.rule == FIXED_NAME] == warned


@pytest.mark.parametrize(
    ("kind", "name", "prefix", "says"),
    [
        (
            "ec2",
            "a" * 36,
            PREFIX,
            "anyscale_memorydb_name is not a valid name; got .*; expected .* at most 40",
        ),
        (
            "eks",
            "ml",
            "a" * 20 + "-",
            "eks_managed_node_groups: the name of .* is too long; got .*; expected at most 36",
        ),
    ],
)
def test_names_that_would_be_too_long_are_refused(kind: str, name: str, prefix: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=says):
        made(kind, tmp_path, name, name_prefix=prefix, vpc={})
