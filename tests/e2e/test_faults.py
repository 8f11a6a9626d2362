"""Runs on doubles detect faults: a fault in an existing stack makes its next plan fail, or replace resources."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.doubles.server import Doubles
from tests.e2e.lives import EXAMPLES, apply, edit, synthesize
from tests.e2e.terraform import TerraformError

Document = dict[str, Any]
REPLACED = "replace"


@pytest.fixture(scope="module")
def made(doubles: Doubles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An existing cloud on AKS; returns the directory of its first stack."""
    work = tmp_path_factory.mktemp("made")
    stack = synthesize("aks", EXAMPLES["aks"], work)[0]
    apply(doubles.terraform(stack, work))
    return stack


def cluster(stack: Document) -> Any:
    return stack["resource"]["azurerm_kubernetes_cluster"]["this"]


def block(stack: Document, name: str) -> Any:
    """Returns a block of the cluster that occurs once, alone or in a list."""
    found = cluster(stack)[name]
    return found[0] if isinstance(found, list) else found


def account(stack: Document) -> Any:
    return next(iter(stack["resource"]["azurerm_storage_account"].values()))


FAULTS: dict[str, tuple[Callable[[Document], object], str]] = {
    "an invented argument": (
        lambda stack: cluster(stack).update(nodes=1),
        'No argument or block type is named "nodes"',
    ),
    "a missing argument": (lambda stack: cluster(stack).pop("location"), 'The argument "location" is required'),
    "a number for a list": (
        lambda stack: block(stack, "network_profile").update(ip_versions=4),
        "list of string required",
    ),
    "an unknown reference": (
        lambda stack: cluster(stack).update(location="${azurerm_resource_group.other.location}"),
        "Reference to undeclared resource",
    ),
    "a value that is not possible": (
        lambda stack: account(stack).update(account_replication_type="TWICE"),
        "account_replication_type must be one of LRS, ZRS, GRS, RAGRS, GZRS, RAGZRS; got 'TWICE'",
    ),
    "a name that is not possible": (lambda stack: account(stack).update(name="Acme-ML"), "name must match"),
    "a changed argument that replaces": (lambda stack: cluster(stack).update(name="other"), REPLACED),
    "a changed argument in a block that replaces": (
        lambda stack: block(stack, "network_profile").update(service_cidr="10.99.0.0/16"),
        REPLACED,
    ),
    "a block twice": (
        lambda stack: cluster(stack).update(network_profile=[block(stack, "network_profile")] * 2),
        'No more than 1 "network_profile" blocks',
    ),
    "conflicting arguments": (
        lambda stack: cluster(stack).update(dns_prefix_private_cluster="aks"),
        "dns_prefix conflicts with dns_prefix_private_cluster",
    ),
    "an argument for what is computed": (
        lambda stack: cluster(stack).update(oidc_issuer_url="https://example.com"),
        "oidc_issuer_url is computed and cannot be set",
    ),
    "a wrong type in a block": (
        lambda stack: block(stack, "default_node_pool").update(max_count="many"),
        "a number is required",
    ),
}


@pytest.mark.parametrize(("fault", "says"), FAULTS.values(), ids=FAULTS)
def test_a_plan_fails_or_replaces_on_a_fault(
    fault: Callable[[Document], object], says: str, made: Path, doubles: Doubles, tmp_path: Path
) -> None:
    shutil.copytree(made.parents[2], tmp_path / "work", symlinks=True)  # the state is there too
    stack = tmp_path / "work" / made.relative_to(made.parents[2])
    edit(stack, fault)
    terraform = doubles.terraform(stack, tmp_path)
    if says == REPLACED:
        assert terraform.plan().changes["azurerm_kubernetes_cluster.this"] == REPLACED
        return
    with pytest.raises(TerraformError) as error:
        terraform.plan()
    assert says in " ".join(str(error.value).replace("│", " ").split())
