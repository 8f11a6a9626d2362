"""Stacks that share a cloud: each is a resource of it, and is registered separately."""

import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml

from tests.e2e.control_plane import ControlPlane
from tests.e2e.registration.conftest import Cli, Outcome
from tests.registration_samples import AWS_K8S, AWS_VM, ORG_ID, changed

Share = Callable[..., Outcome]

WEST = changed(
    AWS_VM,
    name="west",
    region="us-west-2",
    object_storage__bucket_name="s3://acme-anyscale-west",
    object_storage__region="us-west-2",
    aws_config__anyscale_iam_role_id="arn:aws:iam::111122223333:role/anyscale-west",
    aws_config__external_id=f"{ORG_ID}-west",
)


@pytest.fixture
def share(register: Cli, tmp_path: pathlib.Path) -> Share:
    """Registers the outputs of a stack whose configuration sets the cloud `ml`."""

    def share(resource: Mapping[str, Any], *options: str, cloud_key: bool = True) -> Outcome:
        outputs = {"anyscale_cloud_name": "ml", "anyscale_org_id": ORG_ID, "anyscale_cloud_resource": resource}
        file = tmp_path / "outputs.yaml"
        file.write_text(yaml.safe_dump(outputs | ({"anyscale_cloud_stack": "prod"} if cloud_key else {})))
        named = [] if cloud_key else ["--name", "ml"]
        return register(None, "--outputs", str(file), *named, *options)

    return share


def test_each_resource_is_added_once_and_updated_alone(share: Share, plane: ControlPlane) -> None:
    first = share(AWS_VM)
    assert first.action == "created"
    looked = share(WEST, "--dry-run")
    assert (looked.action, looked.result["cloud_resource_id"]) == ("added", None)
    added = share(WEST)
    assert added.action == "added"
    assert f"{AWS_VM['name']}: adding west" in added.stderr
    assert share(AWS_K8S).action == "added"
    (cloud_id,) = plane.clouds
    ids = {each["name"]: each["cloud_resource_id"] for each in plane.resources[cloud_id]}
    assert ids.keys() == {AWS_VM["name"], "west", AWS_K8S["name"]}
    assert (first.result["cloud_resource_id"], added.result["cloud_resource_id"]) == (ids[AWS_VM["name"]], ids["west"])

    before = len(plane.writes)
    for resource in (AWS_VM, WEST, AWS_K8S):
        again = share(resource)
        assert again.action == "unchanged"
        assert again.result["cloud_resource_id"] == ids[resource["name"]]
    assert len(plane.writes) == before

    kept = {each["name"]: each for each in plane.resources[cloud_id] if each["name"] != "west"}
    updated = share(changed(WEST, aws_config__security_group_ids=["sg-0123456789abcdef9"]))
    assert updated.action == "updated"
    assert "changing west" in updated.stderr
    now = {each["name"]: each for each in plane.resources[cloud_id]}
    assert now["west"]["aws_config"]["security_group_ids"] == ["sg-0123456789abcdef9"]
    assert {name: each["aws_config"] for name, each in kept.items() if name == AWS_VM["name"]} == {
        AWS_VM["name"]: now[AWS_VM["name"]]["aws_config"]
    }


def test_a_second_resource_is_refused_unless_the_cloud_is_shared(share: Share, plane: ControlPlane) -> None:
    assert share(AWS_VM, cloud_key=False).action == "created"
    before = len(plane.writes)
    refused = share(WEST, cloud_key=False)
    assert refused.exit_status == 3
    assert "set cloud to the cloud's name" in " ".join(refused.stderr.split())
    assert len(plane.writes) == before


def test_a_resource_is_not_registered_twice_under_two_names(share: Share, plane: ControlPlane) -> None:
    assert share(AWS_VM).action == "created"
    before = len(plane.writes)
    refused = share(changed(AWS_VM, name="renamed"))
    assert refused.exit_status == 3
    assert f"set resource_name to {AWS_VM['name']}" in " ".join(refused.stderr.split())
    assert len(plane.writes) == before


def test_a_failed_addition_keeps_the_other_resources(share: Share, plane: ControlPlane) -> None:
    assert share(AWS_VM).action == "created"
    plane.fail("PUT", "/add_resource$", status=400)
    failed = share(AWS_K8S)
    assert failed.exit_status == 4
    (cloud_id,) = plane.clouds
    assert [each["name"] for each in plane.resources[cloud_id]] == [AWS_VM["name"]]
    assert share(AWS_K8S).action == "added"
