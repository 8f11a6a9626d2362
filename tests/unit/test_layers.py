"""Layers import downwards only, and modules that need no engine start none."""

import ast
import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator

import pytest

from anyscale_constructs.clouds import KINDS
from anyscale_constructs.engine.choice import NATIVE, VARIABLE
from tests import ROOT

PACKAGE = ROOT / "anyscale_constructs"

# From the ground up; what is not named here must be put into a layer.
LAYERS = [
    {"lazy", "signals", "words"},
    {"anyscale", "findings", "versions"},
    {"rendering"},
    {"errors", "names"},
    {"node"},
    {"engine.choice", "engine.native"},
    {"engine"},
    {"expressions"},
    {"config"},
    {"aws.types", "azure.types", "google.types"},
    {"terraform"},
    {"modules"},
    {"aws", "azure", "google", "kubernetes"},
    {"registration"},
    {"clouds"},
    {"codegen"},
    {"review"},
    {"explain"},
    {"cli"},
    {"testing"},
    {"__main__"},
]
LEVELS = {name: level for level, names in enumerate(LAYERS) for name in names}


def imports(file: pathlib.Path) -> Iterator[str]:
    """Yields the imports of a file, including those inside functions and for types only."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=str(module), level=0, names=names):
                yield module
                yield from (f"{module}.{name.name}" for name in names)
            case ast.ImportFrom(level=level):
                assert level == 0, f"{file}: imports are absolute"


def layer(module: str) -> str | None:
    """The layer of one of the package's modules; a module may be in another one than its package."""
    root, *parts = module.split(".")
    names = [".".join(parts[:length]) for length in (2, 1)] if root == PACKAGE.name else []
    return next((name for name in names if name in LEVELS), None)


# What is loaded on demand is in no layer.
FILES = sorted(file for file in PACKAGE.rglob("*.py") if "lazy.attributes" not in file.read_text(encoding="utf-8"))


def own_layer(file: pathlib.Path) -> str:
    own = layer(".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts))
    assert own is not None, f"{file} is in no layer"
    return own


def test_every_layer_exists() -> None:
    assert {own_layer(file) for file in FILES} == set(LEVELS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_layers_import_downwards_only(file: pathlib.Path) -> None:
    own = own_layer(file)
    upwards = {
        name for name in imports(file) if (other := layer(name)) and other != own and LEVELS[other] >= LEVELS[own]
    }
    assert upwards == set()


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_only_the_engine_imports_an_engine_and_nothing_the_stacks(file: pathlib.Path) -> None:
    roots = {name.partition(".")[0] for name in imports(file)}
    assert "stacks" not in roots
    assert "tests" not in roots
    if file.parent != PACKAGE / "engine":
        assert not roots & {"cdktf", "cdktn", "constructs", "jsii"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_nothing_private_of_other_packages_is_imported(file: pathlib.Path) -> None:
    others = [name for name in imports(file) if name.partition(".")[0] != PACKAGE.name]
    assert [name for name in others if "._" in name] == []


def test_the_engines_names_are_those_in_use() -> None:
    """Every engine must have all of them, so there are no unused ones."""
    declared = next(
        ast.literal_eval(node.value)
        for node in ast.walk(ast.parse((PACKAGE / "engine" / "__init__.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )
    prefix = f"{PACKAGE.name}.engine."
    outside = [file for file in FILES if PACKAGE / "engine" not in file.parents]
    used = {name.removeprefix(prefix) for file in outside for name in imports(file) if name.startswith(prefix)}
    used = {name for name in used if not name.startswith("choice")}
    used |= {"App"}  # terraform/app.py derives from engine.App
    assert used <= set(declared)
    assert set(declared) - used <= {"TerraformResource", "name"}  # for users, and for tests and tools


LIGHT = [
    "anyscale_constructs",
    "anyscale_constructs.clouds",
    *(f"anyscale_constructs.cli.{name}" for name in ("app", "project")),
    *(f"anyscale_constructs.config.{name}" for name in ("document", "networks", "types")),
    *(f"anyscale_constructs.terraform.{name}" for name in ("config", "constraints", "interface", "values")),
    *(f"anyscale_constructs.{name}" for name in ("errors", "node", "expressions.fn", "codegen.write", "registration")),
]


def test_modules_that_need_no_engine_start_none() -> None:
    """Schema, registration and regeneration need no Node.js."""
    program = f"import sys, {', '.join(LIGHT)}\nprint('jsii' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    answer = subprocess.check_output([sys.executable, "-c", program], env=environment, text=True)
    assert answer == "False\n"


def loaded(program: str) -> set[str]:
    """The modules that a program loads."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), VARIABLE: NATIVE}
    program = f"import sys; {program}; print(*sys.modules)"
    said = subprocess.check_output([sys.executable, "-c", program], env=environment, text=True)
    return {*said.splitlines()[-1].split()}


def test_the_commands_and_their_help_load_no_models() -> None:
    """Pydantic, YAML and rich take longer to load than the rest of `--help`."""
    names = loaded("from anyscale_constructs.cli import app, run; run(lambda: app.run(['--help']))")
    assert "anyscale_constructs.cli.register" in names
    assert not names & {"pydantic", "rich", "yaml", "jinja2", "hcl2"}


def test_commands_do_not_search_for_plugins_of_pydantic() -> None:
    """Its module for plugins loads that of packages' metadata, and with it those of e-mails and sockets."""
    printed = "import atexit; atexit.register(lambda: print(*sys.modules))"
    names = loaded(f"{printed}; from anyscale_constructs.cli import main; main('schema', 'ec2')")
    assert "pydantic.plugin._loader" in names
    assert not names & {"importlib.metadata", "email.message"}


def test_the_rest_of_that_module_is_pydantics() -> None:
    replaced = "from anyscale_constructs import cli; sys.modules[cli._PLUGINS] = cli._NoPlugins(cli._PLUGINS)"
    names = "get_plugins, PYDANTIC_ENTRY_POINT_GROUP as group"
    said = loaded(f"{replaced}; from pydantic.plugin._loader import {names}; print(get_plugins(), group); exit()")
    assert said == {"()", "pydantic"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_cloud_loads_only_its_own_constructs(kind: str) -> None:
    """The types of all providers are loaded, since backends and registration use them."""
    own = {"aks": "azure", "ec2": "aws", "eks": "aws", "gce": "google", "gke": "google", "generic": "kubernetes"}[kind]
    names = loaded(f"import {PACKAGE.name}.clouds.{kind}")
    constructs = {name.removeprefix(f"{PACKAGE.name}.") for name in names if name.startswith(f"{PACKAGE.name}.")}
    providers = {
        name.split(".")[0]
        for name in constructs
        if name.startswith(("aws.", "azure.", "google.", "kubernetes.")) and not name.endswith(".types")
    }
    assert providers - {"kubernetes"} == {own} - {"kubernetes"}
    assert ("kubernetes" in providers) == (kind not in {"ec2", "gce"})
    wrappers = {name for name in constructs if name.startswith("modules.")}
    assert not {f"modules.{each}" for each in ("aws.eks", "google.gke")} & wrappers - {f"modules.{own}.{kind}"}
