import shlex
from typing import Any

import pytest
import yaml

from anyscale_constructs.registration.command import register_command
from anyscale_constructs.registration.outputs import Registration
from anyscale_constructs.registration.resource import CloudResource
from tests.registration_samples import AWS_K8S, AWS_VM, GCP_VM, MISSING, changed


def words(
    sample: dict[str, Any], *, name: str = "prod", verify: bool = False, auto_add_user: bool = False
) -> list[str]:
    registration = Registration(name, CloudResource.read(sample))
    return split(register_command(registration, verify=verify, auto_add_user=auto_add_user))


def split(command: str) -> list[str]:
    return shlex.split(command.replace("\\\n", ""))


def test_an_ec2_cloud_needs_flags_only() -> None:
    assert words(AWS_VM) == [
        *("anyscale", "cloud", "register", "--name", "prod", "--provider", "aws", "--region", "us-east-2"),
        *("--cloud-storage-bucket-name", "s3://acme-anyscale-prod"),
        *("--file-storage-id", "fs-0123456789abcdef0"),
        *("--vpc-id", "vpc-0123456789abcdef0"),
        *("--subnet-ids", "subnet-0123456789abcdef0,subnet-0123456789abcdef1"),
        *("--security-group-ids", "sg-0123456789abcdef0"),
        *("--anyscale-iam-role-id", "arn:aws:iam::111122223333:role/anyscale-access"),
        *("--external-id", "org_e2e1234-prod"),
        *("--instance-iam-role-id", "arn:aws:iam::111122223333:role/anyscale-node"),
        *("--memorydb-cluster-id", "anyscale-prod"),
        *("--skip-verifications", "--yes"),
    ]


def test_a_gce_cloud_needs_flags_only_with_filestore_in_two_parts() -> None:
    command = words(GCP_VM, verify=True, auto_add_user=True)
    assert "--private-network" in command
    assert command[command.index("--filestore-location") :][:4] == [
        *("--filestore-location", "us-central1-a"),
        *("--file-storage-id", "anyscale"),
    ]
    assert command[-2:] == ["--enable-auto-add-user", "--yes"]


@pytest.mark.parametrize(("sample", "skips"), [(AWS_VM, False), (AWS_K8S, True)], ids=["VM", "K8S"])
def test_a_cloud_on_kubernetes_is_not_verified_as_the_command_itself_does_it(
    sample: dict[str, Any], skips: bool
) -> None:
    command = register_command(Registration("prod", CloudResource.read(sample)), verify=True, auto_add_user=False)
    assert ("--skip-verifications" in command) == skips


def test_it_is_quoted_for_the_shell() -> None:
    registration = Registration("it's; rm -rf $HOME", CloudResource.read(AWS_VM))
    command = register_command(registration, verify=False, auto_add_user=False)
    assert split(command)[4] == "it's; rm -rf $HOME"


@pytest.mark.parametrize(
    "sample",
    [
        AWS_K8S,
        changed(AWS_VM, name="primary"),
        changed(AWS_VM, object_storage__region="us-west-2"),
        changed(AWS_VM, aws_config__cluster_instance_profile_id="arn:aws:iam::111122223333:instance-profile/other"),
        changed(AWS_VM, aws_config__zones=["us-east-2a", "us-east-2b"]),
        changed(GCP_VM, file_storage__file_storage_id="projects/other/locations/us-central1-a/instances/anyscale"),
    ],
    ids=["Kubernetes", "a name of one's own", "bucket elsewhere", "profile of one's own", "zones", "other project"],
)
def test_fields_without_flags_need_a_resource_file(sample: dict[str, Any]) -> None:
    resource = CloudResource.read(sample)
    text = register_command(Registration("prod", resource), verify=False, auto_add_user=False)
    head, content, command = text.partition("<<'EOF'\n")[0], *text.partition("<<'EOF'\n")[2].split("EOF\n")
    assert head == "cat > cloud-resource.yaml "
    assert yaml.safe_load(content) == resource.mapping()
    assert split(command) == [
        *("anyscale", "cloud", "register", "--name", "prod", "--resource-file", "cloud-resource.yaml"),
        *("--skip-verifications", "--yes"),
    ]


def test_a_missing_networking_mode_is_the_programs_default() -> None:
    assert "--private-network" not in words(changed(AWS_VM, networking_mode=MISSING))
