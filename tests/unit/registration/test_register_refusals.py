"""Wrong resource files and outputs: each is an error before the program is looked for or started."""

import json
import pathlib
import re
from typing import Any

import pytest
import yaml

from anyscale_constructs import cli
from anyscale_constructs.errors import RegistrationError
from anyscale_constructs.registration.resource import CloudResource
from tests.registration_samples import (
    AWS_K8S,
    AWS_VM,
    AZURE_K8S,
    GCP_K8S,
    GCP_VM,
    GENERIC_K8S,
    MISSING,
    ORG_ID,
    changed,
)

_INSTANCE = "projects/acme-ml/locations/us-central1-a/instances/anyscale"

RESOURCES: dict[str, tuple[dict[str, Any], str]] = {
    "no bucket": (changed(AWS_VM, object_storage=MISSING), "object_storage.bucket_name: is required for AWS VM"),
    "no bucket in Kubernetes": (changed(AWS_K8S, object_storage={}), "object_storage.bucket_name: is required"),
    "bucket without scheme": (changed(AWS_VM, object_storage__bucket_name="acme"), "must be s3:// and the bucket's"),
    "scheme twice": (changed(AWS_VM, object_storage__bucket_name="s3://s3://acme"), "got 's3://s3://acme'"),
    "bucket ARN": (changed(AWS_VM, object_storage__bucket_name="arn:aws:s3:::acme"), "must be s3://"),
    "another provider's bucket": (changed(GCP_VM, object_storage__bucket_name="s3://acme"), "must be gs://"),
    "abfss without account": (changed(AZURE_K8S, object_storage__bucket_name="abfss://anyscale"), "must be abfss://"),
    "a bucket that S3 has not": (changed(GENERIC_K8S, object_storage__bucket_name="s3://a b"), "got 's3://a b'"),
    "a place in a bucket": (
        changed(GENERIC_K8S, object_storage__bucket_name="s3://acme/ray"),
        "must be s3:// or gs://",
    ),
    "abfss without account on any cluster": (
        changed(GENERIC_K8S, object_storage__bucket_name="abfss://anyscale"),
        "must be s3:// or gs:// and the bucket's name, or abfss://CONTAINER@ACCOUNT.dfs.core.windows.net",
    ),
    "NFS without its directory": (
        changed(GENERIC_K8S, file_storage__mount_path=MISSING),
        "file_storage.mount_targets: requires file_storage.mount_path",
    ),
    "an NFS directory without its server": (
        changed(GENERIC_K8S, file_storage__mount_targets=MISSING),
        "file_storage.mount_path: requires file_storage.mount_targets",
    ),
    "an NFS directory that is not absolute": (
        changed(GENERIC_K8S, file_storage__mount_path="anyscale"),
        "file_storage.mount_path: must be an absolute path, such as /anyscale; got 'anyscale'",
    ),
    "an NFS server's URL": (
        changed(GENERIC_K8S, file_storage__mount_targets=[{"address": "nfs://10.0.0.5"}]),
        "file_storage.mount_targets.0.address: must be a host name or an IP address",
    ),
    "placeholder bucket": (
        changed(AWS_K8S, object_storage__bucket_name="s3://my-bucket"),
        "bucket in Anyscale's examples",
    ),
    "placeholder account": (
        changed(AWS_K8S, kubernetes_config__anyscale_operator_iam_identity="arn:aws:iam::123456789012:role/operator"),
        "is in AWS's example account",
    ),
    "one subnet": (
        changed(AWS_VM, aws_config__subnet_ids=["subnet-0123456789abcdef0"]),
        "subnets in at least two zones",
    ),
    "one subnet twice": (
        changed(AWS_VM, aws_config__subnet_ids=["subnet-0123456789abcdef0"] * 2),
        "subnets in at least two zones",
    ),
    "no subnet": (changed(AWS_VM, aws_config__subnet_ids=[]), "aws_config.subnet_ids: is required"),
    "subnets as one string": (changed(AWS_VM, aws_config__subnet_ids="subnet-1,subnet-2"), "must be a list"),
    "a null among the subnets": (
        changed(AWS_VM, aws_config__subnet_ids=["subnet-0123456789abcdef0", None]),
        "aws_config.subnet_ids.1: must be a string: a subnet ID",
    ),
    "no external ID": (changed(AWS_VM, aws_config__external_id=None), "aws_config.external_id: is required"),
    "external ID without organization": (
        changed(AWS_VM, aws_config__external_id="prod"),
        "the organization ID, a hyphen",
    ),
    "external ID is the organization": (
        changed(AWS_VM, aws_config__external_id=ORG_ID),
        "the organization ID, a hyphen",
    ),
    "no control-plane role": (
        changed(AWS_VM, aws_config__anyscale_iam_role_id=""),
        "anyscale_iam_role_id: is required",
    ),
    "role's name for its ARN": (changed(AWS_VM, aws_config__cluster_iam_role_id="node"), "must be an IAM role's ARN"),
    "profile's name for its ARN": (
        changed(AWS_VM, aws_config__cluster_instance_profile_id="node"),
        "must be an IAM instance profile's ARN",
    ),
    "MemoryDB ARN for its name": (
        changed(AWS_VM, aws_config__memorydb_cluster_name="arn:aws:memorydb:us-east-2:111122223333:cluster/prod"),
        "name, not its ARN",
    ),
    "MemoryDB endpoint without TLS": (
        changed(AWS_VM, aws_config__memorydb_cluster_endpoint="clustercfg.prod.amazonaws.com:6379"),
        "must be rediss://",
    ),
    "no AWS section": (changed(AWS_VM, aws_config=MISSING), "aws_config.vpc_id: is required for AWS VM clouds"),
    "no Google section": (changed(GCP_K8S, gcp_config=None), "gcp_config.project_id: is required for GCP K8S clouds"),
    "no Kubernetes section": (changed(AWS_K8S, kubernetes_config=None), "anyscale_operator_iam_identity: is required"),
    "Kubernetes section for instances": (
        changed(AWS_VM, kubernetes_config={"zones": ["us-east-2a"]}),
        "kubernetes_config: does not belong to VM clouds",
    ),
    "another provider's section": (changed(AWS_VM, gcp_config={"project_id": "acme-ml"}), "does not belong to AWS"),
    "subnets in Kubernetes": (
        changed(AWS_K8S, aws_config={"subnet_ids": AWS_VM["aws_config"]["subnet_ids"]}),
        "aws_config.subnet_ids: does not belong to K8S clouds",
    ),
    "instances on Azure": (changed(AZURE_K8S, compute_stack="VM"), "compute_stack: must be K8S for AZURE clouds"),
    "lower-case provider": (changed(AWS_VM, provider="aws"), "provider: must be 'AWS', 'GCP'"),
    "EKS for K8S": (changed(AWS_K8S, compute_stack="EKS"), "compute_stack: must be 'VM' or 'K8S'"),
    "no provider": (changed(AWS_VM, provider=None), "provider: must be"),
    "no region": (changed(GENERIC_K8S, region=MISSING), "region: is required"),
    "zone for region": (
        changed(AWS_VM, region="us-east-2a"),
        "region: must be a region of the commercial AWS partition",
    ),
    "GovCloud": (changed(AWS_VM, region="us-gov-west-1"), "region: must be a region of the commercial AWS partition"),
    "zones of another region": (
        changed(AWS_K8S, kubernetes_config__zones=["us-east-2a", "us-west-2b"]),
        "must be zones of the region us-east-2; got ['us-west-2b']",
    ),
    "unknown key": (changed(AWS_VM, networking="PUBLIC"), "unknown key 'networking': did you mean 'networking_mode'?"),
    "unknown key in a section": (
        changed(AWS_VM, aws_config__subnets=None),
        "aws_config.subnets: unknown key 'subnets'",
    ),
    "identity provider with project ID": (
        changed(
            GCP_VM,
            gcp_config__provider_name="projects/acme-ml/locations/global/workloadIdentityPools/anyscale/providers/anyscale",
        ),
        "which contains the project number",
    ),
    "project number for project ID": (changed(GCP_VM, gcp_config__project_id="123456"), "which begins with a letter"),
    "Filestore's short name": (
        changed(GCP_VM, file_storage__file_storage_id="anyscale"),
        "Filestore instance's full name",
    ),
    "Memorystore's short name": (
        changed(GCP_VM, gcp_config__memorystore_instance_name="anyscale"),
        "must be an instance's full name",
    ),
    "Filestore without VPC in Kubernetes": (
        changed(GCP_K8S, file_storage={"file_storage_id": _INSTANCE}),
        "gcp_config.vpc_name: is required with Filestore",
    ),
    "Filestore's path without its address": (
        changed(GCP_VM, file_storage={"mount_path": "/anyscale"}),
        "mount_path: has no effect without file_storage.mount_targets",
    ),
    "two kinds of file storage": (
        changed(GENERIC_K8S, file_storage__persistent_volume_claim="anyscale"),
        "file_storage.persistent_volume_claim: cannot be combined with file_storage.mount_targets",
    ),
    "S3's addressing style with Google's bucket": (
        changed(GENERIC_K8S, object_storage__bucket_name="gs://anyscale"),
        "object_storage.s3_addressing_style: applies only to s3:// buckets, not to 'gs://anyscale'",
    ),
    "S3's addressing style with Azure's bucket": (
        changed(GENERIC_K8S, object_storage__bucket_name="abfss://anyscale@acme.dfs.core.windows.net"),
        "s3_addressing_style: applies only to s3:// buckets",
    ),
    "Azure client's name for its principal ID": (
        changed(AZURE_K8S, kubernetes_config__anyscale_operator_iam_identity="operator"),
        "principal ID (not its client ID)",
    ),
}

_AWS = {"zones": ["us-east-2a"]}
_GOOGLE = {"project_id": "acme-ml"}
_AZURE = {"tenant_id": "a1b2c3d4-e5f6-7890-abcd-ef1234567890"}
_CLAIM = {"persistent_volume_claim": "anyscale"}
_DRIVER = {"csi_ephemeral_volume_driver": "csi.acme.example"}
_TARGETS = {"mount_targets": [{"address": "10.0.0.5"}]}
_REDIS = "redis.ray-system.svc.cluster.local:6379"

# Misplaced and mutually exclusive fields: one case for each entry of the rules.
MISPLACED: list[tuple[dict[str, Any], str]] = [
    (changed(AWS_VM, azure_config=_AZURE), "azure_config: does not belong to AWS clouds"),
    (changed(AWS_VM, file_storage={"mount_path": "/x"}), "file_storage.mount_path: does not belong to AWS clouds"),
    (changed(GCP_VM, aws_config=_AWS), "aws_config: does not belong to GCP clouds"),
    (changed(GCP_VM, azure_config=_AZURE), "azure_config: does not belong to GCP clouds"),
    (
        changed(GCP_VM, object_storage__s3_addressing_style="PATH_STYLE"),
        "object_storage.s3_addressing_style: does not belong to GCP clouds",
    ),
    (changed(AZURE_K8S, aws_config=_AWS), "aws_config: does not belong to AZURE clouds"),
    (changed(AZURE_K8S, gcp_config=_GOOGLE), "gcp_config: does not belong to AZURE clouds"),
    (changed(AZURE_K8S, file_storage={"file_storage_id": "anyscale"}), "file_storage_id: does not belong to AZURE"),
    (changed(GENERIC_K8S, azure_config=_AZURE), "azure_config: does not belong to GENERIC clouds"),
    (
        changed(GENERIC_K8S, file_storage={"file_storage_id": "fs-0123456789abcdef0"}),
        "file_storage_id: does not belong to GENERIC clouds. Fix: use mount_targets, persistent_volume_claim",
    ),
    (changed(AWS_VM, file_storage=_CLAIM), "file_storage.persistent_volume_claim: does not belong to VM clouds"),
    (changed(AWS_VM, file_storage=_DRIVER), "file_storage.csi_ephemeral_volume_driver: does not belong to VM clouds"),
    (changed(GCP_K8S, gcp_config__subnet_names=["anyscale"]), "gcp_config.subnet_names: does not belong to K8S clouds"),
    (
        changed(AWS_K8S, file_storage={**_TARGETS, **_CLAIM}),
        "file_storage.persistent_volume_claim: cannot be combined with file_storage.mount_targets",
    ),
    (
        changed(AWS_K8S, file_storage={**_TARGETS, **_DRIVER}),
        "file_storage.csi_ephemeral_volume_driver: cannot be combined with file_storage.mount_targets",
    ),
    (
        changed(AZURE_K8S, file_storage={"mount_path": "/x", **_CLAIM}),
        "file_storage.persistent_volume_claim: cannot be combined with file_storage.mount_path",
    ),
    (
        changed(AZURE_K8S, file_storage={"mount_path": "/x", **_DRIVER}),
        "file_storage.csi_ephemeral_volume_driver: cannot be combined with file_storage.mount_path",
    ),
    (
        changed(AWS_K8S, aws_config={"memorydb_cluster_name": "prod"}, kubernetes_config__redis_endpoint=_REDIS),
        "kubernetes_config.redis_endpoint: cannot be combined with aws_config.memorydb_cluster_name",
    ),
    (
        changed(GCP_K8S, gcp_config__memorystore_instance_name=_INSTANCE, kubernetes_config__redis_endpoint=_REDIS),
        "kubernetes_config.redis_endpoint: cannot be combined with gcp_config.memorystore_instance_name",
    ),
]

OUTPUTS: dict[str, tuple[Any, str]] = {
    "empty": ({}, "has no output anyscale_cloud_resource"),
    "a list": ([AWS_VM], "must contain a mapping of outputs"),
    "another stack": ({"staging": {"anyscale_cloud_resource": AWS_VM}}, "has no stack prod: it has staging"),
    "no resource": ({"anyscale_cloud_name": {"value": "prod", "type": "string"}}, "no output anyscale_cloud_resource"),
    "null resource": (
        {"anyscale_cloud_name": {"value": "prod"}, "anyscale_cloud_resource": {"value": None, "sensitive": False}},
        "has no output anyscale_cloud_resource",
    ),
    "resource as text": (
        {"anyscale_cloud_resource": {"value": json.dumps(AWS_VM), "type": "string"}},
        "anyscale_cloud_resource must be an object",
    ),
    "no name": ({"anyscale_cloud_resource": {"value": AWS_VM}}, "has no output anyscale_cloud_name"),
    "empty name": (
        {"anyscale_cloud_resource": {"value": AWS_VM}, "anyscale_cloud_name": {"value": ""}},
        "anyscale_cloud_name must be at least one character",
    ),
    "another organization": (
        {
            "anyscale_cloud_resource": {"value": AWS_VM},
            "anyscale_cloud_name": {"value": "prod"},
            "anyscale_org_id": {"value": "org_other"},
        },
        f"external_id: must begin with the organization ID and a hyphen, org_other-; got '{ORG_ID}-prod'",
    ),
}


@pytest.fixture(autouse=True)
def _no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANYSCALE_BIN", "/no/such/program")


def refusal(
    outputs: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *options: str
) -> str:
    monkeypatch.setattr("sys.argv", ["anyscale-constructs", "register", "prod", "--outputs", str(outputs), *options])
    with pytest.raises(SystemExit) as end:
        cli.main()
    captured = capsys.readouterr()
    assert end.value.code == 2
    assert captured.out == ""
    assert "/no/such/program" not in captured.err
    return captured.err


@pytest.mark.parametrize(("resource", "says"), RESOURCES.values(), ids=RESOURCES)
def test_fails_on_a_wrong_resource_file(
    resource: dict[str, Any],
    says: str,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "resource.yaml"
    file.write_text(yaml.safe_dump({"anyscale_cloud_resource": resource}))
    assert says in refusal(file, monkeypatch, capsys, "--name", "prod")


@pytest.mark.parametrize(("resource", "says"), MISPLACED, ids=[says for _, says in MISPLACED])
def test_fails_on_misplaced_fields(resource: dict[str, Any], says: str) -> None:
    with pytest.raises(RegistrationError, match=re.escape(says)):
        CloudResource.read(resource)


@pytest.mark.parametrize(("outputs", "says"), OUTPUTS.values(), ids=OUTPUTS)
def test_fails_on_wrong_outputs(
    outputs: Any, says: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(outputs))
    assert says in refusal(file, monkeypatch, capsys)


def test_fails_on_a_missing_file(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "cannot be read: No such file" in refusal(tmp_path / "none.json", monkeypatch, capsys)


def test_fails_on_a_file_that_is_neither_json_nor_yaml(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "outputs.json"
    file.write_text("{")
    assert "is neither JSON nor YAML" in refusal(file, monkeypatch, capsys)


def test_valid_outputs_are_passed_to_the_program(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "resource.yaml"
    file.write_text(yaml.safe_dump(AWS_VM))
    monkeypatch.setattr(
        "sys.argv", ["anyscale-constructs", "register", "prod", "--outputs", str(file), "--name", "prod"]
    )
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert "ANYSCALE_BIN is /no/such/program, which is not a program" in capsys.readouterr().err
