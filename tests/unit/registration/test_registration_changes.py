from typing import Any

import pytest

from anyscale_constructs.errors import RefusedChangeError
from anyscale_constructs.registration.changes import changes, left_over, merge, refuse_changes_for_life, replaced
from tests.registration_samples import AWS_K8S, AWS_VM, GCP_K8S, GCP_VM, MISSING, changed

# AWS_VM in the control plane: with IDs and derived values.
THERE = changed(
    AWS_VM,
    cloud_resource_id="cldrsrc_1",
    file_storage__mount_targets=[{"address": "10.0.0.5"}],
    aws_config__zones=["us-east-2a", "us-east-2b"],
    aws_config__memorydb_cluster_arn="arn:aws:memorydb:us-east-2:111122223333:cluster/anyscale-prod",
    aws_config__memorydb_cluster_endpoint="rediss://clustercfg.anyscale-prod.amazonaws.com:6379",
)


def fields(existing: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    return [change.field for change in changes(existing, wanted)]


def test_values_from_the_control_plane_are_no_change() -> None:
    assert changes(THERE, AWS_VM) == []
    assert left_over(THERE, AWS_VM) == {}
    assert merge(THERE, AWS_VM) == THERE


@pytest.mark.parametrize(
    ("existing", "wanted"),
    [
        (THERE, changed(AWS_VM, aws_config__subnet_ids=AWS_VM["aws_config"]["subnet_ids"][::-1])),
        (changed(THERE, object_storage__region=MISSING), AWS_VM),
        (changed(THERE, networking_mode=MISSING), AWS_VM),
        (changed(THERE, aws_config__cluster_instance_profile_id=MISSING), AWS_VM),
        (THERE, changed(AWS_VM, kubernetes_config={"zones": []})),
        (
            changed(THERE, file_storage__mount_targets=[{"address": "10.0.0.5"}]),
            changed(AWS_VM, file_storage__mount_targets=[{"address": "10.0.0.5", "zone": None}]),
        ),
    ],
    ids=[
        "another order",
        "no bucket region",
        "no networking mode",
        "no instance profile",
        "an empty list",
        "a null in a mount target",
    ],
)
def test_equivalent_values_are_no_change(existing: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert changes(existing, wanted) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("object_storage__region", "us-west-2"),
        ("networking_mode", "PRIVATE"),
        ("aws_config__cluster_instance_profile_id", "arn:aws:iam::111122223333:instance-profile/other"),
    ],
)
def test_a_difference_from_a_default_is_a_change(field: str, value: str) -> None:
    existing = changed(THERE, **{field: MISSING})
    assert fields(existing, changed(AWS_VM, **{field: value})) == [field.replace("__", ".")]


def test_a_change_shows_both_values() -> None:
    (change,) = changes(THERE, changed(AWS_VM, networking_mode="PRIVATE"))
    assert str(change) == 'networking_mode: "PUBLIC" -> "PRIVATE"'


@pytest.mark.parametrize(
    ("wanted", "field", "stale"),
    [
        (
            changed(AWS_VM, aws_config__subnet_ids=["subnet-0123456789abcdef0", "subnet-0123456789abcdef2"]),
            "aws_config.subnet_ids",
            ["aws_config.zones"],
        ),
        (
            changed(AWS_VM, aws_config__memorydb_cluster_name="other"),
            "aws_config.memorydb_cluster_name",
            ["aws_config.memorydb_cluster_arn", "aws_config.memorydb_cluster_endpoint"],
        ),
        (
            changed(AWS_VM, file_storage__file_storage_id="fs-fedcba9876543210f"),
            "file_storage.file_storage_id",
            ["file_storage.mount_targets"],
        ),
    ],
    ids=["subnets", "MemoryDB", "EFS"],
)
def test_a_new_source_drops_values_derived_from_the_old_one(
    wanted: dict[str, Any], field: str, stale: list[str]
) -> None:
    assert fields(THERE, wanted) == [field]
    expected = changed(THERE, **{path.replace(".", "__"): MISSING for path in stale})
    section, key = field.split(".")
    expected[section][key] = wanted[section][key]
    assert merge(THERE, wanted) == expected


def test_a_derived_value_that_is_set_is_sent() -> None:
    wanted = changed(
        AWS_VM,
        aws_config__subnet_ids=["subnet-0123456789abcdef0", "subnet-0123456789abcdef2"],
        aws_config__zones=["us-east-2a", "us-east-2c"],
    )
    assert merge(THERE, wanted)["aws_config"]["zones"] == ["us-east-2a", "us-east-2c"]


EFS = {"file_storage_id": "fs-0123456789abcdef0", "mount_targets": [{"address": "10.0.0.5"}]}
EFS_IN_ZONES = {
    **EFS,
    "mount_targets": [{"address": "10.0.0.5", "zone": "us-east-2a"}, {"address": "10.0.16.5", "zone": "us-east-2b"}],
}
CLAIM = {"persistent_volume_claim": "shared"}
NFS = {"mount_targets": [{"address": "10.0.9.9"}], "mount_path": "/anyscale"}
MEMORYDB = {
    "memorydb_cluster_name": "prod",
    "memorydb_cluster_arn": "arn:aws:memorydb:us-east-2:111122223333:cluster/prod",
    "memorydb_cluster_endpoint": "rediss://clustercfg.prod.amazonaws.com:6379",
}
MEMORYSTORE = {"memorystore_instance_name": "projects/a/locations/b/instances/c", "memorystore_endpoint": "10.0.0.7:1"}
REDIS = "redis.acme.example:6379"
NO_REDIS = changed(AWS_K8S, kubernetes_config__redis_endpoint=MISSING)


def test_more_mount_targets_of_one_file_system_are_a_change_of_nothing_else() -> None:
    wanted = changed(AWS_K8S, file_storage=EFS_IN_ZONES)
    existing = changed(AWS_K8S, file_storage=EFS, cloud_resource_id="cldrsrc_1")
    assert fields(existing, wanted) == ["file_storage.mount_targets"]
    assert merge(existing, wanted) == wanted | {"cloud_resource_id": "cldrsrc_1"}
    assert replaced(existing, wanted) == []


@pytest.mark.parametrize(
    ("existing", "wanted", "gone"),
    [
        (
            changed(AWS_K8S, file_storage=EFS),
            changed(AWS_K8S, file_storage=CLAIM),
            ["file_storage_id", "mount_targets"],
        ),
        (changed(AWS_K8S, file_storage=CLAIM), changed(AWS_K8S, file_storage=EFS), ["persistent_volume_claim"]),
        (changed(GCP_K8S, file_storage=EFS | NFS), changed(GCP_K8S, file_storage=NFS), ["file_storage_id"]),
        (
            changed(GCP_K8S, file_storage=NFS),
            changed(GCP_K8S, file_storage={"csi_ephemeral_volume_driver": "nfs.csi.k8s.io"}),
            ["mount_path", "mount_targets"],
        ),
        (changed(NO_REDIS, aws_config=MEMORYDB), AWS_K8S, [*sorted(MEMORYDB)]),
        (AWS_K8S, changed(NO_REDIS, aws_config=MEMORYDB), ["redis_endpoint"]),
        (
            changed(GCP_K8S, gcp_config=GCP_K8S["gcp_config"] | MEMORYSTORE),
            changed(GCP_K8S, kubernetes_config__redis_endpoint=REDIS),
            ["memorystore_endpoint", "memorystore_instance_name"],
        ),
        (changed(AWS_K8S, file_storage=EFS), AWS_K8S, []),
        (THERE, AWS_VM, []),
    ],
    ids=[
        "EFS, claim",
        "claim, EFS",
        "Filestore, NFS",
        "NFS, driver",
        "MemoryDB, Redis",
        "Redis, MemoryDB",
        "Memorystore, Redis",
        "nothing named",
        "what was found",
    ],
)
def test_a_store_replaces_another_one(existing: dict[str, Any], wanted: dict[str, Any], gone: list[str]) -> None:
    found = replaced(existing, wanted)
    assert [change.field.rpartition(".")[2] for change in found] == gone
    assert {change.after for change in found} <= {None}
    merged = merge(existing, wanted)
    assert changes(merged, wanted) == replaced(merged, wanted) == []
    assert not {change.field for change in found} & left_over(existing, wanted).keys()


def test_fields_that_outputs_no_longer_set_are_kept_and_listed() -> None:
    wanted = changed(AWS_VM, file_storage=MISSING)
    assert changes(THERE, wanted) == []
    assert merge(THERE, wanted)["file_storage"] == THERE["file_storage"]
    assert left_over(THERE, wanted) == {"file_storage.file_storage_id": "fs-0123456789abcdef0"}


@pytest.mark.parametrize(
    ("existing", "wanted", "says"),
    [
        (
            AWS_VM,
            GCP_VM,
            "provider: the provider of the cloud prod (cld_1) is 'AWS' and cannot be changed; nothing was written",
        ),
        (AWS_VM, changed(AWS_VM, compute_stack="K8S"), "is 'VM' and cannot be changed; nothing was written; got 'K8S'"),
        (
            AWS_VM,
            changed(AWS_VM, region="us-west-2"),
            "is 'us-east-2' and cannot be changed; nothing was written; got 'us-west-2'",
        ),
        (
            AWS_VM,
            changed(AWS_VM, aws_config__anyscale_iam_role_id="arn:aws:iam::111122223333:role/other"),
            "written; got 'arn:aws:iam::111122223333:role/other'",
        ),
        (
            AWS_VM,
            changed(AWS_VM, aws_config__external_id="org_e2e1234-other"),
            "is 'org_e2e1234-prod' and cannot be changed; nothing was written; got 'org_e2e1234-other'",
        ),
        (
            GCP_VM,
            changed(GCP_VM, gcp_config__anyscale_service_account_email="other@acme-ml.iam.gserviceaccount.com"),
            "is 'access@acme-ml.iam.gserviceaccount.com' and cannot be changed",
        ),
    ],
    ids=["provider", "stack", "region", "role", "external ID", "service account"],
)
def test_fails_on_a_change_that_is_impossible(existing: dict[str, Any], wanted: dict[str, Any], says: str) -> None:
    with pytest.raises(RefusedChangeError) as error:
        refuse_changes_for_life("the cloud prod (cld_1)", existing, wanted)
    assert says in str(error.value)
    assert error.value.exit_status == 3


def test_all_impossible_changes_are_listed() -> None:
    wanted = changed(AWS_VM, region="us-west-2", aws_config__external_id="org_e2e1234-other")
    with pytest.raises(RefusedChangeError) as error:
        refuse_changes_for_life("the cloud", THERE, wanted)
    assert [found.key for found in error.value.findings] == [("region",), ("aws_config", "external_id")]


@pytest.mark.parametrize(
    "existing",
    [THERE, {"provider": "AWS", "region": "us-east-2", "compute_stack": "UNKNOWN"}],
    ids=["the same", "a cloud without a stack yet"],
)
def test_equal_or_unknown_values_are_allowed(existing: dict[str, Any]) -> None:
    refuse_changes_for_life("the cloud", existing, AWS_VM)
