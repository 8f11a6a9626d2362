"""The lifecycle of the examples for which there is no emulated account, on doubles with the providers' real schemas."""

import json
from collections.abc import Set as AbstractSet
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.e2e.doubles.server import Doubles
from tests.e2e.lives import (
    ADDED,
    APIS,
    EXAMPLES,
    Config,
    allow_destroy,
    apply,
    is_operator,
    kept,
    merged,
    one_more_api,
    register,
    synthesize,
)
from tests.e2e.terraform import Terraform, TerraformError
from tests.examples import OF_KINDS

LIVES = {name: config for name, config in EXAMPLES.items() if config["stack"] != "ec2"}
ONE_RANGE = {"firewall": {"ingress_cidr_blocks": ["192.0.2.0/24"]}}
ONE_TAG = {"tags": {"e2e": "updated"}}
_AKS_POOLS = "azurerm_kubernetes_cluster_node_pool.*"
_EKS_GROUPS = "module.eks.module.eks_managed_node_group*.aws_eks_node_group.this*"
_RULES = "module.vpc_firewall.google_compute_network_firewall_policy_rule.*"
UPDATES: dict[str, tuple[Config, tuple[str, ...]]] = {
    "aks": ({"cluster": {"authorized_ip_ranges": ["192.0.2.0/24"]}}, ("azurerm_kubernetes_cluster.this",)),
    "aks-existing": (ONE_TAG, ("azurerm_resource_group.this", "azurerm_user_assigned_identity.*")),
    "aks-private": ({"cluster": {"nodes": {"max_count": 40}}}, ("azurerm_kubernetes_cluster.this", _AKS_POOLS)),
    "eks": ({"cluster": {"nodes": {"max_size": 19}}}, (_EKS_GROUPS,)),
    "eks-existing": (ONE_TAG, ("aws_iam_role.*", "module.iam.aws_iam_policy.*")),
    "eks-private": ({"cluster": {"nodes": {"max_size": 19}}}, (_EKS_GROUPS,)),
    "eks-regulated": ({"efs": {"tags": ONE_TAG["tags"]}}, ("module.efs.aws_efs_*",)),
    "gce-everything": ({"filestore": {"capacity_gb": 5120}}, ("module.filestore.google_filestore_instance.*",)),
    "gce-existing": ({"labels": ONE_TAG["tags"]}, ()),
    "gce-minimal": (ONE_RANGE, (_RULES,)),
    "gce-private": ({"memorystore": {"replica_count": 3}}, ("module.memorystore.google_redis_instance.*",)),
    "gce-shared-vpc": (ONE_RANGE, (_RULES,)),
    "generic": ({"zones": ["hall-1"]}, ()),
    "generic-gpus": ({"zones": ["hall-2"]}, ()),
    "generic-hosted": ({"zones": ["eu-1a"]}, ()),
    "gke": ({"cluster": {"public_access_cidrs": ["192.0.2.0/24"]}}, ("module.gke.google_container_cluster.primary",)),
    "gke-existing": ({"labels": ONE_TAG["tags"]}, ()),
    "gke-private": ({"cluster": {"nodes": {"max_size": 19}}}, ("module.gke.google_container_node_pool.pools*",)),
}
"""A change of an example's configuration, and all the resources of its first stack that it may change."""
LOST = f"{APIS}.anycale_compute_api[0]"
REPLICAS = {"releases": {"operator": {"values": {"operator": {"replicas": 3}}}}}


def update(terraform: Terraform, patterns: tuple[str, ...], created: AbstractSet[str] = frozenset()) -> None:
    """Checks that an update changes and creates exactly the expected resources, and applies it."""
    actions = terraform.plan().changes.items()
    changed = [address for address, action in actions if action != "create"]
    strays = [address for address in changed if not any(fnmatchcase(address, each) for each in patterns)]
    missed = [each for each in patterns if not any(fnmatchcase(address, each) for address in changed)]
    assert (strays, missed) == ([], [])
    assert {address for address, action in actions if action == "create"} == created
    assert terraform.apply().changed == len(changed)


def destroy(stack: Path, terraform: Terraform) -> None:
    """Destroys a stack; resources with data are kept until their protection is removed."""
    if [*kept(stack)]:
        with pytest.raises(TerraformError, match="Instance cannot be destroyed"):
            terraform.destroy()
        allow_destroy(stack)
    terraform.destroy()
    assert terraform.state() == []


@pytest.mark.parametrize("name", LIVES)
def test_a_cloud_is_created_registered_updated_and_destroyed(name: str, doubles: Doubles, tmp_path: Path) -> None:
    config = LIVES[name]
    stacks = synthesize(name, config, tmp_path)
    terraforms = [doubles.terraform(stack, tmp_path / stack.name) for stack in stacks]
    for terraform in terraforms:
        apply(terraform)
    first, outputs = stacks[0], terraforms[0].output()
    assert outputs["anyscale_cloud_name"] == name
    assert f"name: {outputs['anyscale_cloud_resource']['name']}" in register(
        first, outputs, tmp_path, "--print", "resource-file"
    )
    if name in OF_KINDS.values():
        assert json.loads(register(first, outputs, tmp_path, "--dry-run", "--json"))["action"] == "created"
    change, patterns = UPDATES[name]
    created: frozenset[str] = frozenset()
    if config["stack"] in {"gce", "gke"} and config.get("enable_apis", True):
        # All modules wait for the APIs, and yet nothing of them may change with one that is new or gone.
        change, created = merged(change, one_more_api(first)), frozenset({ADDED, LOST})
        terraforms[0].forget(LOST)
    synthesize(name, merged(merged(config, change), REPLICAS if len(stacks) > 1 else {}), tmp_path)
    for stack, terraform in zip(stacks, terraforms, strict=True):
        if is_operator(stack):
            update(terraform, ("helm_release.anyscale-operator",))
        else:
            update(terraform, patterns, created)
    for stack, terraform in reversed([*zip(stacks, terraforms, strict=True)]):
        destroy(stack, terraform)
