"""Registrations without faults."""

import fcntl
import json
import os
import pathlib
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from anyscale_constructs.registration.changes import changes
from anyscale_constructs.registration.command import _FLAGS as FLAGS
from anyscale_constructs.registration.resource import CloudResource
from anyscale_constructs.terraform.values import to_terraform
from tests import spelled
from tests.e2e.control_plane import ControlPlane, Request
from tests.e2e.registration.conftest import Cli, Outcome
from tests.registration_samples import ALL, AWS_K8S, AWS_VM, GCP_VM, ORG_ID, changed


@pytest.fixture(scope="module")
def twice(new_register: Callable[[ControlPlane], Cli]) -> Iterator[dict[str, tuple[Outcome, list[Request], Outcome]]]:
    """Each kind of cloud, registered twice; in parallel, to save time."""
    with ControlPlane() as plane:
        register = new_register(plane)

        def run(kind: str) -> tuple[Outcome, list[Request], Outcome]:
            first = register(ALL[kind], "--enable-auto-add-user", name=kind)
            written = [
                r for r in plane.writes if first.result["cloud_id"] in r.path or (r.body or {}).get("name") == kind
            ]
            return first, written, register(ALL[kind], name=kind)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            yield dict(zip(ALL, pool.map(run, ALL), strict=True))
        assert len(plane.writes) == 2 * len(ALL)
        assert [request.path for request in plane.requests if "usage" in request.path] == []


@pytest.mark.parametrize("kind", ALL)
def test_every_kind_is_created_and_then_unchanged(
    kind: str, twice: dict[str, tuple[Outcome, list[Request], Outcome]]
) -> None:
    first, written, second = twice[kind]
    assert first.action == "created"
    assert second.result == {**first.result, "action": "unchanged"}
    cloud, resource = written
    assert (cloud.method, cloud.path) == ("POST", "/api/v2/clouds/")
    assert (cloud.body["name"], cloud.body["provider"]) == (kind, ALL[kind]["provider"])
    assert cloud.body["auto_add_user"] is True
    assert (resource.method, resource.path) == ("PUT", f"/api/v2/clouds/{first.result['cloud_id']}/add_resource")
    sent = CloudResource.read(
        {key: value for key, value in resource.body.items() if key != "aws_config" or kind == "aws-vm"}
    )
    assert sent == CloudResource.read(ALL[kind])


def test_outputs_of_a_deployed_stack_are_registered(
    register: Cli, plane: ControlPlane, tmp_path: pathlib.Path, terraform: str
) -> None:
    """From `terraform apply` of outputs alone to the registered cloud, and again."""
    directory = tmp_path / "build/stacks/prod"
    directory.mkdir(parents=True)
    (tmp_path / "cdktf.json").write_text('{"output": "build"}')
    outputs = {
        "anyscale_cloud_name": {"value": "prod"},
        "anyscale_org_id": {"value": ORG_ID},
        "anyscale_cloud_resource": {
            "value": spelled(to_terraform({**CloudResource.read(AWS_VM).mapping(), "kubernetes_config": None}))
        },
    }
    (directory / "cdk.tf.json").write_text(json.dumps({"output": outputs}))
    for command in (["init"], ["apply", "-auto-approve"]):
        subprocess.run([terraform, *command, "-no-color"], cwd=directory, check=True, capture_output=True)

    first = register(None)
    assert first.action == "created"
    assert plane.writes[0].body["auto_add_user"] is False
    writes = list(plane.writes)
    with (directory / "terraform.tfstate").open("r+") as state:
        fcntl.lockf(state, fcntl.LOCK_EX)  # locked by terraform apply; reading does not need the lock
        second = register(None, "--json")
    assert second.result == {**first.result, "action": "unchanged"}
    assert plane.writes == writes
    assert (second.stderr, second.stdout.count("\n")) == ("", 1)
    assert first.stderr.splitlines() == ["looking for the cloud prod", "creating the cloud prod"]


def test_a_change_is_written_and_keeps_what_the_control_plane_found(register: Cli, plane: ControlPlane) -> None:
    cloud_id = plane.add_cloud("prod")
    plane.add_resource(cloud_id, {**AWS_K8S, "name": "another"})
    resource_id = plane.add_resource(cloud_id, AWS_VM)
    plane.requests.clear()
    group = ["sg-0123456789abcdef0", "sg-0123456789abcdef1"]
    outcome = register(changed(AWS_VM, aws_config__security_group_ids=group))
    assert outcome.result == {"action": "updated", "cloud_id": cloud_id, "cloud_resource_id": resource_id}
    assert 'aws_config.security_group_ids: ["sg-0123456789abcdef0"] -> ' in outcome.stderr
    (write,) = plane.writes
    (sent,) = write.body
    assert sent["cloud_resource_id"] == resource_id
    assert sent["aws_config"]["security_group_ids"] == group
    assert sent["aws_config"]["zones"] == ["us-east-2a", "us-east-2b"]
    assert sent["aws_config"]["memorydb_cluster_arn"].endswith(":cluster/anyscale-prod")
    assert sent["file_storage"]["mount_targets"] == [{"address": "fs-0123456789abcdef0.efs.example.com"}]


def test_an_eks_cloud_gets_a_mount_target_for_each_zone_and_then_a_claim(register: Cli, plane: ControlPlane) -> None:
    """The control plane cannot look them up for a cloud on Kubernetes, and stores only one."""
    efs, zones = "fs-0123456789abcdef0", {"us-east-2a": "10.0.1.5", "us-east-2b": "10.0.2.5"}
    targets = [{"address": address, "zone": zone} for zone, address in zones.items()]
    cloud_id = plane.add_cloud("prod", compute_stack="K8S")
    one = {"file_storage_id": efs, "mount_targets": [{"address": "10.0.1.5"}]}
    resource_id = plane.add_resource(cloud_id, changed(AWS_K8S, file_storage=one))
    for files, says in (
        ({"file_storage_id": efs, "mount_targets": targets}, "  file_storage.mount_targets: ["),
        ({"persistent_volume_claim": "shared"}, f'  file_storage.file_storage_id: "{efs}" -> null'),
    ):
        wanted = changed(AWS_K8S, file_storage=files)
        outcome = register(wanted)
        assert outcome.result == {"action": "updated", "cloud_id": cloud_id, "cloud_resource_id": resource_id}
        assert says in outcome.stderr
        (stored,) = plane.resources[cloud_id]
        assert {key: value for key, value in stored["file_storage"].items() if value} == files
        assert register(wanted).action == "unchanged"


def test_a_dry_run_says_what_it_would_change_and_writes_nothing(register: Cli, plane: ControlPlane) -> None:
    cloud_id = plane.add_cloud("prod")
    resource_id = plane.add_resource(cloud_id, AWS_VM)
    plane.requests.clear()
    outcome = register(changed(AWS_VM, networking_mode="PRIVATE"), "--dry-run")
    assert outcome.result == {
        "action": "updated",
        "cloud_id": cloud_id,
        "cloud_resource_id": resource_id,
        "dry_run": True,
    }
    assert 'networking_mode: "PUBLIC" -> "PRIVATE"' in outcome.stderr
    assert plane.writes == []


def test_a_dry_run_of_a_new_cloud_writes_nothing(register: Cli, plane: ControlPlane) -> None:
    outcome = register(AWS_VM, "--dry-run")
    assert outcome.result == {"action": "created", "cloud_id": None, "cloud_resource_id": None, "dry_run": True}
    assert plane.writes == []


@pytest.mark.parametrize("sample", [AWS_VM, GCP_VM, AWS_K8S], ids=["EC2", "GCE", "EKS"])
def test_the_printed_command_registers_the_same_cloud(
    sample: dict[str, Any], register: Cli, plane: ControlPlane
) -> None:
    printed = register(sample, "--print", "command")
    assert plane.requests == []
    shell = subprocess.run(
        ["sh", "-e"],
        input=printed.stdout.replace("anyscale cloud", f"{register.program} cloud"),
        cwd=register.directory,
        env=register.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shell.returncode == 0, shell.stderr
    ((stored,),) = plane.resources.values()
    assert changes(stored, CloudResource.read(sample).mapping()) == []
    assert stored["name"] == sample["name"]


def test_the_printed_command_knows_only_flags_that_the_program_shows(register: Cli) -> None:
    shown = register.anyscale("cloud", "register", "--help").stdout.split()
    flags = {flag for table in FLAGS.values() for flag in table.values()}
    flags |= {"--name", "--provider", "--private-network", "--filestore-location", "--resource-file", "--yes"}
    flags |= {"--enable-auto-add-user", "--skip-verifications"}
    assert flags - {word.strip(",") for word in shown} == set()


@pytest.mark.parametrize(
    "sample", [changed(AWS_VM, file_storage__mount_targets=[{"address": "10.0.0.5"}]), AWS_K8S, GCP_VM]
)
def test_the_printed_terraform_is_formatted(sample: dict[str, Any], register: Cli, terraform: str) -> None:
    printed = register(sample, "--print", "terraform").stdout
    done = subprocess.run([terraform, "fmt", "-"], input=printed, capture_output=True, text=True, check=True)
    assert done.stdout == printed


def test_the_second_stack_of_a_kubernetes_cloud_gets_the_id(register: Cli, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "terraform.tfvars.json"
    outcome = register(AWS_K8S, "--tfvars", str(file))
    assert json.loads(file.read_text()) == {"cloud_resource_id": outcome.result["cloud_resource_id"]}
