"""Checks whether this machine has what a repository of clouds needs."""

import os
import pathlib
import platform
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.machinery import PathFinder
from typing import Any

from anyscale_constructs import __version__, node
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

MISSING = Rule("missing-prerequisite", "error", "A command that needs it fails, often halfway.", command="doctor")

_ANY_TERRAFORM = ">= 1.5"
_OWN = re.compile(r"anyscale[-_]constructs|python3? -m stacks")
_IMPORTS_ENGINE = re.compile(r"^\s*(?:from|import)\s+(?:cdktf|cdktn|constructs)\b", re.MULTILINE)

# By provider: environment variables and files. Only their existence is checked; their contents are not read.
_CREDENTIALS: Mapping[str, tuple[str, Sequence[str], Sequence[str], str]] = {
    "ANYSCALE": (
        "Anyscale credentials",
        ["ANYSCALE_CLI_TOKEN"],
        [CREDENTIALS],
        LOG_IN,
    ),
    "AWS": (
        "AWS credentials",
        [
            *("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"),
            *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
        ],
        ["~/.aws/credentials", "~/.aws/config"],
        "run aws sso login or aws configure, or set AWS_PROFILE; on an EC2 instance, its role is used",
    ),
    "GCP": (
        "Google Cloud credentials",
        ["GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CREDENTIALS", "GOOGLE_OAUTH_ACCESS_TOKEN"],
        ["~/.config/gcloud/application_default_credentials.json"],
        "run gcloud auth application-default login; on a Google Cloud instance, its service account is used",
    ),
    "AZURE": (
        "Azure credentials",
        ["ARM_CLIENT_ID", "ARM_USE_MSI", "ARM_USE_OIDC"],
        ["~/.azure/azureProfile.json"],
        "run az login, or set ARM_CLIENT_ID and the related variables",
    ),
    "GENERIC": (
        "Kubernetes credentials",
        ["KUBECONFIG", "KUBE_CONFIG_PATH"],
        ["~/.kube/config"],
        "write ~/.kube/config with kubectl, or set KUBE_CONFIG_PATH",
    ),
}

# By provider: the program that gets the token for a cluster's API, and how to install it.
_TOKENS: Mapping[str, tuple[str, str]] = {
    "AWS": ("aws", "the AWS CLI"),
    "GCP": ("gke-gcloud-auth-plugin", "gke-gcloud-auth-plugin with gcloud components install"),
    "AZURE": ("kubelogin", "kubelogin with az aks install-cli"),
}


@dataclass(frozen=True)
class Check:
    """The result of checking one prerequisite.

    Attributes:
        name: The prerequisite.
        found: What was found; empty if nothing was.
        needed: Whether the repository needs the prerequisite.
        ok: Whether the prerequisite is present and suitable.
        fix: What to do if it is not.
    """

    name: str
    found: str
    needed: bool = True
    ok: bool = True
    fix: str = ""

    @property
    def state(self) -> str:
        """The result in one word."""
        if self.ok:
            return "ok"
        return "none" if not self.needed else "wrong" if self.found else "missing"

    def finding(self) -> Finding:
        """Returns the finding for a prerequisite that is needed but missing or unsuitable."""
        what = f"{self.name}: {self.found}" if self.found else f"{self.name} is missing"
        return Finding(what, self.fix, rule=MISSING)


@dataclass
class Needs:
    """What the clouds in YAML require.

    Attributes:
        clouds: The number of clouds.
        owners: The providers whose credentials the clouds and their backends need, spelled as in `Cloud.provider`.
        clusters: The providers of the clouds on Kubernetes.
        backends: The types of their backends.
        mirrors: Where their modules are fetched from instead of GitHub.
        commands: Whether at least one cloud is registered with the `register` command.
        problem: Why the clouds cannot be read; empty if they can.
    """

    clouds: int = 0
    owners: set[str] = field(default_factory=set)
    clusters: set[str] = field(default_factory=set)
    backends: set[str] = field(default_factory=set)
    mirrors: set[str] = field(default_factory=set)
    commands: bool = False
    problem: str = ""


def examine() -> list[Check]:
    """Checks all that the repository in the working directory needs; uses no network and changes nothing."""
    needs = _needs()
    python = "a Python program" if (app := project.command()) and not _OWN.search(app) else ""
    return [
        Check("Python", platform.python_version()),
        Check("anyscale-constructs", __version__),
        *_clouds(needs, python),
        *_engine(python),
        _terraform(needs),
        _program(
            "git", "git", "install git, which fetches Terraform modules and reads the revisions that reviews compare"
        ),
        _anyscale(needs),
        *_tokens(needs),
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
    except Exception as error:  # noqa: BLE001 - a user's own kind of cloud may raise anything
        needs.problem = str(foreseen(error).findings[0]._replace(fix=""))
    return needs


def _add(needs: Needs, data: Mapping[str, Any]) -> None:
    backend = data.get("backend")
    type_ = str(backend.get("type", "local")) if isinstance(backend, dict) else "local"
    needs.clouds += 1
    needs.backends.add(type_)
    kind = project.load_stack(data.get(KIND))
    provider = getattr(kind, "provider", "")
    needs.owners.add(provider)
    if getattr(kind, "operator_type", None):
        needs.clusters.add(provider)
    needs.owners.add(PROVIDERS.get(type_, ""))
    needs.commands |= data.get("registration", "command") == "command"
    if isinstance(mirror := data.get("mirror"), str):
        needs.mirrors.add(mirror)


def _clouds(needs: Needs, python: str) -> Iterator[Check]:
    fix = "run anyscale-constructs synth, which reports all errors"
    if needs.problem:
        yield Check("clouds", needs.problem, ok=False, fix=fix)
    elif needs.clouds or not python:
        fix = "write one, or run the command in the directory with cdktf.json"
        yield Check("clouds", f"{needs.clouds} in YAML" if needs.clouds else "", ok=bool(needs.clouds), fix=fix)


def _engine(python: str) -> Iterator[Check]:
    own = project.stacks_directory()
    imports = own.is_dir() and any(_IMPORTS_ENGINE.search(_text(file)) for file in own.glob("*.py"))
    name, problem, fix = "", "", ""
    try:
        name = chosen()
    except ConstructsError as error:
        problem, fix = error.findings[0].text, error.findings[0].fix
    # Python's own finder, because importing the engine in use would restart the command with another Node.js.
    if name == NATIVE and (python or imports) and not os.environ.get(VARIABLE):
        name = next((each for each in ("cdktf", "cdktn") if PathFinder.find_spec(each)), "")
        fix = "run pip install cdktf, or pip install cdktn"
    yield Check("engine", problem or name, ok=bool(name), fix=fix)
    path, major = node.find_node()
    found = f"{major} at {path}" if major else f"{path} does not start" if path else ""
    yield Check("Node.js", found, needed=name != NATIVE, ok=major >= node.RUNS_SINCE, fix=node.INSTALL)


def _terraform(needs: Needs) -> Check:
    wanted = intersect(
        "Terraform", [("", _ANY_TERRAFORM), *(("", TERRAFORM.get(each, _ANY_TERRAFORM)) for each in needs.backends)]
    )
    oldest = ".".join(map(str, OLDEST))
    fix = f"install Terraform {wanted}; offline plans in reviews need {oldest} or later"
    program = shutil.which(terraform())
    if program is None:
        return Check("Terraform", "", ok=False, fix=fix)
    try:
        said, version = terraform_version(program)
    except (OSError, ValueError):
        return Check("Terraform", f"{program} does not report its version", ok=False, fix=fix)
    fits, told = wanted.allows(version), f"{said} at {program}"
    return Check("Terraform", told if fits else f"{told} is not {wanted}", ok=fits, fix=fix)


def _anyscale(needs: Needs) -> Check:
    given = os.environ.get("ANYSCALE_BIN")
    fix = "correct ANYSCALE_BIN" if given else "run pip install 'anyscale-constructs[register]', or set ANYSCALE_BIN"
    return _program("the anyscale program", given or "anyscale", fix, needed=needs.commands)


def _program(name: str, program: str, fix: str, *, needed: bool = True) -> Check:
    found = shutil.which(program)
    return Check(name, found or "", needed=needed, ok=found is not None, fix=fix)


def _tokens(needs: Needs) -> Iterator[Check]:
    """Reports the programs that get tokens for clusters; only machines that apply second stacks need them."""
    for owner in sorted(needs.clusters & _TOKENS.keys()):
        program, package = _TOKENS[owner]
        yield _program(program, program, f"install {package}: Terraform needs it to apply NAME-operator", needed=False)


def _credentials(needs: Needs) -> Iterator[Check]:
    """Reports where credentials seem to be; their absence is no error, since other sources of credentials exist."""
    for owner in ("ANYSCALE", *sorted(needs.owners - {""})):
        name, variables, files, fix = _CREDENTIALS[owner]
        there = [variable for variable in variables if os.environ.get(variable)]
        there += [file for file in files if pathlib.Path(os.path.expanduser(file)).is_file()]  # noqa: PTH111 - pathlib fails without a home
        yield Check(name, ", ".join(there), needed=False, ok=bool(there), fix=fix)


def _mirrors(needs: Needs) -> Iterator[Check]:
    for mirror in sorted(needs.mirrors):
        there = not mirror.startswith("/") or pathlib.Path(mirror).is_dir()
        found = clean(mirror) if there else f"{mirror} is not a directory"
        yield Check("module mirror", found, ok=there, fix="put a checkout there, or correct the key mirror")
    if given := os.environ.get("TF_CLI_CONFIG_FILE"):
        there = pathlib.Path(given).is_file()
        fix = f"correct TF_CLI_CONFIG_FILE: {given} is not a file, so Terraform ignores it"
        yield Check("Terraform CLI configuration", given if there else "", needed=False, ok=there, fix=fix)
    for variable in ("HTTPS_PROXY", "PIP_INDEX_URL", "TF_PLUGIN_CACHE_DIR"):
        if value := os.environ.get(variable):
            yield Check(variable, clean(value), needed=False)


def _text(file: pathlib.Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")
