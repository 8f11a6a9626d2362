"""Overrides of single resources in a configuration: merged, with a warning, or an error if they have no effect."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from anyscale_constructs.errors import InputError, SynthesisError
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.resource import Resource
from anyscale_constructs.terraform.sources import Sources
from anyscale_constructs.terraform.stack import CloudStack
from tests.folder import read
from tests.unit.test_aks import config

OURS = {"name": "a", "profile": {"plugin": "azure", "ranges": ["10.0.0.0/8"]}, "tier": "Free"}


def stack_with(arguments: Mapping[str, Any], folder: Path, address: str = "azurerm_thing.this") -> CloudStack:
    sources = Sources.model_validate({"resources": {address: {"arguments": arguments}}})
    stack = CloudStack(App(folder), "test", sources=sources)
    Resource(stack, "azurerm_thing", "this", OURS)
    return stack


def thing(stack: CloudStack, folder: Path) -> dict[str, Any]:
    stack.node.root.synth()  # type: ignore[attr-defined] # the app
    made: dict[str, Any] = read(folder / "stacks" / "test")["resource"]["azurerm_thing"]["this"]
    return {name: value for name, value in made.items() if name != "//"}


def test_arguments_are_merged_by_key_and_null_removes_one(tmp_path: Path) -> None:
    stack = stack_with({"profile": {"policy": "azure"}, "driver": {"enabled": True}, "tier": None}, tmp_path)
    assert thing(stack, tmp_path) == {
        "name": "a",
        "profile": {"plugin": "azure", "ranges": ["10.0.0.0/8"], "policy": "azure"},
        "driver": {"enabled": True},
    }


def test_removed_values_are_reported(tmp_path: Path) -> None:
    stack = stack_with({"profile": {"ranges": ["172.16.0.0/12"]}, "tier": None}, tmp_path)
    where = ("resources", "azurerm_thing.this", "arguments")
    assert [(found.what, found.key) for found in stack.findings] == [
        (
            'profile.ranges replaces the value that the cloud sets, and lacks "10.0.0.0/8"',
            (*where, "profile", "ranges"),
        ),
        ("tier is null, which removes the value that the cloud sets", (*where, "tier")),
    ]


@pytest.mark.parametrize(
    ("arguments", "key", "says"),
    [
        ({"name": {"a": 1}}, ("name",), "name must be a single value; got a mapping"),
        ({"profile": "azure"}, ("profile",), "profile must be a mapping; got 'azure'"),
        (
            {"profile": {"ranges": "10.0.0.0/8"}},
            ("profile", "ranges"),
            "profile.ranges must be a list; got '10.0.0.0/8'",
        ),
        ({"depends_on": "a.b"}, ("depends_on",), "depends_on must be a list; got 'a.b'"),
        ({"profile.plugin": "b"}, ("profile.plugin",), "'profile.plugin' is not the name of an argument"),
        ({"//": "a"}, ("//",), "'//' is not the name of an argument"),
        ({"": "a"}, ("",), "'' is not the name of an argument"),
    ],
    ids=str,
)
def test_fails_on_arguments_that_cannot_be_there(
    arguments: Mapping[str, Any], key: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as error:
        stack_with(arguments, tmp_path)
    (found,) = error.value.findings
    assert (found.text, found.construct) == (says, "azurerm_thing.this")
    assert found.key == ("resources", "azurerm_thing.this", "arguments", *key)


def test_arguments_without_a_value_of_the_cloud_are_terraforms_to_check(tmp_path: Path) -> None:
    given: dict[str, Any] = {"a": 1, "b": ["c"], "profile": {"d": {"e": 1}}}
    made = thing(stack_with(given, tmp_path), tmp_path)
    assert (made["a"], made["b"], made["profile"]["d"]) == (1, ["c"], {"e": 1})


def test_fails_on_a_resource_that_does_not_exist(tmp_path: Path) -> None:
    stack = stack_with({"tier": "Paid"}, tmp_path, "azurerm_thing.that")
    with pytest.raises(SynthesisError, match=r"unknown resource 'azurerm_thing.that'.*azurerm_thing.this"):
        thing(stack, tmp_path)


@pytest.mark.parametrize(
    ("address", "argument", "key"),
    [
        ("azurerm_kubernetes_cluster.this", "name", "cluster.name"),
        ("azurerm_storage_account.this", "name", "bucket.name"),
        ("azurerm_storage_share.nfs", "name", "nfs.share_name"),
    ],
)
def test_fails_on_a_name_that_other_resources_use(address: str, argument: str, key: str) -> None:
    with pytest.raises(ValidationError, match=f"other resources would keep the old value.*set {key} instead"):
        config(nfs={}, resources={address: {"arguments": {argument: "other"}}})
