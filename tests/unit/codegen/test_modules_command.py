"""`anyscale-constructs modules`, from a git repository to files."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from anyscale_constructs import fn
from anyscale_constructs.codegen import write
from anyscale_constructs.codegen.catalog import table
from anyscale_constructs.errors import InputError
from anyscale_constructs.terraform.interface import Interface
from tests.unit.codegen.conftest import Run

REPOSITORY = "anyscale/terraform-aws-anyscale-cloudfoundation-modules"
REPOSITORIES = sorted({module.repository for module in table().values()})
NAMES = [name for name, module in table().items() if module.repository == REPOSITORY]
FUNCTIONS = write.MODULES / "catalog" / "functions.json"


def git(folder: Path, *arguments: str) -> str:
    settings = ["user.name=a", "user.email=a@example.com", "commit.gpgsign=false", "tag.gpgsign=false"]
    options = [part for setting in settings for part in ("-c", setting)]
    return subprocess.check_output(["git", "-C", str(folder), *options, *arguments], text=True)


def commit(folder: Path, tag: str) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", tag)
    git(folder, "tag", tag)


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    """A repository with small modules in the table's folders: v1, v2 with a change, v3 broken."""
    folder = tmp_path / "github" / REPOSITORY
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet")
    for module in table().values():
        (folder / module.path).mkdir(parents=True, exist_ok=True)
        (folder / module.path / "main.tf").write_text('variable "name" { type = string }\n')
    (folder / "calls.tf").write_text(
        'module "bucket" {\n  source = "./modules/aws-anyscale-s3"\n'
        '  name   = coalesce(var.bucket_prefix, var.common_prefix, "acme-")\n}\n'
    )
    commit(folder, "v1")
    s3 = folder / table()["aws/s3"].path / "main.tf"
    s3.write_text('variable "name" { default = "a" }\n')
    commit(folder, "v2")
    s3.write_text('variable "name" {')
    commit(folder, "v3")
    s3.write_text('variable "lambda" {}')
    commit(folder, "v4")
    s3.unlink()
    commit(folder, "v5")
    return folder


def regenerate_all(run: Run, upstream: Path, modules: Path) -> None:
    """The files that rendering needs."""
    for repository in REPOSITORIES:
        run("regenerate", "--from", upstream, "--ref", "v1", "--repository", repository)
    shutil.copy(FUNCTIONS, modules / "catalog")


def test_regenerate_writes_catalogs_and_wrappers(run: Run, upstream: Path, modules: Path) -> None:
    status, out, err = run("regenerate", "--from", upstream, "--ref", "v1")
    assert (status, err) == (0, "")
    assert out.splitlines()[:2] == ["aws/iam at v1:", "  new in the catalog"]
    written = {str(file.relative_to(modules)) for file in modules.rglob("*.*")}
    files = {f"{name}.py" for name in NAMES} | {f"catalog/{name}.json" for name in NAMES}
    assert written == {*files, "aws/__init__.py", "catalog/aws_root.json"}


def test_the_catalog_contains_the_data_sources_of_a_module_and_its_local_submodules(run: Run, upstream: Path) -> None:
    called = '\nmodule "inner" { source = "../common" }\nmodule "kms" { source = "terraform-aws-modules/kms/aws" }\n'
    common = {"main.tf": 'data "aws_region" "current" {}\nmodule "deep" { source = "./deep" }\n'}
    common["deep/main.tf"] = 'data "aws_vpc" "found" {}\n'
    for name, text in common.items():
        (upstream / "modules" / "common" / name).parent.mkdir(parents=True, exist_ok=True)
        (upstream / "modules" / "common" / name).write_text(text)
    s3 = upstream / table()["aws/s3"].path
    s3.mkdir(exist_ok=True)
    (s3 / "main.tf").write_text('variable "name" {}\ndata "aws_partition" "a" {}' + called)
    commit(upstream, "v6")
    assert run("add", "aws/s3", "--from", upstream, "--ref", "v6")[0] == 0
    assert json.loads(Path("catalog/aws/s3@v6.json").read_text())["data_sources"] == [
        "data.aws_partition.a",
        "module.inner.data.aws_region.current",
        "module.inner.module.deep.data.aws_vpc.found",
    ]


def test_regenerate_prints_the_interface_difference(run: Run, upstream: Path, modules: Path) -> None:
    run("regenerate", "--from", upstream, "--ref", "v1")
    status, out, _ = run("regenerate", "--from", upstream, "--ref", "v2")
    assert status == 0
    assert "aws/iam at v2:\n  the interface is the same\n" in out
    assert (
        "aws/s3 at v2:\n"
        "  variable name: type changed from string to any\n"
        '  variable name: default changed from none (required) to "a"\n'
    ) in out
    assert git(upstream, "rev-parse", "v2").strip() in (modules / "aws" / "s3.py").read_text()


def test_regenerate_does_not_change_the_checkout(run: Run, upstream: Path, modules: Path) -> None:
    (upstream / "mine.txt").write_text("not committed")
    before = git(upstream, "status", "--porcelain", "--branch") + git(upstream, "rev-parse", "HEAD")
    run("regenerate", "--from", upstream, "--ref", "v1")
    assert git(upstream, "status", "--porcelain", "--branch") + git(upstream, "rev-parse", "HEAD") == before
    assert modules.is_dir()


def test_regenerate_clones_without_a_checkout(
    run: Run, upstream: Path, modules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{upstream.parent.parent}/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/")
    assert run("regenerate", "--ref", "v1")[0] == 0
    assert (modules / "aws" / "vpc.py").is_file()


def test_add_writes_an_older_interface_here(run: Run, upstream: Path, modules: Path, tmp_path: Path) -> None:
    here = tmp_path / "here"
    run("regenerate", "--from", upstream, "--ref", "v2")
    before = (modules / "aws" / "s3.py").read_text()
    status, out, _ = run("add", "aws/s3", "--from", upstream, "--ref", "v1")
    assert status == 0
    said = (
        "catalog/aws/s3@v1.json: aws/s3 at v1, compared with the package's tag:\n  variable name: type changed from any"
    )
    assert said in out
    assert '"ref": "v1"' in (here / "catalog" / "aws" / "s3@v1.json").read_text()
    assert not (modules / "catalog" / "aws" / "s3@v1.json").exists()
    assert Interface.load("aws/s3", "v1").ref == "v1"
    with pytest.raises(InputError, match=r"expected v0.38.0, v0.40.1, v1. Fix: anyscale-constructs modules add"):
        Interface.load("aws/s3", "v3")
    (here / "catalog" / "aws" / "s3@v3.json").write_text("{")
    with pytest.raises(InputError, match=r"s3@v3.json is not a valid catalog file"):
        Interface.load("aws/s3", "v3")
    assert (modules / "aws" / "s3.py").read_text() == before


def test_render_needs_no_checkout(run: Run, upstream: Path, modules: Path) -> None:
    regenerate_all(run, upstream, modules)
    before = (modules / "aws" / "vpc.py").read_text()
    (modules / "aws" / "vpc.py").unlink()
    assert run("render")[:2] == (0, f"rendered {', '.join(table())}, fn\n")
    assert (modules / "aws" / "vpc.py").read_text() == before
    assert (modules.parent / "expressions" / "fn.py").read_text() == Path(str(fn.__file__)).read_text()


def test_render_check_lists_outdated_wrappers_and_writes_nothing(run: Run, upstream: Path, modules: Path) -> None:
    regenerate_all(run, upstream, modules)
    run("render")
    assert run("render", "--check") == (0, "", "")
    changed, gone = modules / "aws" / "s3.py", modules / "google" / "__init__.py"
    functions = modules.parent / "expressions" / "fn.py"
    changed.write_text("mine")
    gone.unlink()
    functions.write_text("mine")
    status, out, err = run("render", "--check")
    assert (status, out) == (1, "")
    assert err == (
        f"error: generated files differ from the catalog: {changed}, {gone}, {functions}. "
        "Fix: run anyscale-constructs modules render\n"
    )
    assert (changed.read_text(), gone.exists()) == ("mine", False)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--from", "missing", "--ref", "v1"], "--from must be a git checkout; got 'missing'"),
        (
            ["--from", "UPSTREAM", "--ref", "v9"],
            "--ref must be a tag of the repository; got 'v9'; expected v5",
        ),
        (["--from", "UPSTREAM", "--ref=--help"], "--ref must be a tag of the repository; got '--help'"),
        (
            ["--from", "UPSTREAM", "--ref", "v3"],
            "aws/s3: main.tf cannot be parsed as Terraform: Unexpected token",
        ),
        (
            ["--from", "UPSTREAM", "--ref", "v4"],
            "the name of an input is not a valid keyword argument; got 'aws/s3.lambda'",
        ),
        (
            ["--from", "UPSTREAM", "--ref", "v5"],
            "aws/s3: the repository has no module in modules/aws-anyscale-s3",
        ),
        (
            ["--from", "UPSTREAM", "--ref", "v1", "--repository", "a/b"],
            f"got 'a/b'; expected one of {', '.join(REPOSITORIES)}",
        ),
    ],
)
def test_regenerate_fails_and_writes_nothing(
    run: Run, upstream: Path, modules: Path, arguments: list[str], says: str
) -> None:
    status, out, err = run("regenerate", *(str(upstream) if a == "UPSTREAM" else a for a in arguments))
    assert (status, out) == (2, "")
    assert err.startswith("error: ")
    assert says in err
    assert not modules.exists()


def test_regenerate_fails_outside_a_checkout(run: Run, tmp_path: Path) -> None:
    assert "must be a git checkout" in run("regenerate", "--from", tmp_path, "--ref", "v1")[2]


def test_regenerate_fails_without_git(
    run: Run, upstream: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    status, _, err = run("regenerate", "--from", upstream, "--ref", "v1")
    assert (status, err) == (2, "error: git is not on PATH. Fix: install git\n")


def test_regenerate_fails_if_cloning_fails(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{tmp_path}/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/")
    status, _, err = run("regenerate", "--ref", "v1")
    assert status == 2
    assert err.startswith(
        f"Cloning {REPOSITORY} from GitHub ...\nerror: https://github.com/{REPOSITORY} cannot be cloned: "
    )
    assert "--from" in err


def test_regenerate_fails_where_it_cannot_write(run: Run, upstream: Path, modules: Path) -> None:
    modules.write_text("a file, not a folder")
    status, _, err = run("regenerate", "--from", upstream, "--ref", "v1")
    assert status == 2
    assert "cannot be written" in err


def test_add_fails_on_an_unknown_module(run: Run, upstream: Path) -> None:
    status, _, err = run("add", "aws/s4", "--from", upstream, "--ref", "v1")
    assert (status, err) == (2, "error: no such module: unknown key 'aws/s4': did you mean 'aws/s3'?\n")


@pytest.mark.parametrize(
    "spoil",
    [lambda file: file.unlink(), lambda file: file.write_text(file.read_text().replace('"commit": "', '"commit": "0'))],
)
def test_render_fails_on_a_root_module_of_another_tag(
    spoil: Callable[[Path], object], run: Run, upstream: Path, modules: Path
) -> None:
    regenerate_all(run, upstream, modules)
    spoil(modules / "catalog" / "aws_root.json")
    assert "aws_root.json is not from the same tag as the modules that it calls" in run("render", "--check")[2]


def test_render_reports_a_manually_changed_root_module(run: Run, upstream: Path, modules: Path) -> None:
    regenerate_all(run, upstream, modules)
    file = modules / "catalog" / "aws_root.json"
    file.write_text(file.read_text().replace("  ", " "))
    assert "generated files differ from the catalog: " in (said := run("render", "--check")[2])
    assert str(file) in said


def test_render_fails_without_a_catalog(run: Run, modules: Path) -> None:
    status, _, err = run("render")
    assert status == 2
    assert "the catalog lacks aws/iam" in err
    assert not modules.exists()


def test_render_fails_without_terraforms_functions(run: Run, upstream: Path, modules: Path) -> None:
    regenerate_all(run, upstream, modules)
    (modules / "catalog" / "functions.json").unlink()
    status, _, err = run("render")
    assert (status, err) == (
        2,
        "error: the catalog lacks Terraform's functions. Fix: anyscale-constructs modules functions\n",
    )


@pytest.mark.parametrize("text", ["<<<<<<< HEAD", "{}", '{"terraform": "1", "functions": {"a": {"returns": "x"}}}'])
def test_render_fails_on_an_invalid_functions_file(run: Run, upstream: Path, modules: Path, text: str) -> None:
    regenerate_all(run, upstream, modules)
    (modules / "catalog" / "functions.json").write_text(text)
    status, _, err = run("render")
    assert status == 2
    assert "functions.json is not a valid catalog file. Fix:" in err


def test_render_fails_on_an_invalid_catalog_file(run: Run, upstream: Path, modules: Path) -> None:
    regenerate_all(run, upstream, modules)
    (modules / "catalog" / "aws" / "s3.json").write_text("<<<<<<< HEAD")
    status, _, err = run("render")
    assert status == 2
    assert "s3.json is not a valid catalog file. Fix:" in err
