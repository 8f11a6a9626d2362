"""`anyscale-constructs doctor`: the prerequisites of a repository on this machine."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.parts import CLOUD, GOOGLE, KUBERNETES, Run, write

TOKEN = "sss_" + "Secret1"
VARIABLES = ("ANYSCALE_", "AWS_", "ARM_", "GOOGLE_", "KUBE", "TF_CLI", "TF_PLUGIN", "PIP_", "HTTPS_PROXY", "TERRAFORM_")


@pytest.fixture(autouse=True)
def machine(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with every program, and no credentials."""
    for name in [name for name in os.environ if name.startswith(VARIABLES)]:
        monkeypatch.delenv(name)
    programs = folder / "bin"
    programs.mkdir()
    for program in ("terraform", "git", "anyscale"):
        put(programs / program, '{"terraform_version": "1.11.4"}')
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("HOME", str(folder / "home"))
    write(folder, prod=CLOUD)
    return programs


def put(program: Path, says: str) -> None:
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)


@pytest.fixture
def doctor(run: Run) -> Any:
    """Runs the command; returns its exit status, the checks by name, and the texts of the findings."""

    def doctor() -> tuple[int, dict[str, Any], list[str]]:
        status, out, err = run("--format", "json", command="doctor")
        assert err == ""
        told = json.loads(out)
        return status, {check["name"]: check for check in told["checks"]}, [each["what"] for each in told["findings"]]

    return doctor


def test_a_machine_with_all_prerequisites(doctor: Any) -> None:
    status, checks, findings = doctor()
    assert (status, findings) == (0, [])
    assert {name for name, check in checks.items() if check["needed"]} == {
        *("Python", "anyscale-constructs", "clouds", "engine", "Terraform", "git", "the anyscale program")
    }
    assert checks["engine"]["found"] == "native"


@pytest.mark.parametrize(
    ("program", "name"), [("terraform", "Terraform"), ("git", "git"), ("anyscale", "the anyscale program")]
)
def test_fails_without_a_program(program: str, name: str, doctor: Any, machine: Path) -> None:
    (machine / program).unlink()
    status, checks, findings = doctor()
    assert (status, findings) == (1, [f"{name} is missing"])
    assert checks[name]["fix"]


def test_a_file_that_cannot_be_read_is_named(doctor: Any, folder: Path) -> None:
    write(folder, prod="a: [")
    (told,) = doctor()[2]
    assert told.startswith("clouds: clouds/prod.yaml:1:5: is not YAML")


def test_the_anyscale_program_is_not_needed_where_terraform_registers(doctor: Any, machine: Path, folder: Path) -> None:
    (machine / "anyscale").unlink()
    write(folder, prod=CLOUD + "registration: terraform\n")
    assert doctor()[0] == 0
    write(folder, other=CLOUD)
    assert doctor()[0] == 1


def test_the_program_that_gets_the_token_of_a_cluster_is_looked_for(doctor: Any, machine: Path, folder: Path) -> None:
    assert "aws" not in doctor()[1]
    write(folder, cluster=KUBERNETES)
    status, checks, _ = doctor()
    assert (status, checks["aws"]["ok"]) == (0, False)
    put(machine / "aws", "")
    assert doctor()[1]["aws"]["ok"]


@pytest.mark.parametrize(
    ("version", "backend", "status"),
    [
        ("1.4.7", "", 1),
        ("1.5.0", "", 0),
        ("1.9.8", "backend: {type: s3, bucket: acme-state, region: us-east-2}\n", 1),
        ("1.10.0", "backend: {type: s3, bucket: acme-state, region: us-east-2}\n", 0),
    ],
)
def test_terraform_must_fit_the_backends(version: str, backend: str, status: int, doctor: Any, machine: Path) -> None:
    put(machine / "terraform", json.dumps({"terraform_version": version}))
    Path("clouds/_defaults.yaml").write_text(backend or "{}")
    assert doctor()[0] == status


def test_fails_on_a_terraform_that_does_not_run(doctor: Any, machine: Path) -> None:
    put(machine / "terraform", "no JSON")
    assert doctor()[2] == [f"Terraform: {machine / 'terraform'} does not report its version"]


@pytest.mark.parametrize(
    ("variable", "name"),
    [
        ("ANYSCALE_CLI_TOKEN", "Anyscale"),
        ("AWS_ACCESS_KEY_ID", "AWS"),
        ("GOOGLE_CREDENTIALS", "Google Cloud"),
    ],
)
def test_credentials_are_named_and_never_shown(
    variable: str, name: str, doctor: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(Path(), google=GOOGLE)
    assert not doctor()[1][f"{name} credentials"]["ok"]
    monkeypatch.setenv(variable, TOKEN)
    status, checks, _ = doctor()
    assert status == 0
    assert checks[f"{name} credentials"]["found"] == variable
    for form in ("text", "json", "github"):
        assert TOKEN not in "".join(run("--format", form, command="doctor")[1:])


def test_credentials_in_files_are_found(doctor: Any, folder: Path) -> None:
    (folder / "home" / ".anyscale").mkdir(parents=True)
    (folder / "home" / ".anyscale" / "credentials.json").write_text(json.dumps({"cli_token": TOKEN}))
    found = doctor()[1]["Anyscale credentials"]
    assert (found["ok"], found["found"]) == (True, "~/.anyscale/credentials.json")


@pytest.mark.parametrize(
    ("own", "command"), [("import cdktf\n", "anyscale-constructs synth"), ("", "python main.py"), ("", "")]
)
def test_node_is_needed_by_programs_and_by_stacks_that_import_cdktf(
    own: str, command: str, doctor: Any, folder: Path
) -> None:
    (folder / "stacks").mkdir()
    (folder / "stacks" / "__init__.py").write_text("")
    (folder / "stacks" / "_own.py").write_text(own)
    (folder / "cdktf.json").write_text(json.dumps({"app": command} if command else {}))
    assert doctor()[1]["Node.js"]["needed"] == bool(own or command)


def test_fails_on_a_missing_mirror(doctor: Any) -> None:
    write(Path(), prod=CLOUD + "mirror: /no/such/folder\n")
    assert doctor()[2] == ["module mirror: /no/such/folder is not a directory"]


def test_a_missing_cli_configuration_is_reported(doctor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", "/no/such/file")
    status, checks, _ = doctor()
    assert status == 0
    assert not checks["Terraform CLI configuration"]["ok"]


def test_the_mirrors_credentials_are_not_shown(doctor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://user:password@pypi.example.com/simple")
    assert doctor()[1]["PIP_INDEX_URL"]["found"] == "https://...@pypi.example.com/simple"


@pytest.mark.parametrize("wrong", ["stack: [", "stack: nothing\n", "{}"])
def test_fails_where_the_clouds_cannot_be_read(wrong: str, doctor: Any, folder: Path) -> None:
    write(folder, k8s=KUBERNETES, prod=wrong)
    status, checks, _ = doctor()
    assert status == 1
    assert not checks["clouds"]["ok"]


def test_fails_where_there_is_no_cloud(doctor: Any, folder: Path) -> None:
    (folder / "clouds" / "prod.yaml").unlink()
    assert doctor()[2] == ["clouds is missing"]
    (folder / "cdktf.json").write_text('{"app": "python main.py"}')
    assert "clouds" not in doctor()[1]


def test_text_has_a_line_for_each_check(run: Run, machine: Path) -> None:
    (machine / "git").unlink()
    status, out, err = run(command="doctor")
    assert status == 1
    assert "\nmissing  git\n" in out
    assert "\nnone     AWS credentials       run aws sso login" in out
    assert err == (
        "error: git is missing. Fix: install git, which fetches Terraform modules and reads the "
        "revisions that reviews compare\n"
    )
