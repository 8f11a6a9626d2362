"""Users' pods on Kubernetes have their own service account, and no key widens its permissions."""

from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.errors import ConfigError
from tests.unit.clouds import values
from tests.unit.workloads import CONTAINER, KINDS, KUBERNETES, made


@pytest.mark.parametrize("kind", KUBERNETES)
def test_users_pods_have_a_service_account_that_reads_no_secrets(kind: str, tmp_path: Path) -> None:
    (_, operator), rules = made(kind, tmp_path, workloads={"service_accounts": {"training": {}}})
    given, release = values(operator, "anyscale-operator"), operator["resource"]["helm_release"]["anyscale-operator"]
    assert given["workloads"]["serviceAccount"] == {"name": "anyscale-workloads"}
    assert given["operator"]["serviceAccount"] == {"name": "anyscale-operator"}
    accounts = values(operator, "anyscale-service-accounts")["serviceAccounts"]
    assert sorted(accounts) == ["anyscale-workloads", "training"]
    assert "helm_release.anyscale-service-accounts" in release["depends_on"]
    assert "shared-service-account" not in rules


@pytest.mark.parametrize("kind", KUBERNETES)
def test_without_the_key_nothing_changes_and_a_shared_account_is_a_warning(kind: str, tmp_path: Path) -> None:
    (_, operator), rules = made(kind, tmp_path)
    shared = kind != "generic"
    account = values(operator, "anyscale-operator")["workloads"].get("serviceAccount")
    assert account == ({"name": "anyscale-operator"} if shared else None)
    assert "anyscale-service-accounts" not in operator["resource"]["helm_release"]
    assert ("shared-service-account" in rules) == shared


def test_your_operator_values_can_set_the_service_account(tmp_path: Path) -> None:
    _, rules = made("eks", tmp_path, releases={"operator": {"enabled": False}})
    assert "shared-service-account" not in rules


@pytest.mark.parametrize("kind", ["ec2", "gce"])
def test_existing_roles_and_accounts_of_nodes_are_not_changed(kind: str) -> None:
    iam: dict[str, Any] = {"cluster_node_role_arn": "arn:aws:iam::111122223333:role/node"}
    if kind == "gce":
        iam = {
            "provider_name": "projects/1/locations/global/workloadIdentityPools/anyscale/providers/anyscale",
            "anyscale_service_account_email": "access@acme-ml.iam.gserviceaccount.com",
            "cluster_service_account_email": "node@acme-ml.iam.gserviceaccount.com",
        }
    _, config, base = KINDS[kind]
    with pytest.raises(ConfigError, match=r"workloads\.data_access: applies only to a new node"):
        config(**base, iam=iam, workloads={"data_access": [{"bucket": "acme-datasets"}]})
    config(**base, iam=iam, workloads={})


@pytest.mark.parametrize("prefix", ["/ray", "ray*", "ray'", 'ray"', "a\\", "${x}", "a?"])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "generic"])
def test_a_prefix_cannot_widen_a_permission(kind: str, prefix: str) -> None:
    _, config, base = KINDS[kind]
    access = {"bucket": CONTAINER if kind == "aks" else "acme-datasets", "prefix": prefix}
    with pytest.raises(ConfigError):
        config(**base, workloads={"data_access": [access]})


@pytest.mark.parametrize("name", ["default", "operator", "anyscale-operator", "workloads", "anyscale-workloads", "A"])
@pytest.mark.parametrize("kind", KUBERNETES)
def test_the_name_of_a_further_service_account_must_be_free(kind: str, name: str) -> None:
    _, config, base = KINDS[kind]
    with pytest.raises(ConfigError, match=rf"workloads.service_accounts.{name}: must be 1 to 63"):
        config(**base, workloads={"service_accounts": {name: {}}})


def test_accounts_of_a_cluster_of_your_own_have_your_annotations(tmp_path: Path) -> None:
    workloads = {"annotations": {"a": "b"}, "service_accounts": {"training": {"annotations": {"c": "d"}}}}
    (_, operator), _ = made("generic", tmp_path, workloads=workloads)
    assert values(operator, "anyscale-service-accounts")["serviceAccounts"] == {
        "anyscale-workloads": {"annotations": {"a": "b"}},
        "training": {"annotations": {"c": "d"}},
    }
