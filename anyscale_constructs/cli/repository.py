"""Creates the repository of `anyscale-constructs init` from templates."""

import json
import pathlib
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import jinja2
import yaml
from pydantic import TypeAdapter, ValidationError

from anyscale_constructs.cli import project
from anyscale_constructs.cli.init import Ci, State
from anyscale_constructs.cli.pins import pins, requirement
from anyscale_constructs.cli.schemas import schema_of, schema_of_defaults
from anyscale_constructs.clouds import KINDS
from anyscale_constructs.config.model import found_in
from anyscale_constructs.config.types import StackName
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.names import unknown
from anyscale_constructs.terraform.backend import KEYS, PROVIDERS, Backend
from anyscale_constructs.versions import NEW_EKS

TERRAFORM = "1.11.4"
"""The Terraform version in the workflows: the first minor version that can make the offline plans of reviews."""

# Pinned by commit, because a tag can be moved; the comment names the tag.
ACTIONS = {
    "aws": "aws-actions/configure-aws-credentials@e6de054238d6b7531b4efff3b6587d9aade6a06c # v6.2.3",
    "azure": "azure/login@f5d393ae46f8fde4be8b75f32e3fc50e654ad0ca # v3.0.1",
    "checkout": "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
    "download": "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1",
    "gcloud": "google-github-actions/setup-gcloud@aa5489c8933f4cc7a4f7d45035b3b1440c9c10db # v3.0.1",
    "google": "google-github-actions/auth@7c6bc770dae815cd3e89ee6cdf493a5fab2cc093 # v3.0.0",
    "kubelogin": "azure/use-kubelogin@0ce7c36141aa27d4934872cf00b0120804c98a29 # v1.3",
    "python": "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0",
    "terraform": "hashicorp/setup-terraform@dfe3c3f87815947d99a8997f908cb6525fc44e9e # v4.0.1",
    "upload": "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f # v7.0.0",
}

TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("anyscale_constructs.cli"),
    undefined=jinja2.StrictUndefined,
    # Other delimiters than Jinja's, because GitHub's expressions use {{ }}.
    variable_start_string="<%",
    variable_end_string="%>",
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,  # noqa: S701 - it renders no HTML
)
"""The Jinja environment with the templates of the repository's files."""

_FILES = {
    "pyproject.toml": "pyproject.toml.jinja",
    "requirements.lock": "requirements.lock.jinja",
    "cdktf.json": "cdktf.json.jinja",
    ".gitignore": "gitignore.jinja",
    "CODEOWNERS": "CODEOWNERS.jinja",
    "README.md": "README.md.jinja",
    "clouds/_defaults.yaml": "clouds/_defaults.jinja",
    "tests/test_clouds.py": "test_clouds.py.jinja",
}
_REVIEWS = {
    ".github/actions/setup/action.yml": "workflows/setup.yml.jinja",
    ".github/workflows/pull-request.yml": "workflows/pull-request.yml.jinja",
}
_DEPLOYS = {
    ".github/workflows/plan.yml": "workflows/plan.yml.jinja",
    ".github/workflows/apply.yml": "workflows/apply.yml.jinja",
}
_SNAPSHOTS = "tests/__snapshots__"


class Made(NamedTuple):
    """What `make` created.

    Attributes:
        files: The files, relative to the directory.
        snapshots: The directory of the tests' snapshots.
        missing: What must be installed to write the snapshots; empty if they are written.
    """

    files: Sequence[str]
    snapshots: str
    missing: str


def make(directory: pathlib.Path, cloud: str, name: str, ci: Ci, *, state: State, settings: Sequence[str]) -> Made:
    """Creates the repository.

    Args:
        directory: The repository's directory.
        cloud: The kind of the first cloud.
        name: The cloud's name.
        ci: The CI system of the workflows.
        state: The type of the backend.
        settings: The backend's arguments, as `KEY=VALUE`.

    Raises:
        ConfigError: An argument is wrong, or a file exists or cannot be written.
    """
    if cloud not in KINDS:
        raise ConfigError(unknown(cloud, KINDS, "kind of stack"))
    files = dict(_contents(directory, cloud, _name(name), _backend(state, settings), ci))
    _write(directory, files)
    return Made(sorted(files), _SNAPSHOTS, "" if _write_snapshots(directory) else requirement())


def _name(name: str) -> str:
    try:
        return TypeAdapter(StackName).validate_python(name)
    except ValidationError as error:
        raise ConfigError(found_in(error, "--name")) from error


def _backend(state: State, settings: Sequence[str]) -> dict[str, str]:
    """Returns the keys under `backend:`; empty for a local state at the default path."""
    given = {"type": str(state)}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise ConfigError("--backend-config must be KEY=VALUE", value=setting, fix="e.g. bucket=acme-state")
        given[key] = value
    try:
        TypeAdapter(Backend).validate_python(given)
    except ValidationError as error:
        raise ConfigError(found_in(error, "--backend-config")) from error
    return given if given != {"type": "local"} else {}


def _contents(
    directory: pathlib.Path, kind: str, name: str, backend: Mapping[str, str], ci: Ci
) -> Iterator[tuple[str, str]]:
    """Returns the content of each file, by path."""
    stack = project.load_stack(kind)
    state = backend.get("type", "local")
    deploys = ci == "github" and state != "local"
    pinned, missing = pins()
    values: dict[str, Any] = {
        "aws_region": backend.get("region", "us-east-2"),
        "backend": yaml.safe_dump(dict(backend), default_flow_style=True, sort_keys=False, width=1000).strip(),
        "ci": ci == "github",
        "deploys": deploys,
        "kind": kind,
        "kubernetes": stack.operator_type is not None,
        "kubernetes_version": NEW_EKS,
        "missing": missing,
        "name": name,
        "pins": pinned,
        "project": re.sub(r"[^a-z0-9]+", "-", directory.absolute().name.lower()).strip("-") or "clouds",
        "providers": {stack.provider, PROVIDERS.get(state)},
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "requirement": requirement(),
        "shared_backend": bool(backend)
        and KEYS[state] not in backend,  # with the key, all clouds would share one state
        "terraform": TERRAFORM,
        "uses": ACTIONS,
    }
    if not backend:
        values["backend"] = ""
    templates = _FILES | {f"clouds/{name}.yaml": f"clouds/{kind}.jinja"}
    templates |= (_REVIEWS if ci == "github" else {}) | (_DEPLOYS if deploys else {})
    for file, template in templates.items():
        yield file, TEMPLATES.get_template(template).render(values)
    schemas = {kind: schema_of(kind, given=("org_id", "backend")), "defaults": schema_of_defaults(None)}
    for schema, content in schemas.items():
        yield f"schemas/{schema}.json", json.dumps(content, indent=2) + "\n"
    yield "locks/.gitkeep", ""


def _write(directory: pathlib.Path, files: Mapping[str, str]) -> None:
    if there := sorted(file for file in [*files, _SNAPSHOTS] if (directory / file).exists()):
        raise ConfigError(
            f"{directory} already contains these files: {', '.join(there)}",
            fix="name another directory, or move the files",
        )
    try:
        for file, text in files.items():
            (directory / file).parent.mkdir(parents=True, exist_ok=True)
            (directory / file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{error.filename or directory} cannot be written: {error.strerror}", fix="name another directory"
        ) from error


def _write_snapshots(directory: pathlib.Path) -> bool:
    """Runs the repository's tests once, which writes their snapshots; returns whether they are written."""
    command = [sys.executable, "-P", "-m", "pytest", "--quiet", "--snapshot-update", "-p", "no:cacheprovider"]
    subprocess.run(command, cwd=directory, check=False, capture_output=True)
    return (directory / _SNAPSHOTS).is_dir()  # the tests fail if another cloud there has warnings
