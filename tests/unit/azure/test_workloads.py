"""The permissions of users' workloads on AKS."""

from pathlib import Path

import pytest

from anyscale_constructs.errors import ConfigError
from tests.unit.clouds import values
from tests.unit.workloads import CONTAINER, KINDS, SUBSCRIPTION, made


def test_pods_on_aks_have_an_identity_with_what_is_set_for_it_only(tmp_path: Path) -> None:
    search = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/search/providers/Microsoft.Search/searchServices/acme"
    secret = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shared/providers/Microsoft.KeyVault/vaults/a/secrets/b"
    workloads = {
        "roles": [{"role": "Search Index Data Reader", "scope": search}],
        "secrets": [secret],
        "data_access": [{"bucket": CONTAINER}],
        "service_accounts": {"training": {}},
    }
    (stack, operator), _ = made("aks", tmp_path, workloads=workloads)
    resources = stack["resource"]
    found: dict[str, set[tuple[str, str]]] = {}
    for each in resources["azurerm_role_assignment"].values():
        found.setdefault(each["principal_id"], set()).add((each["role_definition_name"], each["scope"]))
    own, training, shared = (
        found[f"${{azurerm_user_assigned_identity.{name}.principal_id}}"]
        for name in ("workloads", "workloads_training", "operator")
    )
    container = (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/data/providers/Microsoft.Storage/storageAccounts/acmedata"
        "/blobServices/default/containers/datasets"
    )
    assert own - shared == {
        ("Search Index Data Reader", search),
        ("Key Vault Secrets User", secret),
        ("Storage Blob Data Reader", container),
    }
    assert shared <= own
    assert training == shared
    credential = resources["azurerm_federated_identity_credential"]["workloads_training"]
    assert credential["subject"] == "system:serviceaccount:anyscale-operator:training"
    assert credential["user_assigned_identity_id"] == "${azurerm_user_assigned_identity.workloads_training.id}"
    names = {name: each["name"] for name, each in resources["azurerm_user_assigned_identity"].items()}
    there = operator["data"]["azurerm_user_assigned_identity"]
    assert {name: there[name]["name"] for name in ("operator", "workloads", "workloads_training")} == {
        name: names[name] for name in ("operator", "workloads", "workloads_training")
    }
    accounts = values(operator, "anyscale-service-accounts")["serviceAccounts"]
    assert accounts["training"]["annotations"] == {
        "azure.workload.identity/client-id": "${data.azurerm_user_assigned_identity.workloads_training.client_id}"
    }


@pytest.mark.parametrize(("mode", "writes"), [("read", 0), ("read-write", 4)])
def test_a_prefix_on_aks_is_a_condition_for_what_is_read_listed_and_written(
    mode: str, writes: int, tmp_path: Path
) -> None:
    access = {"bucket": CONTAINER, "prefix": "ray/", "mode": mode}
    (stack, _), _ = made("aks", tmp_path, workloads={"data_access": [access]})
    (given,) = (each for each in stack["resource"]["azurerm_role_assignment"].values() if "condition" in each)
    assert given["condition_version"] == "2.0"
    objects, lists = given["condition"].split(" AND ((")
    assert objects.endswith("blobs:path] StringStartsWith 'ray/'))")
    assert lists.endswith("blobs:prefix] StringStartsWith 'ray/'))")
    named = ("write'", "add/action'", "delete'", "move/action'")
    assert sum(f"containers/blobs/{action}" in objects for action in named) == writes
    assert given["condition"].count("(") == given["condition"].count(")")


def test_a_container_on_aks_is_listed_once() -> None:
    _, config, base = KINDS["aks"]
    twice = [{"bucket": CONTAINER, "prefix": "a/"}, {"bucket": CONTAINER, "prefix": "b/"}]
    with pytest.raises(ConfigError, match=r"data_access.1.bucket: has the same bucket and mode as data_access.0"):
        config(**base, workloads={"data_access": twice})
