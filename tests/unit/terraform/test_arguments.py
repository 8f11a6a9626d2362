"""Names of arguments: those of Anyscale's provider, in resources and data sources."""

from collections.abc import Iterator
from typing import Any

import pytest

from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import expr
from anyscale_constructs.terraform.arguments import anyscale_provider, check_arguments
from anyscale_constructs.terraform.resource import Data, Resource
from anyscale_constructs.terraform.stack import CloudStack

MAKE: dict[str, type[Resource] | type[Data]] = {"resources": Resource, "data": Data}
TYPES = [(kind, type_) for kind in MAKE for type_ in anyscale_provider()[kind]]


def sample(known: Any) -> Any:
    """A value with every existing argument."""
    match known:
        case dict():
            return {name: sample(inner) for name, inner in known.items()}
        case [inner]:
            return [sample(inner)]
    return expr("var.x")


def paths(known: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    match known:
        case dict():
            for name, inner in known.items():
                yield (*path, name)
                yield from paths(inner, (*path, name))
        case [inner]:
            yield from paths(inner, (*path, 0))


@pytest.mark.parametrize(("kind", "type_"), TYPES)
def test_every_argument_is_accepted_and_every_misspelt_one_rejected(stack: CloudStack, kind: str, type_: str) -> None:
    known = anyscale_provider()[kind][type_]["arguments"]
    for index, path in enumerate([(), *paths(known)]):
        arguments = sample(known)
        if not path:
            MAKE[kind](stack, type_, "right", arguments)
            continue
        *above, name = path
        block = arguments
        for step in above:
            block = block[step]
        block[f"{name}_"] = block.pop(name)
        with pytest.raises(
            InputError, match=f": unknown argument '{name}_': did you mean '.*another provider version than"
        ):
            MAKE[kind](stack, type_, f"wrong_{index}", arguments)


def test_the_error_names_the_block_and_the_nearest_argument(stack: CloudStack) -> None:
    with pytest.raises(InputError) as error:
        Resource(stack, "anyscale_cloud", "this", {"file_storage": {"mount_targets": [{}, {"adress": "a"}]}})
    version = anyscale_provider()["version"]
    assert str(error.value) == (
        "anyscale_cloud.this.file_storage.mount_targets[1]: unknown argument 'adress': did you mean 'address'?. "
        f"Fix: correct the name; if another provider version than {version} has it, use TerraformResource"
    )


@pytest.mark.parametrize(
    ("kind", "type_", "near"),
    [("resources", "anyscale_clod", "anyscale_cloud"), ("data", "anyscale_projectz", "anyscale_project")],
)
def test_fails_on_a_type_that_the_provider_lacks(stack: CloudStack, kind: str, type_: str, near: str) -> None:
    with pytest.raises(InputError, match=f"{type_}.this: unknown type '{type_}': did you mean '{near}"):
        MAKE[kind](stack, type_, "this", {})


def test_a_resource_type_is_not_a_data_source_type(stack: CloudStack) -> None:
    with pytest.raises(InputError, match="unknown type 'anyscale_cloud_resource'"):
        Data(stack, "anyscale_cloud_resource", "this", {})


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_other_providers_and_terraforms_own_arguments_pass(
    stack: CloudStack, make: type[Resource] | type[Data]
) -> None:
    make(stack, "aws_anyscale_cloud", "this", {"anything": {"at": "all"}})
    make(stack, "anyscale_cloud", "this", {"name": "a", "count": 1, "lifecycle": {"prevent_destroy": True}})


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"a": 1, "b": 2}, "r: unknown argument 'b'"),
        ({"c": {"e": 1}}, "r.c: unknown argument 'e'"),
        ({"c": [{"d": 1}, {"e": 1}]}, r"r.c\[1\]: unknown argument 'e'"),
        ({"f": {"e": 1}}, "r.f: unknown argument 'e'"),
        ({"f": ({"g": 1}, {"e": 1})}, r"r.f\[1\]: unknown argument 'e'"),
        ({expr("var.x"): 1}, r"r: unknown argument .*var\.x"),
    ],
)
def test_a_block_can_be_a_mapping_or_a_list(given: Any, where: str) -> None:
    known = {"a": "string", "c": {"d": "string"}, "f": [{"g": "string"}], "//": {}}
    with pytest.raises(InputError, match=where):
        check_arguments(given, known, "r")
    check_arguments({"a": {"any": 1}, "c": {"d": 1}, "f": [{"g": 1}], "//": {"x": 1}}, known, "r")
