"""The permissions of users' workloads on GKE and GCE."""

from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.clouds import GceConfig
from anyscale_constructs.errors import ConfigError, InputError
from tests.unit.clouds import values
from tests.unit.workloads import GOOGLE, made


def conditions(stack: dict[str, Any]) -> dict[str, Any]:
    """Returns the role and condition of each grant on a bucket, by the grant's name."""
    found = stack["resource"]["google_storage_bucket_iam_member"]
    return {name: (each["role"], each.get("condition", [{}])[0].get("expression")) for name, each in found.items()}


PREFIX = (
    'resource.name.startsWith("projects/_/buckets/acme-results/objects/ray/") || '
    'api.getAttribute("storage.googleapis.com/objectListPrefix", "").startsWith("ray/")'
)
GOOGLE_PERMISSIONS: dict[str, Any] = {
    "roles": ["roles/bigquery.dataViewer", "projects/acme-ml/roles/ray"],
    "secrets": ["projects/acme-ml/secrets/registry"],
    "data_access": [{"bucket": "acme-datasets"}, {"bucket": "acme-results", "prefix": "ray/", "mode": "read-write"}],
}
DATA_GRANTS = {
    "workloads_acme-datasets": ("roles/storage.objectViewer", None),
    "workloads_acme-results_ray_": ("roles/storage.objectUser", PREFIX),
}


def test_pods_on_gke_have_a_google_account_with_what_is_set_for_it_only(tmp_path: Path) -> None:
    workloads = GOOGLE_PERMISSIONS | {"service_accounts": {"training": {"service_account_name": "acme-training"}}}
    (stack, operator), _ = made("gke", tmp_path, workloads=workloads)
    resources = stack["resource"]
    names = {name: each["account_id"] for name, each in resources["google_service_account"].items()}
    assert names == {"operator": "ml-operator", "workloads": "ml-workloads", "workloads_training": "acme-training"}
    found = operator["data"]["google_service_account"]
    assert {name: each["account_id"] for name, each in found.items()} == names
    own = "${google_service_account.workloads.member}"
    roles = {each["role"] for each in resources["google_project_iam_member"].values() if each["member"] == own}
    assert roles == {*GOOGLE_PERMISSIONS["roles"]}
    (secret,) = resources["google_secret_manager_secret_iam_member"].values()
    assert (secret["member"], secret["secret_id"]) == (own, GOOGLE_PERMISSIONS["secrets"][0])
    data = conditions(stack)
    assert {name: data.pop(name) for name in DATA_GRANTS} == DATA_GRANTS
    assert {each["member"] for each in resources["google_storage_bucket_iam_member"].values()} == {
        own,
        "${google_service_account.workloads_training.member}",
    }
    # The remaining grants are on the cloud's own bucket.
    assert set(data.values()) == {("roles/storage.legacyBucketReader", None), ("roles/storage.objectAdmin", None)}
    pods = resources["google_service_account_iam_member"]["workloads_training_pods"]
    assert pods["member"] == "serviceAccount:acme-ml.svc.id.goog[anyscale-operator/training]"
    assert pods["service_account_id"] == "${google_service_account.workloads_training.name}"
    accounts = values(operator, "anyscale-service-accounts")["serviceAccounts"]
    assert accounts["training"]["annotations"] == {
        "iam.gke.io/gcp-service-account": "${data.google_service_account.workloads_training.email}"
    }


def test_the_operator_on_gke_does_not_manage_filestore_then(tmp_path: Path) -> None:
    editors = {}
    clouds: dict[str, dict[str, Any]] = {"shared": {}, "own": {"workloads": {}}}
    for name, keys in clouds.items():
        (stack, _), _ = made("gke", tmp_path / name, filestore={}, **keys)
        grants = stack["resource"]["google_project_iam_member"].values()
        editors[name] = "roles/file.editor" in {each["role"] for each in grants}
    assert editors == {"shared": True, "own": False}


def test_fails_on_a_google_account_whose_name_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the name of the workloads' service account must be 6 to 30") as error:
        made("gke", tmp_path, workloads={"service_accounts": {"a-service-account-of-a-long-name": {}}})
    assert error.value.findings[0].key == (
        *("workloads", "service_accounts", "a-service-account-of-a-long-name", "service_account_name"),
    )


def test_nodes_on_gce_have_what_is_set_for_workloads(tmp_path: Path) -> None:
    (stack, *_), _ = made("gce", tmp_path / "new", workloads=GOOGLE_PERMISSIONS)
    assert conditions(stack) == DATA_GRANTS
    members = [
        *stack["resource"]["google_storage_bucket_iam_member"].values(),
        *stack["resource"]["google_secret_manager_secret_iam_member"].values(),
    ]
    assert {each["member"] for each in members} == {"${module.iam.iam_anyscale_cluster_node_service_acct_member}"}
    assert "google_project_iam_member" not in stack["resource"]
    (old, *_), _ = made("gce", tmp_path / "old", iam={"cluster_node_roles": GOOGLE_PERMISSIONS["roles"]})
    assert stack["module"] == old["module"]
    with pytest.raises(ConfigError, match=r"workloads\.roles: has the same meaning as iam.cluster_node_roles"):
        GceConfig(**GOOGLE, workloads={"roles": ["roles/a.b"]}, iam={"cluster_node_roles": ["roles/a.b"]})  # type: ignore[arg-type] # plain mappings
