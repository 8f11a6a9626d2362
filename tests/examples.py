"""The example clouds, synthesized: what snapshots, contract and end-to-end tests look at."""

import json
import pathlib
from typing import Any

from anyscale_constructs.cli import project
from anyscale_constructs.config.document import Document
from anyscale_constructs.terraform.app import synthesize
from anyscale_constructs.terraform.stack import CloudStack
from tests import ROOT
from tests.folder import read

FOLDER = ROOT / "examples" / "clouds"
CLOUDS = sorted(FOLDER.glob("*.yaml"))
OF_KINDS = {"aks": "aks", "ec2": "minimal", "eks": "eks", "gce": "gce-minimal", "generic": "generic", "gke": "gke"}
"""One of each kind of cloud."""
KUBERNETES = [cloud for cloud in CLOUDS if Document(cloud).data["stack"] not in {"ec2", "gce"}]


def synthesized(example: pathlib.Path, directory: pathlib.Path) -> list[tuple[dict[str, Any], CloudStack]]:
    """The Terraform of each of an example's stacks, and the stack."""
    document = Document(example)
    stack_type = project.load_stack(document.data["stack"])
    config = document.parse(stack_type.config_type)
    stacks = synthesize(lambda app: stack_type.build(app, example.stem, config), directory / "out")
    folder = directory / "out" / "stacks"
    return [(read(folder / stack.name), stack) for stack in stacks]


def released(example: pathlib.Path, release: str, directory: pathlib.Path) -> dict[str, Any]:
    """The values of one of an example's Helm releases."""
    configuration, _ = synthesized(example, directory)[-1]
    (text,) = configuration["resource"]["helm_release"][release]["values"]
    values: dict[str, Any] = json.loads(text)
    return values
