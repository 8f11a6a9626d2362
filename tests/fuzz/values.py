"""Generates values from JSON Schemas and Terraform types, few of them wrong; the same seed gives the same values."""

import copy
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Schema = dict[str, Any]
Inner = Callable[[], Any]

_NAMES = [
    "a",
    "team",
    "Team",
    "cost-center",
    "b_2",
    "x.y/z",
    "1",
    "constructor",
    "toString",
    "__proto__",
    "<<",
    "=",
    "",
]
_TEXTS = [
    "",
    "a",
    "A-b_c",
    "1",
    "true",
    "null",
    "é ü",
    "a b",
    "${",
    "%{",
    "$${x}",
    "%%{if}",
    '"',
    "\\",
    "a\nb",
    "x" * 300,
    "0",
    "-1",
    "0.0.0.0/0",
    "10.0.0.0/16",
    "10.0.0.0/30",
    "https://x.example.com",
    "__proto__",
    "*",
    "/",
    "😀",
]
_NUMBERS = [0, 1, -1, 2, 3, 64, 65535, 4.5, 0.1, -0.0, 1e21, 2**53 + 1, 10**40, 1e308]
_CODE = ["${module.vpc.vpc_id}", "${var.a}", "${local.a}", "${data.aws_region.current.name}", "${module.vpc.a.b[0]}"]
ODD: list[Any] = [None, True, [], {}, [[]], [None], [{}], {"a": None}, {"": []}, *_TEXTS, *_NUMBERS, *_CODE]
"""Values that are wrong in most places, or at a limit of what is valid."""

_CODE_ALONE = re.compile(r"\^\\\$\\\{")
_TERRAFORM = re.compile(r"(?P<outer>list|set|map)\((?P<inner>.*)\)", re.DOTALL)


class Values:
    """Generates values.

    Args:
        seed: The seed.
        known: Strings that people write, by key.
    """

    def __init__(self, seed: int, known: Mapping[str, list[str]]) -> None:
        self.random = random.Random(seed)  # noqa: S311 - no secret
        self._known = known

    def of(self, schema: Schema, definitions: Mapping[str, Schema], key: str = "") -> Any:
        """Returns a value that meets a schema, including all its constraints.

        Args:
            schema: The schema.
            definitions: The definitions that it refers to.
            key: The key of the value.
        """
        if "$ref" in schema:
            return self.of(definitions[schema["$ref"].rpartition("/")[2]], definitions, key)
        for choices in ("anyOf", "oneOf"):
            if choices in schema:
                options = schema[choices]
                weights = [1 if is_null_or_code(option) else 20 for option in options]
                (option,) = self.random.choices(options, weights)
                return self.of(option, definitions, key)
        if "const" in schema or "enum" in schema:
            return self.random.choice(schema.get("enum") or [schema["const"]])
        match schema.get("type"):
            case "object":
                return self._mapping(schema, definitions)
            case "array":
                return self._list(schema, lambda: self.of(schema.get("items", {}), definitions, key))
            case "string":
                return self._text(schema, key)
            case "integer" | "number" as kind:
                return self._number(schema, whole=kind == "integer")
            case "boolean":
                return self.random.random() < 0.5
            case "null":
                return None
        return copy.deepcopy(self.random.choice(ODD))

    def of_type(self, type_: str, key: str) -> Any:
        """Returns a value of a Terraform type.

        Args:
            type_: The type, as declared by a module's variable.
            key: The variable.
        """
        match = _TERRAFORM.fullmatch(type_.strip())
        if match and match["outer"] == "map":
            return {self.name(): self.of_type(match["inner"], key) for _ in range(self.random.randrange(3))}
        if match:
            return [self.of_type(match["inner"], key) for _ in range(self.random.randrange(3))]
        kinds = {"string": {"type": "string"}, "number": {"type": "number"}, "bool": {"type": "boolean"}}
        return self.of(kinds.get(type_.strip(), {}), {}, key)

    def name(self) -> str:
        """Returns a key for a mapping that accepts any key."""
        return self.random.choice(_NAMES)

    def _mapping(self, schema: Schema, definitions: Mapping[str, Schema]) -> dict[str, Any]:
        properties = schema.get("properties", {})
        wanted = {key for key in properties if self.random.random() < 0.25} | {*schema.get("required", ())}
        made = {key: self.of(properties[key], definitions, key) for key in properties if key in wanted}
        further = next(iter(schema.get("patternProperties", {}).values()), schema.get("additionalProperties"))
        if isinstance(further, dict) or (further and not properties):
            inner = further if isinstance(further, dict) else {}
            names = schema.get("propertyNames", {})
            for _ in range(self.random.randrange(3)):
                name = self._text(names, "") if "pattern" in names or "examples" in names else self.name()
                made[name] = self.of(inner, definitions)
        return made

    def _list(self, schema: Schema, inner: Inner) -> list[Any]:
        least, most = schema.get("minItems", 0), schema.get("maxItems", 4)
        return [inner() for _ in range(self.random.randint(least, max(least, most)))]

    def _number(self, schema: Schema, *, whole: bool) -> float:
        least, most = schema.get("minimum", 0), schema.get("maximum", 1000)
        limits = [least, most, self.random.randint(int(least), int(max(least, most))), schema.get("default")]
        numbers = [each for each in limits if isinstance(each, int | float)]
        numbers += [] if whole else [each for each in _NUMBERS if least <= each <= most]
        return self.random.choice(numbers)

    def _text(self, schema: Schema, key: str) -> str:
        pattern, exact = schema.get("pattern", ""), [*schema.get("examples", ()), schema.get("default")]
        usual = [each for each in (*exact, *self._known.get(key, ())) if isinstance(each, str)]
        usual = [each for each in usual if fits(pattern, each)] or _TEXTS
        chosen: str = self.random.choice(usual)
        if self.random.random() < 0.8 or chosen in _TEXTS:
            return chosen
        return self._stretched(chosen, pattern) if pattern else self.random.choice([*_TEXTS, chosen])

    def _stretched(self, text: str, pattern: str) -> str:
        """Returns the string with some of its characters repeated, up to the limit of the pattern."""
        for _ in range(8):
            at = self.random.randrange(len(text) + 1)
            longer = text[:at] + text[max(0, at - 1) : at] * self.random.choice([1, 2, 10, 60]) + text[at:]
            if fits(pattern, longer):
                text = longer
        return text


def fits(pattern: str, text: str) -> bool:
    """Returns whether a string matches the pattern of a schema."""
    return not pattern or re.search(pattern, text) is not None


def is_null_or_code(option: Schema) -> bool:
    """Returns whether an option of a schema is null, or Terraform code instead of a value."""
    return option.get("type") == "null" or bool(_CODE_ALONE.match(option.get("pattern", "")))


def texts_by_key(value: Any) -> dict[str, list[str]]:
    """Returns all strings in a value, by key."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, text in _texts(value, ""):
        found[name].append(text)
    return found


def _texts(value: Any, key: str) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            for name, inner in value.items():
                yield from _texts(inner, name)
        case list():
            for inner in value:
                yield from _texts(inner, key)
        case str():
            yield key, value
