"""Validates accepted clouds with Terraform: many stacks as child modules of one root, on doubles of the providers."""

import json
import math
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from tests.e2e.doubles.server import Doubles
from tests.e2e.lives import is_operator
from tests.e2e.terraform import SERVED, TerraformError
from tests.examples import SYNTHESIZED
from tests.fuzz.clouds import cloud
from tests.fuzz.runs import NAME, Fault, Ran, synthesize

SIZE = 50
"""The number of stacks in one root: Terraform takes seconds to read the schemas, and one stack takes as long as many.
"""

Json = dict[str, Any]

_ROOTS = {"backend", "cloud", "import"}
"""The blocks that a child module cannot have."""
_IMPORTS = re.compile(r"^import \{.*?^\}\n", re.MULTILINE | re.DOTALL)
_GIVEN = "cloud.yaml"


class Upstream:
    """The upstream modules on this machine, each downloaded once by Terraform.

    Args:
        doubles: The doubles with which Terraform downloads them.
        folder: The directory for the modules.

    Raises:
        MissingPieceError: A provider or a module is missing.
    """

    def __init__(self, doubles: Doubles, folder: Path) -> None:
        self._doubles = doubles
        self._folder = folder
        self._numbers = count()
        examples = [stack.terraform for name in SYNTHESIZED for stack in SYNTHESIZED[name].stacks]
        calls = {_key(call): call for each in examples for call in _calls(each) if "example.com" not in call["source"]}
        root = folder / "upstream"
        names = {key: f"module-{number}" for number, key in enumerate(calls)}
        places = {
            key: {name: call[name] for name in ("source", "version") if name in call} for key, call in calls.items()
        }
        _write(root, {"module": {names[key]: place for key, place in places.items()}})
        upstream = doubles.terraform(root, folder / "work")
        upstream.init()
        self._environment = upstream.environment
        known = json.loads((root / ".terraform" / "modules" / "modules.json").read_text(encoding="utf-8"))["Modules"]
        folders = {entry["Key"]: root / entry["Dir"] for entry in known}
        self._folders = {key: folders[name] for key, name in names.items()}

    def has(self, stack: Path) -> bool:
        """Returns whether all modules of a stack are available; a configuration can refer to others.

        Args:
            stack: The directory of the stack.
        """
        return {*map(_key, _calls(_read(stack)))} <= self._folders.keys()

    def refused(self, stacks: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
        """Returns the stacks that Terraform rejects, with its errors.

        Args:
            stacks: The directories of stacks, by the names of child modules.
        """
        said = self._validate(stacks)
        if said and len(stacks) == 1:
            yield next(iter(stacks)), said
        elif said:
            names = [*stacks]
            for part in (names[: len(names) // 2], names[len(names) // 2 :]):
                yield from self.refused({name: stacks[name] for name in part})

    def _validate(self, stacks: Mapping[str, Path]) -> str:
        root = self._folder / f"root-{next(self._numbers)}"
        calls: Json = {}
        variables: Json = {}
        for name, stack in stacks.items():
            document = _read(stack)
            self._write_child(root / name, stack, document)
            calls[name] = {"source": f"./{name}"}
            for key, variable in document.get("variable", {}).items():
                variables[f"{name}-{key}"] = {"type": variable.get("type", "any")}
                calls[name][key] = f"${{var.{name}-{key}}}"
        _write(root, {"module": calls, **({"variable": variables} if variables else {})})
        terraform = self._doubles.terraform(root, self._folder / "batch")
        # With what the modules' own modules are fetched by; the providers are this root's.
        terraform.environment = {**self._environment, SERVED: terraform.environment[SERVED]}
        try:
            terraform.init()
            terraform.validate()
        except TerraformError as error:
            return str(error)
        finally:
            shutil.rmtree(root)
        return ""

    def _write_child(self, folder: Path, stack: Path, document: Json) -> None:
        """Writes a stack as a child module, with the available modules as its sources."""
        child = {key: value for key, value in document.items() if key not in _ROOTS}
        child["terraform"] = {key: value for key, value in document["terraform"].items() if key not in _ROOTS}
        for name, call in document.get("module", {}).items():
            place = os.path.relpath(self._folders[_key(call)], folder)
            child["module"][name] = {key: value for key, value in call.items() if key != "version"} | {"source": place}
        _write(folder, child)
        blocks = (stack / "versions.tf").read_text(encoding="utf-8")
        (folder / "versions.tf").write_text(_IMPORTS.sub("", blocks), encoding="utf-8")


def _read(stack: Path) -> Json:
    found: Json = json.loads((stack / "cdk.tf.json").read_text(encoding="utf-8"))
    return found


def _calls(document: Json) -> Iterator[Json]:
    yield from document.get("module", {}).values()


def _key(call: Json) -> tuple[str, str]:
    """Returns the module of a call; a mirror of Anyscale's repositories has the same modules."""
    return call["source"].rpartition("/anyscale/")[2], call.get("version", "")


def _write(folder: Path, document: Json) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cdk.tf.json").write_text(json.dumps(document), encoding="utf-8")


def validate(seeds: Iterable[int], upstream: Upstream, folder: Path, end: float = math.inf) -> Ran:
    """Validates the accepted clouds of seeds with Terraform; each error is a fault.

    Args:
        seeds: The seeds.
        upstream: The modules.
        folder: The working directory.
        end: The time after which no further batch starts, by the monotonic clock.

    Returns:
        The faults, the number of stacks that Terraform validated, and the number of seeds.
    """
    ran = Ran()
    remaining = iter(seeds)
    while time.monotonic() < end and (some := _kept(remaining, upstream, folder, ran)):
        for wanted in (False, True):  # both at once would ask for two releases of a provider
            stacks = {name: stack for name, stack in some.items() if is_operator(stack) == wanted}
            for name, said in upstream.refused(stacks) if stacks else ():
                given = (some[name] / _GIVEN).read_text(encoding="utf-8")
                ran.faults.append(Fault(int(name.split("-")[1]), "terraform validate", said, given))
            ran.accepted += len(stacks)
        shutil.rmtree(folder / "kept")
    return ran


def _kept(seeds: Iterator[int], upstream: Upstream, folder: Path, ran: Ran) -> dict[str, Path]:
    """Returns the directories of the stacks of the next accepted clouds, at most a batch, by their modules' names."""
    kept: dict[str, Path] = {}
    for seed in seeds:
        ran.count += 1
        stacks = synthesize(seed, folder)
        if isinstance(stacks, Fault):
            ran.faults.append(stacks)
            continue
        if "resources" in cloud(seed):
            continue  # arguments of a provider's own, which only the provider knows
        for stack in filter(upstream.has, stacks):
            name = f"seed-{seed}-{stack.name}"
            kept[name] = shutil.copytree(stack, folder / "kept" / name)
            shutil.copy(folder / "clouds" / f"{NAME}.yaml", kept[name] / _GIVEN)
        if len(kept) >= SIZE:
            break
    return kept
