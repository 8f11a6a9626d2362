"""A user's repository, written for version 0.2.0, works with this version.

The clouds are older: the examples of version 0.1.0. The stacks override methods of every kind.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import ROOT
from tests.folder import read

HERE = Path(__file__).parent
CLOUDS = sorted(file.stem for file in (HERE / "repository" / "clouds").iterdir())
ADDRESSES: dict[str, list[str]] = json.loads((HERE / "addresses.json").read_text(encoding="utf-8"))

Stacks = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> Stacks:
    """The repository's stacks, by name."""
    folder = tmp_path_factory.mktemp("compat") / "repository"
    shutil.copytree(HERE / "repository", folder)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "anyscale_constructs", "synth"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {made.name: read(made) for made in (folder / "cdktf.out" / "stacks").iterdir()}


def addresses(stack: dict[str, Any]) -> list[str]:
    """The addresses of modules and resources, and the names of outputs and variables."""
    resources = [f"{kind}.{name}" for kind, named in stack.get("resource", {}).items() for name in named]
    blocks = [f"{block}.{name}" for block in ("module", "output", "variable") for name in stack.get(block, {})]
    return sorted([*resources, *blocks])


def test_every_stack_keeps_its_addresses(stacks: Stacks) -> None:
    """New addresses are allowed; recorded ones must stay."""
    lost = {name: sorted(set(kept) - set(addresses(stacks.get(name, {})))) for name, kept in ADDRESSES.items()}
    assert {name: gone for name, gone in lost.items() if gone} == {}


def test_every_cloud_is_recorded() -> None:
    assert {name for name in ADDRESSES if not name.endswith("-operator")} == set(CLOUDS)


@pytest.mark.parametrize(
    ("stack", "path", "expected"),
    [
        ("minimal", "resource.aws_vpc_endpoint.ecr.vpc_endpoint_type", "Interface"),
        ("minimal", "resource.aws_vpc_endpoint.ecr.security_group_ids", ["${module.securitygroups.security_group_id}"]),
        ("team", "output.anyscale_s3_bucket_id.value", "acme-ml"),
        ("eks", "module.eks.eks_managed_node_groups.more.ami_type", "AL2023_x86_64_STANDARD"),
        ("gke", "module.gke.node_pools.-1.name", "more"),
        ("gce-private", "output.team.value", "ml"),
        ("gce-private", "module.cloudapis.anyscale_activate_optional_apis.-1", "artifactregistry.googleapis.com"),
        ("aks", "resource.azurerm_management_lock.kept.lock_level", "CanNotDelete"),
        ("generic-operator", "resource.kubernetes_namespace_v1.team.metadata", {"name": "team"}),
    ],
)
def test_a_step_that_is_overridden_is_used(stack: str, path: str, expected: object, stacks: Stacks) -> None:
    found: Any = stacks[stack]
    for key in path.split("."):
        found = found[int(key)] if isinstance(found, list) else found[key]
    assert found == expected


def test_values_of_the_operator_are_overridden(stacks: Stacks) -> None:
    (values,) = stacks["eks-operator"]["resource"]["helm_release"]["anyscale-operator"]["values"]
    assert '"labels": {"team": "ml"}' in values or '"labels":{"team":"ml"}' in values
