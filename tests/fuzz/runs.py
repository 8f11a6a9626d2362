"""Runs the program on input that is generated from seeds: the configuration of a cloud, and outputs to register."""

import copy
import json
import pathlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.findings import command as execute
from tests.fuzz.clouds import cloud, places, text
from tests.fuzz.outcomes import failure_of
from tests.fuzz.values import ODD, Values
from tests.registration_samples import ALL

NAME = "prod"
_PAGES = ("text", "mermaid", "html")
_EXPLAINED = 4
"""One in this many clouds is explained, which takes longer than everything else."""


@dataclass(frozen=True)
class Fault:
    """A failure on the cloud or the outputs of a seed.

    Args:
        seed: The seed.
        command: The command that failed.
        what: The failure.
        given: The input of the command.
    """

    seed: int
    command: str
    what: str
    given: str

    def __str__(self) -> str:
        return f"seed {self.seed}: {self.command}: {self.what}\n{self.given}"


@dataclass
class Ran:
    """The results of some seeds: the faults, and the numbers of accepted clouds or stacks and of seeds to validate."""

    faults: list[Fault] = field(default_factory=list)
    accepted: int = 0
    count: int = 0


def run(seeds: Sequence[int], folder: pathlib.Path) -> Ran:
    """Runs the program on seeds.

    Args:
        seeds: The seeds.
        folder: The working directory.
    """
    ran = Ran()
    for seed in seeds:
        synthesized = synthesize(seed, folder)
        if not isinstance(synthesized, Fault):
            ran.accepted += bool(synthesized)
            explained = [_explain] if synthesized and seed % _EXPLAINED == 0 else []
            found = [each(seed, folder) for each in (*explained, _register)]
        else:
            found = [synthesized]
        ran.faults += [each for each in found if isinstance(each, Fault)]
    return ran


def synthesize(seed: int, folder: pathlib.Path) -> Fault | list[pathlib.Path]:
    """Returns the directories of a cloud's stacks, none if it is rejected, or a description of the failure.

    Args:
        seed: The seed of the cloud.
        folder: The working directory.
    """
    shutil.rmtree(folder / "out", ignore_errors=True)
    (folder / "clouds").mkdir(exist_ok=True)
    given = text(cloud(seed))
    (folder / "clouds" / f"{NAME}.yaml").write_text(given, encoding="utf-8")
    found = failure_of(lambda: execute(folder, "synth", "--out", "out"))
    return Fault(seed, "synth", found, given) if found else sorted(folder.glob("out/stacks/*"))


def _explain(seed: int, folder: pathlib.Path) -> Fault | None:
    page = _PAGES[seed // _EXPLAINED % len(_PAGES)]
    found = failure_of(lambda: execute(folder, "explain", NAME, "--format", page))
    given = (folder / "clouds" / f"{NAME}.yaml").read_text(encoding="utf-8")
    return Fault(seed, f"explain --format {page}", found, given) if found else None


def outputs(seed: int) -> Any:
    """Returns outputs that are wrong in some place, in one of the formats that Terraform and cdktf print."""
    chance = Values(seed, {}).random
    resource = copy.deepcopy(chance.choice([*ALL.values()]))
    plain = {"anyscale_cloud_name": NAME, "anyscale_cloud_resource": resource}
    form: Callable[[], Any] = chance.choice(
        [
            lambda: plain,
            lambda: resource,
            lambda: {NAME: plain},
            lambda: {key: {"value": each, "sensitive": False, "type": "string"} for key, each in plain.items()},
        ]
    )
    made = {"": form()}
    for _ in range(chance.randint(1, 3)):
        place = chance.choice([*places(made, {}, {})])
        place.container[place.key] = copy.deepcopy(chance.choice(ODD))
    return made[""]


def _register(seed: int, folder: pathlib.Path) -> Fault | None:
    given = json.dumps(outputs(seed))
    (folder / "outputs.json").write_text(given, encoding="utf-8")
    command = ["register", NAME, "--outputs", "outputs.json", "--print", ("command", "resource-file")[seed % 2]]
    found = failure_of(lambda: execute(folder, *command))
    return Fault(seed, " ".join(command), found, given) if found else None
