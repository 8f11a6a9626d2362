"""What a user imports."""

import ast
import importlib
import inspect

import pytest

import anyscale_constructs

PACKAGES = [
    "anyscale_constructs",
    *(
        f"anyscale_constructs.{package}"
        for package in ("aws", "azure", "clouds", "google", "kubernetes", "modules.aws", "modules.google", "testing")
    ),
]


@pytest.mark.parametrize("package", PACKAGES)
def test_exports_exist(package: str) -> None:
    module = importlib.import_module(package)
    for name in module.__all__:
        assert getattr(module, name) is not None


LAZY = [package for package in PACKAGES if "_PLACES" in vars(importlib.import_module(package))]


@pytest.mark.parametrize("package", LAZY)
def test_exports_are_the_names_that_are_loaded_on_demand(package: str) -> None:
    module = importlib.import_module(package)
    places: dict[str, str] = vars(module)["_PLACES"]
    assert places.keys() == {name for name in module.__all__ if name not in vars(module)}
    for name, place in places.items():
        assert getattr(module, name) is getattr(importlib.import_module(f"{package}.{place}"), name)


@pytest.mark.parametrize("package", LAZY)
def test_type_checkers_see_names_that_are_loaded_on_demand(package: str) -> None:
    module = importlib.import_module(package)
    tree = ast.parse(inspect.getsource(module))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    typed = {
        alias.name: str(node.module) for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert typed == {name: f"{package}.{place}" for name, place in vars(module)["_PLACES"].items()}


def test_fails_on_a_name_that_is_not_exported() -> None:
    with pytest.raises(AttributeError, match="module 'anyscale_constructs' has no attribute 'Vpc'"):
        _ = anyscale_constructs.Vpc
