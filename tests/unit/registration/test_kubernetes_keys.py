"""The keys of existing stores: the same for every Kubernetes cloud, and registered without other changes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from anyscale_constructs.clouds import AksStack, EksStack, GenericStack, GkeStack
from anyscale_constructs.config.model import found_in
from anyscale_constructs.expressions import expr
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.arguments import check_arguments
from anyscale_constructs.terraform.stack import CloudStack
from tests.contract.standins import RECORDED
from tests.unit import test_aks, test_eks, test_generic, test_gke

KINDS: dict[str, tuple[type[CloudStack], Callable[..., Any]]] = {
    "eks": (EksStack, test_eks.config),
    "gke": (GkeStack, test_gke.config),
    "aks": (AksStack, test_aks.config),
    "generic": (GenericStack, test_generic.config),
}
BY_TERRAFORM = [kind for kind in KINDS if kind != "generic"]  # not supported by Anyscale's provider
CLAIM = {"persistent_volume_claim": "shared"}
DRIVER = {"csi_ephemeral_volume_driver": "nfs.csi.k8s.io"}
TARGETS = {"mount_targets": [{"address": "10.0.0.5", "zone": "a"}, {"address": "10.0.0.6"}]}
REDIS = {"redis_endpoint": "redis.acme.example:6379"}
REGISTRY = {"custom_image_registry": "registry.acme.example/anyscale"}
EFS = {"file_storage_id": "fs-0123456789abcdef0", "mount_targets": [{"address": "10.0.0.5"}]}
FILESTORE = {"file_storage_id": test_gke.INSTANCE, "mount_targets": [{"address": "10.0.0.5"}], "mount_path": "ray"}


def synthesized(kind: str, folder: Path, **keys: Any) -> dict[str, Any]:
    """The JSON of a cloud's first stack."""
    stack, config = KINDS[kind]
    app = App(folder)
    stack.build(app, "ml", config(**keys))
    app.synth()
    loaded: dict[str, Any] = json.loads((folder / "stacks" / "ml" / "cdk.tf.json").read_text())
    return loaded


def refused(kind: str, **keys: Any) -> str:
    with pytest.raises(ValidationError) as error:
        KINDS[kind][1](**keys)
    return "\n".join(map(str, found_in(error.value)))


def nfs(kind: str) -> dict[str, Any]:
    """NFS mount targets, with the server's directory where the provider's clouds have one."""
    return TARGETS if kind == "eks" else {**TARGETS, "mount_path": "/anyscale"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("store", ["claim", "driver", "targets"])
def test_existing_stores_are_registered_and_change_nothing_else(kind: str, store: str, tmp_path: Path) -> None:
    files = {"claim": CLAIM, "driver": DRIVER, "targets": nfs(kind)}[store]
    without = synthesized(kind, tmp_path / "without")
    stack = synthesized(kind, tmp_path / "with", file_storage=files, **REDIS, **REGISTRY)
    before, after = (each["output"].pop("anyscale_cloud_resource")["value"] for each in (without, stack))
    assert stack == without
    assert after == {
        **before,
        "file_storage": files,
        "kubernetes_config": {**before.get("kubernetes_config", {}), **REDIS, **REGISTRY},
    }


def test_keys_of_stores_are_the_same_for_every_kind() -> None:
    schemas = [stack.config_type.model_json_schema() for stack, _ in KINDS.values()]
    for key in ("file_storage", *REDIS, *REGISTRY):
        assert len({json.dumps(schema["properties"][key], sort_keys=True) for schema in schemas}) == 1
    assert len({json.dumps(schema["$defs"]["FileStorage"], sort_keys=True) for schema in schemas}) == 1


@pytest.mark.parametrize("kind", BY_TERRAFORM)
def test_terraform_registers_existing_stores_too(kind: str, tmp_path: Path) -> None:
    stack = synthesized(kind, tmp_path, registration="terraform", file_storage=nfs(kind), **REDIS)
    resource = stack["resource"]["anyscale_cloud_resource"]["cloud_resource"]
    assert resource["file_storage"] == nfs(kind)
    assert resource["kubernetes_config"]["redis_endpoint"] == REDIS["redis_endpoint"]
    assert "lifecycle" not in resource
    del resource["//"], resource["depends_on"]
    check_arguments(resource, RECORDED["resource"]["anyscale_cloud_resource"]["arguments"], "anyscale_cloud_resource")


@pytest.mark.parametrize("kind", BY_TERRAFORM)
def test_fails_on_a_registry_that_terraform_has_no_argument_for(kind: str) -> None:
    says = "custom_image_registry: has no argument in Anyscale's Terraform provider. Fix: remove it, or set reg"
    assert says in refused(kind, registration="terraform", **REGISTRY)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "file_storage: has no effect. Fix: remove it, or set mount_targets, persistent_volume_claim or"),
        ({"mount_targets": []}, "file_storage: has no effect"),
        (CLAIM | DRIVER, "persistent_volume_claim: cannot be combined with file_storage.csi_ephemeral_volume_driver"),
        (CLAIM | TARGETS, "file_storage.persistent_volume_claim: cannot be combined with file_storage.mount_targets"),
        ({"persistent_volume_claim": "Shared"}, "must be a Kubernetes name"),
        ({"mount_targets": [{"address": "nfs://10.0.0.5"}]}, "must be a host name or an IP address"),
        ({"claim": "shared"}, "unknown key 'claim'"),
    ],
)
def test_fails_on_file_storage_that_no_cloud_can_have(kind: str, files: dict[str, Any], says: str) -> None:
    assert says in refused(kind, file_storage=files)


@pytest.mark.parametrize(
    ("kind", "files", "says"),
    [
        ("eks", {**TARGETS, "mount_path": "/a"}, "file_storage.mount_path: does not belong to AWS clouds"),
        ("eks", {"file_storage_id": EFS["file_storage_id"]}, "file_storage_id: requires file_storage.mount_targets"),
        ("eks", EFS | {"file_storage_id": "efs-1"}, "must be an EFS file system's ID"),
        ("gke", {"mount_path": "ray"}, "file_storage.mount_path: has no effect without file_storage.mount_targets"),
        ("gke", {"file_storage_id": test_gke.INSTANCE}, "file_storage_id: requires file_storage.mount_targets"),
        ("gke", FILESTORE | {"file_storage_id": "there"}, "must be a Filestore instance's full name"),
        ("aks", TARGETS, "file_storage.mount_targets: requires file_storage.mount_path"),
        ("aks", {"mount_path": "/a"}, "file_storage.mount_path: requires file_storage.mount_targets"),
        ("aks", {**TARGETS, "mount_path": "a"}, "file_storage.mount_path: must be an absolute path"),
        ("aks", EFS, "file_storage.file_storage_id: does not belong to AZURE clouds"),
        ("generic", TARGETS, "file_storage.mount_targets: requires file_storage.mount_path"),
        ("generic", EFS, "file_storage.file_storage_id: does not belong to GENERIC clouds"),
    ],
)
def test_fails_on_file_storage_of_other_providers(kind: str, files: dict[str, Any], says: str) -> None:
    assert says in refused(kind, file_storage=files)


@pytest.mark.parametrize(
    ("kind", "keys", "says"),
    [
        (
            "eks",
            {"efs": {}, "file_storage": CLAIM},
            "file_storage: cannot be combined with efs. Fix: remove one of the two",
        ),
        ("eks", {"memorydb": {}, **REDIS}, "redis_endpoint: cannot be combined with memorydb"),
        ("gke", {"filestore": {}, "file_storage": CLAIM}, "file_storage: cannot be combined with filestore"),
        ("gke", {"memorystore": {}, **REDIS}, "redis_endpoint: cannot be combined with memorystore"),
        (
            "gke",
            test_gke.EXISTING | {"filestore": {"instance_name": test_gke.INSTANCE}, "file_storage": DRIVER},
            "file_storage: cannot be combined with filestore",
        ),
    ],
)
def test_fails_on_a_store_in_addition_to_the_clouds(kind: str, keys: dict[str, Any], says: str) -> None:
    assert says in refused(kind, **keys)


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("eks", {"efs": {}, **REDIS}),
        ("eks", {"memorydb": {}, "file_storage": CLAIM}),
        ("gke", {"filestore": {}, **REDIS}),
        ("gke", {"memorystore": {}, "file_storage": CLAIM}),
        *((kind, {"file_storage": {"persistent_volume_claim": expr("var.later", "string")}}) for kind in KINDS),
        *((kind, {"redis_endpoint": expr("var.later", "string")}) for kind in KINDS),
    ],
)
def test_similar_configurations_pass(kind: str, keys: dict[str, Any]) -> None:
    KINDS[kind][1](**keys)


def test_existing_efs_and_filestore_are_registered_by_their_ids(tmp_path: Path) -> None:
    eks = synthesized("eks", tmp_path, file_storage=EFS)["output"]["anyscale_cloud_resource"]["value"]
    assert eks["file_storage"] == EFS
    gke = synthesized("gke", tmp_path, file_storage=FILESTORE)["output"]["anyscale_cloud_resource"]["value"]
    assert gke["file_storage"] == FILESTORE
    assert gke["gcp_config"]["vpc_name"] == "${module.vpc.vpc_name}"
