"""Finds the interface of a module at the pin of its call: in the catalog, or in the module's source if available."""

import contextlib
import json
import os
import pathlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anyscale_constructs.codegen import hcl
from anyscale_constructs.codegen.catalog import Entry, patched
from anyscale_constructs.codegen.git import Checkout
from anyscale_constructs.errors import CodegenError
from anyscale_constructs.review.stacks import ModuleCall
from anyscale_constructs.terraform.interface import Interface

CLONES = "ANYSCALE_MODULES_DIR"
"""The environment variable that names a directory with clones of the upstream repositories."""

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Interfaces:
    """Finds the interfaces of modules.

    Args:
        folders: The directories of stacks, where `terraform init` may have put modules into .terraform.
    """

    folders: Sequence[pathlib.Path] = ()

    def of(self, call: ModuleCall) -> Interface | None:
        """Returns the interface of the called module at its pin; None if its source is not available.

        Args:
            call: The call.
        """
        if call.interface:
            return call.interface
        for files in self._sources(call):
            with contextlib.suppress(CodegenError):
                declared = hcl.read(files)
                return patched(_entry(call), declared, declared.data_sources, call.ref, call.ref)
        return None

    def _sources(self, call: ModuleCall) -> Iterator[Mapping[str, str]]:
        """Yields the contents of the module's files, by name, from each place that has them."""
        for folder in self.folders:
            for module in _fetched(folder):
                if module["Source"].removeprefix("registry.terraform.io/") == call.source and (
                    module.get("Version", "") == call.version
                ):
                    yield _files(folder / module["Dir"])
        if pathlib.PurePath(call.source).is_absolute():
            yield _files(pathlib.Path(call.source))
        if (root := os.environ.get(CLONES)) and call.repository and call.ref:
            name = call.repository.partition("/")[2]
            for stem in (call.repository, f"{call.repository}.git", name, f"{name}.git"):
                yield from _cloned(pathlib.Path(root, stem), call)


def _entry(call: ModuleCall) -> Entry:
    name, registry = (call.known.name, call.known.registry) if call.known else (call.module, "")
    return Entry(name, call.repository, call.path, "", "", registry)


def _fetched(folder: pathlib.Path) -> list[dict[str, Any]]:
    try:
        text = (folder / ".terraform" / "modules" / "modules.json").read_text(encoding="utf-8")
        modules: list[dict[str, Any]] = json.loads(text)["Modules"]
    except (OSError, ValueError, KeyError):
        return []
    return modules


def _files(folder: pathlib.Path) -> Mapping[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.tf")}


def _cloned(clone: pathlib.Path, call: ModuleCall) -> Iterator[Mapping[str, str]]:
    refs = [call.ref] if _COMMIT.fullmatch(call.ref) else [call.ref, f"v{call.ref}"]
    for ref in refs if clone.is_dir() else ():
        with contextlib.suppress(CodegenError):
            checkout = Checkout(clone, ref, ref) if _COMMIT.fullmatch(ref) else Checkout.at(clone, ref)
            yield checkout.files(call.path, ".tf")
