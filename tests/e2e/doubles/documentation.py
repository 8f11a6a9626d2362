"""Reads a provider's schema out of its own documentation, for a provider that has no bindings.

It is that of tfplugindocs: each page lists the arguments that are required, optional and read-only, with their types.
It does not tell which optional ones are computed where they are left out.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.e2e.clones import git_configuration
from tests.e2e.doubles import schema
from tests.e2e.doubles.schema import Attribute, Block, Schema, Type
from tests.missing import find

_GROUP = re.compile(r"(?:### )?(Required|Optional|Read-Only):?")
_ARGUMENT = re.compile(r"- `(\w+)` \(([^),]+)")
_NESTED = re.compile(r"^### Nested Schema for `([\w.]+)`$", re.MULTILINE)
_TYPES = {"String": "string", "Number": "number", "Boolean": "bool", "Dynamic": "dynamic"}
_FOLDERS = {"resources": "resource_schemas", "data-sources": "data_source_schemas"}


def documented(repository: str, tag: str) -> Schema:
    """The schema of the provider in a repository on GitHub.

    Args:
        repository: The repository, as `org/name`.
        tag: The tag of the release.

    Raises:
        MissingPieceError: The repository or the tag cannot be had.
    """
    prefix = repository.rpartition("-")[2]
    with tempfile.TemporaryDirectory(prefix="documentation-") as folder:
        configuration = Path(folder) / "gitconfig"
        configuration.write_text(git_configuration({repository: [tag]}) or "", encoding="utf-8")
        clone = [find("git", "install git"), "-c", "advice.detachedHead=false", "clone", "--quiet", "--depth=1"]
        subprocess.run(
            [*clone, "--branch", tag, f"https://github.com/{repository}.git", f"{folder}/clone"],
            check=True,
            env=os.environ | {"GIT_CONFIG_GLOBAL": str(configuration), "GIT_TERMINAL_PROMPT": "0"},
            capture_output=True,
        )
        docs = Path(folder) / "clone" / "docs"
        made = schema.empty()
        made["provider"] = page((docs / "index.md").read_text(encoding="utf-8"))
        for name, part in _FOLDERS.items():
            for file in (docs / name).glob("*.md"):
                made[part][f"{prefix}_{file.stem}"] = page(file.read_text(encoding="utf-8"))  # type: ignore[literal-required]
        return made


def page(text: str) -> Block:
    """The schema that a page documents."""
    head, *nested = _NESTED.split(text.partition("\n## Schema")[2])
    return _block({"": head, **dict(zip(nested[::2], nested[1::2], strict=True))}, "")


def _block(parts: Mapping[str, str], path: str) -> Block:
    """What one part of a page lists; those that are nested are in the other parts."""
    made: Block = {"attributes": {}, "block_types": {}}
    group = ""
    for line in parts[path].splitlines():
        if found := _GROUP.fullmatch(line):
            group = found[1]
        if not (found := _ARGUMENT.match(line)):
            continue
        name, words = found.groups()
        kind, _, mode = words.partition(" ")
        mode = mode.lower() or "single"
        attribute: Attribute = {
            "required": group == "Required",
            "optional": group == "Optional",
            "computed": group == "Read-Only",
        }
        if kind in {"Block", "Attributes"}:
            inner = _block(parts, f"{path}.{name}".lstrip("."))
            if kind == "Block":
                made["block_types"][name] = {"nesting_mode": mode, "block": inner, "min_items": 0, "max_items": 0}
                continue
            attribute["nested_type"] = {"nesting_mode": mode, "attributes": inner["attributes"]}
        else:
            attribute["type"] = _type(words)
        made["attributes"][name] = attribute
    return made


def _type(words: str) -> Type:
    collection, of, inner = words.partition(" of ")
    return [collection.lower(), _type(inner)] if of else _TYPES[words]
