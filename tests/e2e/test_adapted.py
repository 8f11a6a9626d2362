import json
from pathlib import Path

import pytest

from tests.e2e.adapted import relax, substitute
from tests.e2e.report import StepFailedError

REGION = (r"(?m)^ +region = var\.region\n", "")


def stack(folder: Path, pin: str) -> Path:
    required = {"aws": {"source": "hashicorp/aws", "version": pin}}
    (folder / "cdk.tf.json").write_text(json.dumps({"terraform": {"required_providers": required}}))
    return folder


def test_a_substitution_applies_to_submodules_and_changes_nothing_else(tmp_path: Path) -> None:
    inner = tmp_path / "modules" / "nodes"
    inner.mkdir(parents=True)
    for folder in (tmp_path, inner):
        (folder / "main.tf").write_text('resource "a" "b" {\n  region = var.region\n  name   = "c"\n}\n')

    substitute(tmp_path, [REGION])

    for folder in (tmp_path, inner):
        assert (folder / "main.tf").read_text() == 'resource "a" "b" {\n  name   = "c"\n}\n'


def test_a_substitution_without_a_match_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text("locals {}\n")
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "main.tf").write_text("  region = var.region\n")

    with pytest.raises(StepFailedError, match=r"nothing in .* matches"):
        substitute(tmp_path, [REGION])


def test_an_incompatible_pin_is_overridden_in_a_file_next_to_the_stack(tmp_path: Path) -> None:
    stack(tmp_path, ">= 6.37.0, < 7.0.0")
    before = (tmp_path / "cdk.tf.json").read_text()

    told = relax(tmp_path, "5.100.0")

    assert told == ["hashicorp/aws 5.100.0 where the stack pins >= 6.37.0, < 7.0.0"]
    override = json.loads((tmp_path / "zz_override.tf.json").read_text())
    assert override["terraform"]["required_providers"] == {"aws": {"source": "hashicorp/aws", "version": "5.100.0"}}
    assert (tmp_path / "cdk.tf.json").read_text() == before


def test_a_compatible_pin_is_kept(tmp_path: Path) -> None:
    assert relax(stack(tmp_path, ">= 5.0.0, < 7.0.0"), "5.100.0") == []
    assert not (tmp_path / "zz_override.tf.json").exists()
