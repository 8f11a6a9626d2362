"""Values that YAML 1.1 converts, in every field that accepts strings."""

import json
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from anyscale_constructs.cli.project import load_stack
from anyscale_constructs.clouds import KINDS
from anyscale_constructs.config.document import Document
from anyscale_constructs.config.model import Model
from anyscale_constructs.errors import ConfigError
from tests import said as said_of

CONFIGS = [load_stack(kind).config_type for kind in KINDS]

# The value as written, and the message about it.
MISREAD = {
    "0644": "YAML reads 0644 as 420. Fix: put it in quotes, or write 420",
    "1.30": "YAML reads 1.30 as 1.3. Fix: put it in quotes, or write 1.3",
    "12:30:00": "YAML reads 12:30:00 as 45000. Fix: put it in quotes, or write 45000",
    "1_000": "YAML reads 1_000 as 1000",
    "0x1F": "YAML reads 0x1F as 31",
    "2026-12-31T10:00:00Z": "YAML reads 2026-12-31T10:00:00Z as 2026-12-31 10:00:00+00:00",
}
NOT_TEXT = {
    "yes": "got yes, which is true in YAML",
    "Off": "got Off, which is false in YAML",
    "true": "got true",
    "2026-12-31": "got 2026-12-31",
    "1.32": "got 1.32",
    "644": "got 644",
}


def models(of: type[Model]) -> Iterator[type[Model]]:
    yield of
    for model in of.__subclasses__():
        yield from models(model)


def texts(schema: Any, value: str) -> Iterator[str]:
    """Yields YAML with the value in each place of a field that accepts only strings."""
    match schema:
        case {"anyOf": options} | {"oneOf": options}:
            others = [option for option in options if option.get("type") != "null"]
            yield from texts(others[0], value) if len(others) == 1 else ()
        case {"type": "string"} if "format" not in schema:
            yield value
        case {"type": "array", "items": inner}:
            yield from (f"[{each}]" for each in texts(inner, value))
        case {"type": "object", "additionalProperties": Mapping() as inner}:
            yield from (f"{{a: {each}}}" for each in texts(inner, value))


def fields(model: type[Model]) -> dict[str, Any]:
    """Yields the schemas of a model's fields that accept only strings."""
    properties = model.model_json_schema().get("properties", {})
    return {key: schema for key, schema in properties.items() if any(texts(schema, "a"))}


MODELS = [
    model
    for model in models(Model)
    if model.__module__.partition(".")[0] in {"anyscale_constructs", "stacks"} and fields(model)
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"{model.__module__}.{model.__name__}")
def test_fails_on_strings_that_yaml_converts(model: type[Model], tmp_path: pathlib.Path) -> None:
    file = tmp_path / "cloud.yaml"
    for written, said in (MISREAD | NOT_TEXT).items():
        lines = [f"{key}: {value}" for key, schema in fields(model).items() for value in texts(schema, written)]
        file.write_text("\n".join(["# The first line is that of keys that are missing.", *lines]))
        with pytest.raises(ConfigError) as error:
            Document(file).parse(model)
        told = said_of(error.value).splitlines()
        for number in range(2, len(lines) + 2):
            (line,) = [line for line in told if line.startswith(f"{file}:{number}: ") and said in line]
            # The message about a Literal lists the allowed values.
            assert "put it in quotes" in line or "must be '" in line or "must be a valid date" in line


def test_every_kind_of_cloud_has_such_fields() -> None:
    assert set(MODELS) >= set(CONFIGS)
    assert sum(len(fields(model)) for model in MODELS) > 200


@pytest.mark.parametrize("written", MISREAD)
@pytest.mark.parametrize(
    "where", ["modules: {{a: {{inputs: {{b: [{{c: {}}}]}}}}}}", "releases: {{a: {{values: {}}}}}", "{}: a"]
)
def test_fails_on_converted_values_of_any_type(where: str, written: str, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "cloud.yaml"
    file.write_text("# a cloud\n" + where.format(written))
    with pytest.raises(ConfigError) as error:
        Document(file).parse(CONFIGS[0])
    assert f"{file}:2: {MISREAD[written]}" in said_of(error.value)


@pytest.mark.parametrize(
    "written",
    [
        "0",
        "420",
        "-1",
        "1.3",
        "1.0",
        "-0.5",
        "0.00001",
        "2026-12-31",
        "'0644'",
        '"1.30"',
        "08",
        "1.2.3",
        "v1.30",
        "10s",
    ],
)
def test_unconverted_values_pass(written: str, tmp_path: pathlib.Path) -> None:
    class Anything(Model):
        a: Any

    file = tmp_path / "cloud.yaml"
    file.write_text(f"a: {written}")
    read = Document(file).parse(Anything).a
    assert str(read) == written.strip("'\"") or json.dumps(read) == "1e-05"
