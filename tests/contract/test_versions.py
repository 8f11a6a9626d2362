"""The real Terraform reads the required version where it is written."""

import pathlib
import subprocess

import pytest

from anyscale_constructs.terraform.app import App, synthesize
from anyscale_constructs.terraform.stack import CloudStack


@pytest.mark.parametrize(("version", "refused"), [(">= 1.5", False), (">= 99.0", True)])
def test_an_old_version_of_terraform_is_an_error(
    version: str, refused: bool, terraform: str, tmp_path: pathlib.Path
) -> None:
    def build(app: App) -> None:
        CloudStack(app, "test").require("mine", {}, version)

    synthesize(build, tmp_path)
    init = [terraform, f"-chdir={tmp_path / 'stacks' / 'test'}", "init", "-input=false", "-no-color"]
    said = subprocess.run(init, check=False, capture_output=True, text=True)
    assert ("Unsupported Terraform Core version" in said.stderr, said.returncode != 0) == (refused, refused)
    assert ("on versions.tf line 2" in said.stderr) == refused
