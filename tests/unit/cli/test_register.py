"""`anyscale-constructs register`: the variable file for a Kubernetes cloud's second stack."""

import json
import sys
from pathlib import Path

import pytest

from anyscale_constructs.cli import main
from anyscale_constructs.cli.register import write_tfvars
from anyscale_constructs.errors import ControlPlaneError
from anyscale_constructs.registration.runner import Registrar, Result
from tests.registration_samples import AWS_K8S


def test_the_variable_file_contains_the_id(tmp_path: Path) -> None:
    file = tmp_path / "terraform.tfvars.json"
    write_tfvars(str(file), "cldrsrc_1")
    assert json.loads(file.read_text()) == {"cloud_resource_id": "cldrsrc_1"}


@pytest.mark.parametrize(("options", "written"), [([], True), (["--dry-run"], False)], ids=["run", "dry run"])
def test_a_dry_run_writes_no_variable_file(
    options: list[str], written: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even for a registered cloud, whose ID it finds."""
    outputs, file = tmp_path / "resource.json", tmp_path / "terraform.tfvars.json"
    outputs.write_text(json.dumps(AWS_K8S))
    monkeypatch.setenv("ANYSCALE_BIN", sys.executable)
    monkeypatch.setenv("ANYSCALE_CLI_TOKEN", "sss_1")
    monkeypatch.setattr(Registrar, "run", lambda *_, **__: Result("unchanged", "cld_1", "cldrsrc_1"))
    command = ["register", "ml", "--outputs", str(outputs), "--name", "ml", "--tfvars", str(file), *options]
    monkeypatch.setattr(sys, "argv", ["anyscale-constructs", *command])
    with pytest.raises(SystemExit) as exit_:
        main()
    assert (exit_.value.code or 0, file.exists()) == (0, written)


def test_fails_to_write_and_says_that_the_cloud_is_registered(tmp_path: Path) -> None:
    with pytest.raises(ControlPlaneError, match="No such file or directory; the cloud is registered as cldrsrc_1"):
        write_tfvars(str(tmp_path / "missing" / "a.tfvars.json"), "cldrsrc_1")


def test_other_variables_and_the_mode_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "terraform.tfvars.json"
    file.write_text('{"other": [1], "cloud_resource_id": "old"}')
    file.chmod(0o640)
    write_tfvars(str(file), "cldrsrc_1")
    assert json.loads(file.read_text()) == {"other": [1], "cloud_resource_id": "cldrsrc_1"}
    assert file.stat().st_mode & 0o777 == 0o640
    assert [*tmp_path.iterdir()] == [file]


def test_a_failed_write_leaves_the_file_unchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "terraform.tfvars.json"
    file.write_text('{"other": 1}')

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ControlPlaneError, match="No space left on device; the cloud is registered as cldrsrc_1"):
        write_tfvars(str(file), "cldrsrc_1")
    assert file.read_text() == '{"other": 1}'
    assert [*tmp_path.iterdir()] == [file]


def test_a_link_inside_its_folder_is_followed(tmp_path: Path) -> None:
    real, link = tmp_path / "a.tfvars.json", tmp_path / "b.tfvars.json"
    link.symlink_to(real)
    write_tfvars(str(link), "cldrsrc_1")
    assert link.is_symlink()
    assert real.exists()


# the content of the file -> the message
UNFIT = {
    "[1]": "must contain a JSON object",
    "a: b": "is not valid JSON",
    "[" * 100_000: "is not valid JSON",
    "link": "is a symbolic link to another directory",
    "missing": "cannot be written: No such file or directory",
    "folder": "cannot be written: Is a directory",
    "file": "cannot be written: Not a directory",
}


@pytest.mark.parametrize(("there", "says"), UNFIT.items(), ids=lambda text: text[:9])
def test_fails_before_anything_runs_on_a_variable_file(
    there: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "variables" / "a.tfvars.json"
    if there != "missing":
        file.parent.mkdir()
    match there:
        case "missing":
            pass
        case "link":
            file.symlink_to(tmp_path / "elsewhere.tfvars.json")
        case "folder":
            file.mkdir()
        case "file":
            file.parent.rmdir()
            file.parent.write_text("")
        case text:
            file.write_text(text)
    outputs = tmp_path / "resource.json"
    outputs.write_text(json.dumps(AWS_K8S))
    monkeypatch.setenv("ANYSCALE_BIN", "/bin/false")
    monkeypatch.setenv("ANYSCALE_CLI_TOKEN", "sss_1")
    command = ["register", "ml", "--outputs", str(outputs), "--name", "ml", "--tfvars", str(file)]
    monkeypatch.setattr(sys, "argv", ["anyscale-constructs", *command])
    with pytest.raises(SystemExit) as exit_:
        main()
    assert exit_.value.code == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("limit", ["inf", "nan", "1e300", "86401", "9", "-1", "ten"])
def test_fails_on_a_time_limit_that_is_out_of_range(
    limit: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["anyscale-constructs", "register", "ml", "--timeout", limit])
    with pytest.raises(SystemExit) as exit_:
        main()
    assert exit_.value.code == 2
    assert f"argument --timeout: must be 10 to 86400 seconds; got {limit}" in capsys.readouterr().err


def test_fails_on_another_name_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["anyscale-constructs", "register", "ml", "--tfvars", "ml.tfvars"])
    with pytest.raises(SystemExit) as exit_:
        main()
    assert exit_.value.code == 2
    assert capsys.readouterr().err == (
        "error[tfvars-file]: --tfvars must name a JSON variable file; got 'ml.tfvars'; "
        "expected a name that ends in .tfvars.json\n"
    )


def test_fails_without_a_token_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = tmp_path / "resource.json"
    outputs.write_text(json.dumps(AWS_K8S))
    monkeypatch.setenv("ANYSCALE_BIN", sys.executable)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("ANYSCALE_CLI_TOKEN", raising=False)
    command = ["register", "ml", "--outputs", str(outputs), "--name", "ml"]
    monkeypatch.setattr(sys, "argv", ["anyscale-constructs", *command])
    with pytest.raises(SystemExit) as exit_:
        main()
    assert exit_.value.code == 2
    assert "ANYSCALE_CLI_TOKEN is not set" in capsys.readouterr().err
