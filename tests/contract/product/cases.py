"""All cases of the product: added to stacks, synthesized, and evaluated by the real Terraform."""

import json
import re
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.errors import ConstructsError, SynthesisError
from tests.contract import standins
from tests.contract.product import expected
from tests.contract.product.expected import ACCEPTED, PYTHON, WAYS, Outcome, Refused
from tests.contract.product.kinds import KINDS, OUTPUTS, World, write_states
from tests.contract.product.places import PLACES


@dataclass(frozen=True)
class Case:
    """A kind of value, a way of using it, and a place."""

    kind: str
    way: str
    place: str

    @cached_property
    def id(self) -> str:
        """The key of the case in the JSON."""
        return f"w{list(WAYS).index(self.way):02d}k{list(KINDS).index(self.kind):03d}"

    @cached_property
    def outcome(self) -> Outcome:
        return expected.outcome(self.way, self.kind, PLACES[self.place])


# In the other places there is one kind of each type and carrier: where a value comes from is nothing to a place.
_ALWAYS = {"another stack's get_string", "conditional number", "map's element", "untyped list"}
_ALL_KINDS = {"an output", "TerraformOutput", "Helm values"}
_ONE_OF_EACH = {(kind.carrier, type(kind.value)): name for name, kind in reversed(KINDS.items())}.values()
CASES = [
    Case(kind, way, place)
    for place in PLACES
    for way in WAYS
    for kind in KINDS
    if place in _ALL_KINDS or kind in _ONE_OF_EACH or kind in _ALWAYS
]


EVALUATED = ("an output", "TerraformOutput", "Helm values", "a policy", "nested lists")
"""The places whose cases Terraform evaluates; it validates all."""


def element(place: str) -> str:
    """Returns the name of the element with the cases of a place."""
    return f"p{list(PLACES).index(place):02d}"


def _name(case: Case, when: str) -> str:
    """Returns the element of a refused case: a separate one if the message contains only the element's name."""
    if when in {"put", "engine"}:
        return element(case.place) + case.id
    return element(case.place) + (case.id[:3] if PLACES[case.place].text else "")


def _known_by(case: Case) -> str:
    """Returns what identifies a case in a message: JSON strings show the code, not the key."""
    if not PLACES[case.place].text:
        return case.id
    return {"expr": KINDS[case.kind].code, "reference": "passes a reference"}.get(KINDS[case.kind].carrier, case.id)


@dataclass
class Product:
    """The results of all cases.

    Args:
        folder: The directory in which Terraform runs.
        terraform: The program.
    """

    folder: Path
    terraform: str
    refusals: dict[Case, str] = field(default_factory=dict)
    """The messages of refused cases."""

    def __post_init__(self) -> None:
        write_states(self.folder)
        self.tree = self._accepted()
        self._refused()
        self.values = self._evaluated()

    def _accepted(self) -> dict[str, Any]:
        world, made = self._world()
        for name, place in PLACES.items():
            cases = [case for case in CASES if case.place == name and case.outcome == ACCEPTED]
            place.put(world.stack, element(name), {case.id: made[case.way, case.kind] for case in cases})
        self.stack = world.stack
        tree: dict[str, Any] = world.stack.to_terraform()
        return tree

    def _world(self) -> tuple[World, dict[tuple[str, str], Any]]:
        """Returns a stack and the result of each way for each kind in it, or an error message."""
        world = World(self.folder)
        made: dict[tuple[str, str], Any] = {}
        for kind_name, kind in KINDS.items():
            value = kind.make(world)
            for way_name, way in WAYS.items():
                if any(expected.outcome(way_name, kind_name, place) != PYTHON for place in PLACES.values()):
                    try:
                        made[way_name, kind_name] = way.apply(value)
                    except ConstructsError as error:
                        made[way_name, kind_name] = error
        return world, made

    def _refused(self) -> None:
        for when in ("put", "engine", "code", "left"):
            world, made = self._world()
            cases: dict[str, list[Case]] = {}
            for case in CASES:
                if isinstance(case.outcome, Refused) and case.outcome.when == when:
                    value = made[case.way, case.kind]
                    if isinstance(value, ConstructsError):
                        self.refusals[case] = str(value)
                    else:
                        cases.setdefault(_name(case, when), []).append(case)
            for name, here in cases.items():
                values = {case.id: made[case.way, case.kind] for case in here}
                try:
                    PLACES[here[0].place].put(world.stack, name, values)
                except (ConstructsError, RuntimeError) as error:
                    self.refusals |= dict.fromkeys(here, str(error))
            if when != "put":
                with pytest.raises(SynthesisError) as raised:
                    world.stack.to_terraform()
                self._sort(str(raised.value), when)

    def _sort(self, said: str, when: str) -> None:
        """Assigns to each case the line of the message that mentions it."""
        cases = [case for case in CASES if isinstance(case.outcome, Refused) and case.outcome.when == when]
        named = {(_name(case, when), _known_by(case)): case for case in cases}
        for line in said.splitlines():
            name = re.search(r"(?<![a-z\d])p\d{2}(?:w\d{2})?(?:k\d{3})?", line)
            for found in (
                re.search(r"w\d{2}k\d{3}", line),
                re.search(r"(?<= contains )\S.*(?=, a )|passes a reference", line),
            ):
                if name and found and (case := named.get((name.group(), found.group()))):
                    self.refusals[case] = line

    def _evaluated(self) -> dict[str, Any]:
        """Returns the values that Terraform computes for the cases in some places; the others are validated."""
        values = {name: value for outputs in OUTPUTS.values() for name, value in outputs.items()}
        tree = {**self.tree, "output": {**self.tree["output"], "providers": {"value": self.tree["provider"]}}}
        del tree["provider"]  # there is none of that name
        configuration = standins.redirect(tree, self.stack, self.folder / "modules", values)
        self._run("validate", configuration)
        read = {name: PLACES[name].read(self.tree, element(name)) for name in EVALUATED}
        mine = {f"p{index:02d}" for index in range(len(PLACES))}
        world = {
            block: {name: body for name, body in bodies.items() if name not in mine}
            for block, bodies in configuration.items()
            if block in {"locals", "variable", "module"}
        }
        world |= {
            block: {
                kind: {n: b for n, b in named.items() if n not in mine} for kind, named in configuration[block].items()
            }
            for block in ("resource", "data")
        }
        world["module"] = {name: call for name, call in world["module"].items() if name in OUTPUTS}
        self._run("apply", world | {"output": {element(name): {"value": value} for name, value in read.items()}})
        outputs = json.loads(self._terraform("output", "-json"))
        return {name: outputs[element(name)]["value"] for name in read}

    def _run(self, command: str, configuration: dict[str, Any]) -> None:
        folder = self.folder / "terraform"
        folder.mkdir(exist_ok=True)
        (folder / "main.tf.json").write_text(json.dumps(configuration))
        (folder / "given.tfstate").write_text((self.folder / "given.tfstate").read_text())
        self._terraform("init")
        self._terraform(command, *(["-auto-approve"] if command == "apply" else []))

    def _terraform(self, *command: str) -> str:
        done = subprocess.run(
            [self.terraform, f"-chdir={self.folder / 'terraform'}", *command, "-no-color"],
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
        return done.stdout
