"""Generates tables of the keys of a cloud's YAML, on the pages of a kind of cloud or of several kinds."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from anyscale_constructs.cli.schemas import schema_of
from anyscale_constructs.clouds import KINDS
from anyscale_constructs.terraform.config import CloudConfig
from docs.generate.markdown import cell, escaped

EVERY_CLOUD = "configuration/every-cloud.md"
_KINDS_OF_PAGES: Mapping[str, Collection[str]] = {
    "configuration/aws.md": {"ec2", "eks"},
    "configuration/google.md": {"gce", "gke"},
    "configuration/kubernetes.md": {"aks", "eks", "generic", "gke"},
    EVERY_CLOUD: KINDS,
}
"""The kinds whose shared keys a page contains; the first matching page applies."""


@dataclass
class Section:
    """The keys of a nested mapping, which is one class in Python.

    Args:
        title: The class's name.
        schema: The JSON Schema of the keys.
        tables: The tables of the first kind of cloud with the keys.
        uses: The parent keys, with the kinds of cloud that have them.
    """

    title: str
    schema: Mapping[str, Any]
    tables: "Tables"
    uses: dict[str, list[str]] = field(default_factory=dict)

    @property
    def page(self) -> str:
        """The page of the section."""
        kinds = {kind for uses in self.uses.values() for kind in uses}
        if len(kinds) == 1:
            return f"clouds/{kinds.pop()}.md"
        return next(page for page, shared in _KINDS_OF_PAGES.items() if kinds <= {*shared})


class Tables:
    """The tables of a kind of cloud.

    Args:
        kind: The kind.
        sections: The sections of all kinds, to which it adds its own.
    """

    def __init__(self, kind: str, sections: dict[str, Section]) -> None:
        self.kind = kind
        self._schema = schema_of(kind)
        self._found: dict[str, Section] = {}
        for key, value in self._schema["properties"].items():
            self._walk(key, value, sections)

    def _walk(self, path: str, node: Any, sections: dict[str, Section]) -> None:
        for name, below in _references(node, path):
            schema = self._schema["$defs"][name]
            if "properties" not in schema:
                self._walk(below, schema, sections)
                continue
            # Mappings that are equal in several kinds, including nested ones, share a section.
            section = sections.setdefault(f"{name} {self._whole(schema)}", Section(name, schema, self))
            self._found[name] = section
            kinds = section.uses.setdefault(below, [])
            if self.kind not in kinds:
                kinds.append(self.kind)
                for key, value in schema["properties"].items():
                    self._walk(f"{below}.{key}", value, sections)

    def _whole(self, node: Any) -> str:
        """Returns a schema with everything that it refers to."""
        found = json.dumps(node, sort_keys=True)
        return found + "".join(self._whole(self._schema["$defs"][name]) for name, _ in _references(node, ""))

    @cached_property
    def shared(self) -> Collection[str]:
        """The keys that the kind has unchanged from the configuration of all clouds."""
        common = CloudConfig.model_json_schema()["properties"]
        return [key for key, value in self._schema["properties"].items() if common.get(key) == value]

    def own(self, page: str) -> Iterator[str]:
        """Yields the table of the top-level keys that are not shared.

        Args:
            page: The page that it is for.
        """
        keys = [key for key in self._schema["properties"] if key not in self.shared]
        yield from self._table(self._schema, keys, page)

    def common(self, page: str) -> Iterator[str]:
        """Yields the table of the shared top-level keys.

        Args:
            page: The page that it is for.
        """
        yield from self._table(self._schema, self.shared, page)

    def section(self, section: Section) -> Iterator[str]:
        """Yields a section with its heading.

        Args:
            section: The section.
        """
        places = (
            f"`{path}`" + ("" if len(kinds) in {len(KINDS), 1} else f" ({', '.join(kinds)})")
            for path, kinds in section.uses.items()
        )
        yield f"\n## {section.title}\n"
        yield f"{escaped(section.schema['description'])}\n"
        yield f"Under {', '.join(places)}.\n"
        yield from self._table(section.schema, section.schema["properties"], section.page)

    def _table(self, schema: Mapping[str, Any], keys: Iterable[str], page: str) -> Iterator[str]:
        yield "| key | type | description |\n|---|---|---|"
        for key in keys:
            value = schema["properties"][key]
            about = [said[0].upper() + said[1:]] if (said := value.get("description")) else []
            if "not" in value:
                about.append("Must be known at synthesis.")
            if key in schema.get("required", ()):
                about.append("**Required.**")
            elif value.get("default") is not None and "Default:" not in "".join(about):
                about.append(f"Default: `{json.dumps(value['default'])}`.")
            yield f"| `{key}` | {self._type(value, page)} | {cell(' '.join(about))} |"

    def _type(self, value: Mapping[str, Any], page: str) -> str:
        if "$ref" in value:
            name = value["$ref"].rpartition("/")[2]
            if name not in self._found:
                return self._type(self._schema["$defs"][name], page)
            there = self._found[name].page
            return f"[{name}]({'' if there == page else f'../{there}'}#{name.lower()})"
        if options := value.get("anyOf") or value.get("oneOf"):
            better = {"examples": value["examples"]} if "examples" in value else {}
            types = (self._type({**option, **better}, page) for option in options if option.get("type") != "null")
            return " or ".join(dict.fromkeys(types))
        if "const" in value or "enum" in value:
            return " or ".join(f"`{option}`" for option in value.get("enum", [value.get("const")]))
        match value.get("type"):
            case "array":
                return f"list of {self._type(value.get('items', {}), page)}"
            case "object":
                inner = _values(value)
                return f"mapping to {self._type(inner, page)}" if inner else "mapping"
            case "string" if value.get("pattern", "").startswith(r"^\$\{"):
                return "expression"
            case "string" if "examples" in value:
                return f"string, such as `{value['examples'][0]}`"
            case plain:
                return str(plain or "anything")


def _values(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns the schema of the values of a mapping whose keys are names."""
    others = [value.get("additionalProperties"), *value.get("patternProperties", {}).values()]
    return next((each for each in others if isinstance(each, dict)), {})


def _references(node: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yields the definitions that a schema refers to, with the keys that contain the references."""
    match node:
        case {"$ref": str(reference)}:
            yield reference.rpartition("/")[2], path
        case {"type": "object"} if inner := _values(node):
            yield from _references(inner, f"{path}.NAME")
        case {"type": "array", "items": items}:
            yield from _references(items, f"{path}[]")
        case dict():
            for value in node.values():
                yield from _references(value, path)
        case list():
            for value in node:
                yield from _references(value, path)
