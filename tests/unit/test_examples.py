"""The examples in Python run, and produce what they describe."""

from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs import engine
from anyscale_constructs.review.stacks import plain
from anyscale_constructs.testing import Clouds
from tests import ROOT
from tests.folder import read

EXAMPLES = sorted(file.name for file in (ROOT / "examples").glob("*.py"))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CDKTF_OUTDIR", raising=False)
    return tmp_path


def synthesized(example: str, here: Path) -> dict[str, dict[str, Any]]:
    """The Terraform of an example's stacks, by their names."""
    program = (ROOT / "examples" / example).read_text(encoding="utf-8").replace("from cdktf ", f"from {engine.name} ")
    exec(compile(program, example, "exec"), {"__name__": "__main__"})  # noqa: S102 - the example is ours
    return {folder.name: read(folder) for folder in (here / "cdktf.out" / "stacks").iterdir()}


@pytest.mark.node
@pytest.mark.parametrize("example", EXAMPLES)
def test_example_runs(example: str, here: Path) -> None:
    stacks = synthesized(example, here)
    assert stacks
    for stack in stacks.values():
        versions = {name: pin["version"] for name, pin in stack["terraform"]["required_providers"].items()}
        wanted = {"aws": ">= 6.37.0, < 7.0.0", "google": ">= 5.0.0, < 6.0.0"}
        assert (
            [versions[name] for name in wanted if name in versions]
            == [wanted[name] for name in wanted if name in versions]
            != []
        )
        assert stack["output"]


def test_a_cloud_from_python_is_complete(here: Path) -> None:
    stack = synthesized("ec2_cloud.py", here)["ec2-prod"]
    assert list(stack["module"]) == ["iam", "s3", "s3_policy", "securitygroups", "vpc"]
    assert len(stack["module"]["vpc"]["private_subnets"]) == 3
    assert stack["output"]["anyscale_cloud_resource"]["value"]["networking_mode"] == "PRIVATE"


def test_a_kubernetes_cloud_from_python_is_that_from_yaml(here: Path, clouds: Clouds) -> None:
    from_yaml = {stack.name: stack.terraform for stack in clouds["eks"].stacks}
    assert plain(synthesized("eks_cloud.py", here)) == from_yaml


def test_constructs_can_be_combined_with_raw_resources(here: Path) -> None:
    stack = synthesized("own_stack.py", here)["storage"]
    assert stack["resource"]["aws_kms_key"]["key"]["enable_key_rotation"] is True
    assert stack["module"]["s3"]["server_side_encryption"]["kms_master_key_id"] == "${aws_kms_key.key.arn}"
    assert stack["module"]["efs"]["depends_on"] == ["aws_kms_key.key"]
    assert stack["output"]["first_mount_target"]["value"] == "${module.efs.efs_mount_target_ids[0]}"


@pytest.mark.node
def test_cdktfs_own_features_can_be_combined_with_constructs(here: Path) -> None:
    stack = synthesized("with_cdktf.py", here)["platform"]
    assert stack["module"]["vpc"]["availability_zones"] == "${var.zones}"
    assert stack["resource"]["aws_cloudwatch_log_group"]["logs"]["for_each"] == "${toset(var.zones)}"
    assert stack["output"]["subnets"]["value"] == '${join(",", module.vpc.public_subnet_ids)}'
    assert '"Resource": "${module.s3.s3_bucket_arn}/*"' in stack["resource"]["aws_iam_policy"]["reader"]["policy"]
