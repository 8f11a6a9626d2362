"""The example clouds: what snapshots, contract and end-to-end tests look at, by the fixture `cloud` or from here."""

import json
import pathlib
from typing import Any

from anyscale_constructs.cli.synthesis import gather_clouds
from anyscale_constructs.config.document import Document
from anyscale_constructs.testing import Clouds
from tests import ROOT

FOLDER = ROOT / "examples" / "clouds"
CLOUDS = sorted(FOLDER.glob("*.yaml"))
OF_KINDS = {"aks": "aks", "ec2": "minimal", "eks": "eks", "gce": "gce-minimal", "generic": "generic", "gke": "gke"}
"""One of each kind of cloud."""
KUBERNETES = [cloud for cloud in CLOUDS if Document(cloud).data["stack"] not in {"ec2", "gce"}]


SYNTHESIZED = Clouds(ROOT)


def written(cloud: pathlib.Path, out: pathlib.Path) -> list[pathlib.Path]:
    """Synthesizes a cloud into a folder; gives the folders of its stacks."""
    app, _ = gather_clouds(cloud.parent, out, [cloud.stem])
    return [out / "stacks" / stack.name for stack in app.cloud_stacks]


def released(example: pathlib.Path, release: str) -> dict[str, Any]:
    """The values of one of an example's Helm releases."""
    (text,) = SYNTHESIZED[example.stem].stacks[-1].resources[f"helm_release.{release}"]["values"]
    values: dict[str, Any] = json.loads(text)
    return values
