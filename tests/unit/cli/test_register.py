"""`anyscale-constructs register`: the variable file for a Kubernetes cloud's second stack."""

import json
import sys
from pathlib import Path

import pytest

from anyscale_constructs.cli import main
from anyscale_constructs.cli.register import write_tfvars
from anyscale_constructs.errors import RegistrationError


def test_the_variable_file_holds_the_id(tmp_path: Path) -> None:
    file = tmp_path / "terraform.tfvars.json"
    write_tfvars(str(file), "cldrsrc_1")
    assert json.loads(file.read_text()) == {"cloud_resource_id": "cldrsrc_1"}


def test_fails_to_write_and_says_that_the_cloud_is_registered(tmp_path: Path) -> None:
    with pytest.raises(RegistrationError, match="No such file or directory; the cloud is registered, as cldrsrc_1"):
        write_tfvars(str(tmp_path / "missing" / "a.tfvars.json"), "cldrsrc_1")


def test_fails_on_another_name_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["anyscale-constructs", "register", "ml", "--tfvars", "ml.tfvars"])
    with pytest.raises(SystemExit) as exit_:
        main()
    assert exit_.value.code == 2
    assert capsys.readouterr().err == (
        "error: --tfvars writes JSON; given: 'ml.tfvars'. Allowed: a name that ends with .tfvars.json\n"
    )
