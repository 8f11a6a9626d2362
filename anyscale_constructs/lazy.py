"""Packages that load their names on first use, so that code without need of an engine does not start one."""

import pkgutil
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any


def places(modules: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Returns the module of each name.

    Args:
        modules: The names that a package exports, by module.
    """
    return {name: module for module, names in modules.items() for name in names}


def attributes(package: str, places: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], Iterable[str]]]:
    """Returns a package's `__getattr__` and `__dir__` functions.

    Args:
        package: The package's full name.
        places: The module of each name, relative to the package.
    """

    def get(name: str) -> Any:
        if name in places:
            return pkgutil.resolve_name(f"{package}.{places[name]}:{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def names() -> Iterable[str]:
        return vars(sys.modules[package]).keys() | places.keys()

    return get, names
