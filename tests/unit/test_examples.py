"""The examples in Python run, and make what they say."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from tests import ROOT

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CDKTF_OUTDIR", raising=False)
    return tmp_path


def synthesized(example: Path, here: Path) -> dict[str, Any]:
    runpy.run_path(str(example), run_name="__main__")
    (file,) = (here / "cdktf.out" / "stacks").glob("*/cdk.tf.json")
    loaded: dict[str, Any] = json.loads(file.read_text())
    return loaded


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda file: file.stem)
def test_example_runs(example: Path, here: Path) -> None:
    stack = synthesized(example, here)
    versions = {name: pin["version"] for name, pin in stack["terraform"]["required_providers"].items()}
    wanted = {"aws": ">= 6.37.0, < 7.0.0", "google": ">= 5.0.0, < 6.0.0"}
    assert (
        [versions[name] for name in wanted if name in versions]
        == [wanted[name] for name in wanted if name in versions]
        != []
    )
    assert stack["output"]


def test_a_cloud_from_python_is_whole(here: Path) -> None:
    stack = synthesized(ROOT / "examples" / "ec2_cloud.py", here)
    assert list(stack["module"]) == ["iam", "s3", "s3_policy", "securitygroups", "vpc"]
    assert len(stack["module"]["vpc"]["private_subnets"]) == 3
    assert stack["output"]["anyscale_cloud_resource"]["value"]["networking_mode"] == "PRIVATE"


def test_constructs_stand_beside_raw_resources(here: Path) -> None:
    stack = synthesized(ROOT / "examples" / "own_stack.py", here)
    assert stack["resource"]["aws_kms_key"]["key"]["enable_key_rotation"] is True
    assert stack["module"]["s3"]["server_side_encryption"]["kms_master_key_id"] == "${aws_kms_key.key.arn}"
    assert stack["module"]["efs"]["depends_on"] == ["aws_kms_key.key"]
    assert stack["output"]["first_mount_target"]["value"] == "${module.efs.efs_mount_target_ids[0]}"
