"""Records the YAML lines of module inputs and cloud keys, and the allowances for reviews."""

import json
import pathlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from anyscale_constructs.config.document import Document
from anyscale_constructs.findings import Finding, Key, Place
from anyscale_constructs.terraform.stack import CloudStack


def write_origins(file: pathlib.Path, stacks: Iterable[CloudStack], documents: Mapping[str, Document]) -> None:
    """Writes the origins and the allowances of stacks.

    Args:
        file: The JSON file.
        stacks: The stacks.
        documents: The YAML document of each stack, by the stack's name.
    """
    found = {stack.name: _of(stack, documents[stack.name]) for stack in stacks}
    file.write_text(json.dumps(found, indent=2, sort_keys=True), encoding="utf-8")


def _of(stack: CloudStack, document: Document) -> dict[str, Any]:
    places = {".".join(map(str, key)): document.place(key) for key in _keys(document.data)}
    for name, module in stack.modules.items():
        for variable in module.interface.variables:
            (finding,) = module.located([Finding("", on=[variable])])
            places[f"{name}.{variable}"] = document.place(finding.key)
    return {
        "origins": {name: _written(place) for name, place in places.items()},
        "allowances": [
            {"rule": rule.id, **each.model_dump(mode="json")}
            for rule, each in stack.allowances
            if rule.command == "review"
        ],
    }


def _written(place: Place) -> list[Any]:
    return [place.file, place.line, place.column]


def _keys(value: Any, above: Key = ()) -> Iterator[Key]:
    yield above
    match value:
        case dict():
            pairs: Iterable[tuple[Any, Any]] = value.items()
        case list():
            pairs = enumerate(value)
        case _:
            pairs = ()
    for step, inner in pairs:
        yield from _keys(inner, (*above, step))
