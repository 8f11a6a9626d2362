"""What a repository of clouds needs on this machine, and whether it is there."""

import importlib.metadata
import os
import pathlib
import platform
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.machinery import PathFinder
from typing import Any

from anyscale_constructs import node
from anyscale_constructs.cli import project
from anyscale_constructs.cli.faults import foreseen
from anyscale_constructs.config.defaults import Defaults
from anyscale_constructs.config.document import KIND
from anyscale_constructs.engine.choice import NATIVE, VARIABLE, chosen
from anyscale_constructs.errors import ConstructsError
from anyscale_constructs.findings import Finding, Rule, clean
from anyscale_constructs.registration.program import CREDENTIALS, LOG_IN
from anyscale_constructs.review.terraform import OLDEST
from anyscale_constructs.terraform.backend import PROVIDERS, TERRAFORM
from anyscale_constructs.terraform.constraints import intersect
from anyscale_constructs.terraform.program import terraform, terraform_version

MISSING = Rule(
    "missing-prerequisite", "error", "A command would end where it is needed, often halfway.", command="doctor"
)

_ANY_TERRAFORM = ">= 1.5"
_OWN = re.compile(r"anyscale[-_]constructs|python3? -m stacks")
_IMPORTS_ENGINE = re.compile(r"^\s*(?:from|import)\s+(?:cdktf|cdktn|constructs)\b", re.MULTILINE)

# By whose they are: variables of the environment, and files; none of their contents is looked at.
_CREDENTIALS: Mapping[str, tuple[str, Sequence[str], Sequence[str], str]] = {
    "ANYSCALE": (
        "credentials of Anyscale",
        ["ANYSCALE_CLI_TOKEN"],
        [CREDENTIALS],
        LOG_IN,
    ),
    "AWS": (
        "credentials of AWS",
        [
            *("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"),
            *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
        ],
        ["~/.aws/credentials", "~/.aws/config"],
        "run aws sso login or aws configure, or set AWS_PROFILE; on an instance of AWS its role is used",
    ),
    "GCP": (
        "credentials of Google Cloud",
        ["GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CREDENTIALS", "GOOGLE_OAUTH_ACCESS_TOKEN"],
        ["~/.config/gcloud/application_default_credentials.json"],
        "run gcloud auth application-default login; on an instance of Google's its service account is used",
    ),
    "AZURE": (
        "credentials of Azure",
        ["ARM_CLIENT_ID", "ARM_USE_MSI", "ARM_USE_OIDC"],
        ["~/.azure/azureProfile.json"],
        "run az login, or set ARM_CLIENT_ID and the variables that go with it",
    ),
    "GENERIC": (
        "credentials of Kubernetes",
        ["KUBECONFIG", "KUBE_CONFIG_PATH"],
        ["~/.kube/config"],
        "let kubectl write ~/.kube/config, or set KUBE_CONFIG_PATH",
    ),
}


@dataclass(frozen=True)
class Check:
    """One thing that was looked for.

    Attributes:
        name: What it is.
        found: What is there; empty if nothing is.
        needed: Whether the repository needs it.
        ok: Whether it is there, and fits.
        fix: What to do if not.
    """

    name: str
    found: str
    needed: bool = True
    ok: bool = True
    fix: str = ""

    @property
    def state(self) -> str:
        """In a word, how it is."""
        if self.ok:
            return "ok"
        return "none" if not self.needed else "wrong" if self.found else "missing"

    def finding(self) -> Finding:
        """What there is to say of something that is needed and not there."""
        what = f"{self.name}: {self.found}" if self.found else f"{self.name} is missing"
        return Finding(what, self.fix, rule=MISSING)


@dataclass
class Needs:
    """What the clouds in YAML say.

    Attributes:
        clouds: Their number.
        owners: Whose credentials they need, as in `Cloud.provider`, and those of their states.
        backends: The types of their backends.
        mirrors: Where their modules come from instead of GitHub.
        commands: Whether one is registered by the command.
        problem: Why they can't be read; empty if they can.
    """

    clouds: int = 0
    owners: set[str] = field(default_factory=set)
    backends: set[str] = field(default_factory=set)
    mirrors: set[str] = field(default_factory=set)
    commands: bool = False
    problem: str = ""


def examine() -> list[Check]:
    """Looks for all that the repository in the working directory needs, without a network and without a change."""
    needs = _needs()
    python = "a program in Python" if (app := project.command()) and not _OWN.search(app) else ""
    return [
        Check("Python", platform.python_version()),
        Check("anyscale-constructs", importlib.metadata.version("anyscale-constructs")),
        *_clouds(needs, python),
        *_engine(python),
        _terraform(needs),
        _program("git", "git", "install git: Terraform fetches modules with it, and reviews read revisions"),
        _anyscale(needs),
        *_credentials(needs),
        *_mirrors(needs),
    ]


def _needs() -> Needs:
    needs, directory = Needs(), project.clouds_directory()
    if not directory.is_dir():
        return needs
    defaults = Defaults(directory)
    try:
        for file in defaults.files():
            _add(needs, defaults.read(file).data)
    except Exception as error:  # noqa: BLE001 - a kind of the user's own may raise anything
        needs.problem = foreseen(error).findings[0].text
    return needs


def _add(needs: Needs, data: Mapping[str, Any]) -> None:
    backend = data.get("backend")
    type_ = str(backend.get("type", "local")) if isinstance(backend, dict) else "local"
    needs.clouds += 1
    needs.backends.add(type_)
    needs.owners.add(getattr(project.load_stack(data.get(KIND)), "provider", ""))
    needs.owners.add(PROVIDERS.get(type_, ""))
    needs.commands |= data.get("registration", "command") == "command"
    if isinstance(mirror := data.get("mirror"), str):
        needs.mirrors.add(mirror)


def _clouds(needs: Needs, python: str) -> Iterator[Check]:
    fix = "run anyscale-constructs synth, which says all that is wrong"
    if needs.problem:
        yield Check("clouds", needs.problem, ok=False, fix=fix)
    elif needs.clouds or not python:
        fix = "write one, or run the command where cdktf.json is"
        yield Check("clouds", f"{needs.clouds} in YAML" if needs.clouds else "", ok=bool(needs.clouds), fix=fix)


def _engine(python: str) -> Iterator[Check]:
    own = project.stacks_directory()
    imports = own.is_dir() and any(_IMPORTS_ENGINE.search(_text(file)) for file in own.glob("*.py"))
    name, problem, fix = "", "", ""
    try:
        name = chosen()
    except ConstructsError as error:
        problem, fix = error.findings[0].text, error.findings[0].fix
    # Python's own finder: the engine that is in use would start the command again with another one.
    if name == NATIVE and (python or imports) and not os.environ.get(VARIABLE):
        name = next((each for each in ("cdktf", "cdktn") if PathFinder.find_spec(each)), "")
        fix = "pip install cdktf, or cdktn"
    yield Check("engine", problem or name, ok=bool(name), fix=fix)
    path, major = node.find_node()
    found = f"{major} at {path}" if major else f"{path} does not start" if path else ""
    yield Check("Node.js", found, needed=name != NATIVE, ok=major >= node.RUNS_SINCE, fix=node.INSTALL)


def _terraform(needs: Needs) -> Check:
    wanted = intersect(
        "Terraform", [("", _ANY_TERRAFORM), *(("", TERRAFORM.get(each, _ANY_TERRAFORM)) for each in needs.backends)]
    )
    oldest = ".".join(map(str, OLDEST))
    fix = f"install Terraform {wanted}; reviews make offline plans with {oldest} or later"
    program = shutil.which(terraform())
    if program is None:
        return Check("Terraform", "", ok=False, fix=fix)
    try:
        said, version = terraform_version(program)
    except (OSError, ValueError):
        return Check("Terraform", f"{program} does not say its version", ok=False, fix=fix)
    fits, told = wanted.allows(version), f"{said} at {program}"
    return Check("Terraform", told if fits else f"{told} is not {wanted}", ok=fits, fix=fix)


def _anyscale(needs: Needs) -> Check:
    given = os.environ.get("ANYSCALE_BIN")
    fix = "correct ANYSCALE_BIN" if given else "pip install 'anyscale-constructs[register]', or set ANYSCALE_BIN"
    return _program("the anyscale program", given or "anyscale", fix, needed=needs.commands)


def _program(name: str, program: str, fix: str, *, needed: bool = True) -> Check:
    found = shutil.which(program)
    return Check(name, found or "", needed=needed, ok=found is not None, fix=fix)


def _credentials(needs: Needs) -> Iterator[Check]:
    """Where there seem to be credentials: what runs where they are not may have others, or need none."""
    for owner in ("ANYSCALE", *sorted(needs.owners - {""})):
        name, variables, files, fix = _CREDENTIALS[owner]
        there = [variable for variable in variables if os.environ.get(variable)]
        there += [file for file in files if pathlib.Path(os.path.expanduser(file)).is_file()]  # noqa: PTH111 - pathlib fails without a home
        yield Check(name, ", ".join(there), needed=False, ok=bool(there), fix=fix)


def _mirrors(needs: Needs) -> Iterator[Check]:
    for mirror in sorted(needs.mirrors):
        there = not mirror.startswith("/") or pathlib.Path(mirror).is_dir()
        found = clean(mirror) if there else f"{mirror} is no folder"
        yield Check("mirror of modules", found, ok=there, fix="put a checkout there, or correct mirror")
    if given := os.environ.get("TF_CLI_CONFIG_FILE"):
        there = pathlib.Path(given).is_file()
        fix = f"correct TF_CLI_CONFIG_FILE: {given} is no file, and Terraform goes on without it"
        yield Check("configuration of Terraform", given if there else "", needed=False, ok=there, fix=fix)
    for variable in ("HTTPS_PROXY", "PIP_INDEX_URL", "TF_PLUGIN_CACHE_DIR"):
        if value := os.environ.get(variable):
            yield Check(variable, clean(value), needed=False)


def _text(file: pathlib.Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")
