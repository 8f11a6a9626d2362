"""Clouds on doubles: how they are synthesized, applied, changed, registered and destroyed."""

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from anyscale_constructs.clouds.operator import SUFFIX
from tests import ROOT
from tests.e2e.control_plane import ControlPlane
from tests.e2e.terraform import Plan, Terraform
from tests.examples import CLOUDS, written
from tests.missing import find_anyscale

Config = dict[str, Any]
SECRETS = {"memorydb_passwords": {"anyscale": ["a-password-of-16"]}}
"""The values of variables other than the cloud resource's ID."""


def _appliable(file: Path) -> Config:
    """Returns an example with a local state and the modules from GitHub."""
    config = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {key: value for key, value in config.items() if key not in {"backend", "mirror"}}


EXAMPLES = {file.stem: _appliable(file) for file in CLOUDS}


def synthesize(name: str, config: Config, work: Path) -> list[Path]:
    """Synthesizes a cloud; returns the directories of its stacks, with variable files as registration writes them."""
    file = work / f"{name}.yaml"
    file.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    stacks = written(file, work / "out")
    for stack in stacks:
        wanted = [key for key, each in _document(stack).get("variable", {}).items() if "default" not in each]
        values = {key: SECRETS.get(key, "cldrsrc_1") for key in wanted}
        (stack / "terraform.tfvars.json").write_text(json.dumps(values), encoding="utf-8")
    return stacks


def _document(stack: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((stack / "cdk.tf.json").read_text(encoding="utf-8"))
    return found


def edit(stack: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Changes the Terraform of a stack in place."""
    document = _document(stack)
    change(document)
    (stack / "cdk.tf.json").write_text(json.dumps(document), encoding="utf-8")


def merged(config: Config, change: Config) -> Config:
    """Returns the configuration with the values of a change merged into it."""
    made = copy.deepcopy(config)
    for key, value in change.items():
        made[key] = merged(made.get(key) or {}, value) if isinstance(value, dict) else value
    return made


APIS = "module.cloudapis.google_project_service"
_ONE_MORE = "pubsub.googleapis.com"
ADDED = f'{APIS}.anyscale_optional_apis["{_ONE_MORE}"]'
"""The address of the API that `one_more_api` adds."""


def one_more_api(stack: Path) -> Config:
    """Returns a change of the configuration that enables one more API on Google Cloud."""
    call = _document(stack)["module"]["cloudapis"]
    optional = "anyscale_activate_optional_apis"
    return {"modules": {"cloudapis": {"inputs": {optional: [*call.get(optional, []), _ONE_MORE]}}}}


def apply(terraform: Terraform) -> None:
    """Creates a stack without a warning, and finds it unchanged."""
    terraform.init()
    assert terraform.validate() == []
    plan = terraform.plan()
    assert set(plan.changes.values()) <= {"create"}
    assert terraform.apply().added == len(plan.changes)
    assert terraform.plan() == Plan({}, {})


def kept(stack: Path) -> Iterator[tuple[str, str]]:
    """Returns the types and names of a stack's resources with prevent_destroy."""
    for kind, named in _document(stack).get("resource", {}).items():
        yield from ((kind, name) for name, each in named.items() if each.get("lifecycle", {}).get("prevent_destroy"))


def allow_destroy(stack: Path) -> None:
    """Allows all resources of a stack to be destroyed, with an override file."""
    resources: dict[str, Any] = {}
    for kind, name in kept(stack):
        resources.setdefault(kind, {})[name] = {"lifecycle": {"prevent_destroy": False}}
    (stack / "zz_override.tf.json").write_text(json.dumps({"resource": resources}), encoding="utf-8")


def register(stack: Path, outputs: Mapping[str, Any], work: Path, *options: str) -> str:
    """Returns the result of `anyscale-constructs register` as a dry run; the control plane must get no write."""
    file = work / "outputs.json"
    file.write_text(json.dumps({stack.name: outputs}), encoding="utf-8")
    program = str(Path(sys.executable).parent / "anyscale-constructs")
    with ControlPlane() as plane:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(work / "home"),
            "PYTHONPATH": str(ROOT),
            "ANYSCALE_BIN": find_anyscale(),
            **plane.environment,
        }
        command = [program, "register", stack.name, "--outputs", str(file), *options]
        done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        assert plane.writes == []
    return done.stdout


def is_operator(stack: Path) -> bool:
    """Returns whether a stack is applied after registration."""
    return stack.name.endswith(SUFFIX)
