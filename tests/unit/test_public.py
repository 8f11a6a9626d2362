"""What a user imports."""

import ast
import importlib

import pytest

import anyscale_constructs
from tests import ROOT

PACKAGES = [
    "anyscale_constructs",
    *(
        f"anyscale_constructs.{package}"
        for package in ("aws", "azure", "google", "kubernetes", "modules.aws", "modules.google")
    ),
]


@pytest.mark.parametrize("package", PACKAGES)
def test_what_is_exported_resolves(package: str) -> None:
    module = importlib.import_module(package)
    for name in module.__all__:
        assert getattr(module, name) is not None


PLACES: dict[str, str] = vars(anyscale_constructs)["_PLACES"]


def test_what_is_exported_is_what_is_loaded_on_demand() -> None:
    assert sorted(PLACES) == sorted(anyscale_constructs.__all__)
    for name, place in PLACES.items():
        value = getattr(anyscale_constructs, name)
        assert value is getattr(importlib.import_module(f"anyscale_constructs.{place}"), name)


def test_types_know_what_is_loaded_on_demand() -> None:
    tree = ast.parse((ROOT / "anyscale_constructs" / "__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    typed = {
        alias.name: str(node.module) for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert typed == {name: f"anyscale_constructs.{place}" for name, place in PLACES.items()}


def test_fails_on_a_name_that_is_not_exported() -> None:
    with pytest.raises(AttributeError, match="module 'anyscale_constructs' has no attribute 'Vpc'"):
        _ = anyscale_constructs.Vpc
