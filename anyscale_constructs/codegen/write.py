"""Writes the catalog and the wrappers: everything is read and rendered before the first file is touched."""

import importlib.resources
from collections.abc import Iterable, Mapping
from pathlib import Path

from anyscale_constructs.codegen.catalog import Entry, dump, entry, read, table
from anyscale_constructs.codegen.diff import differences
from anyscale_constructs.codegen.git import Checkout
from anyscale_constructs.codegen.render import render, render_package
from anyscale_constructs.core.interface import Interface, parse
from anyscale_constructs.errors import CodegenError

MODULES = Path(str(importlib.resources.files("anyscale_constructs") / "modules"))
"""The folder of the wrappers, with the catalog in it."""


def regenerate(checkout: Checkout, repository: str, modules: Path = MODULES) -> dict[str, list[str]]:
    """Reads all modules of a repository anew, and writes their catalog files and wrappers.

    Args:
        checkout: The repository at the new tag.
        repository: `owner/name`, as in the table.
        modules: The folder to write to.

    Returns:
        The interface difference to what was there before, by the name of the module.

    Raises:
        CodegenError: A module isn't there or can't be read, or a file can't be written.
    """
    interfaces = [read(checkout, each) for each in table().values() if each.repository == repository]
    if not interfaces:
        known = sorted({each.repository for each in table().values()})
        raise CodegenError(
            "--repository must be in codegen/modules.yaml", value=repository, allowed=", ".join(known)
        )
    changes = {interface.name: _difference(interface, modules) for interface in interfaces}
    catalogs = {interface.name: dump(interface) for interface in interfaces}
    _write({_catalog(modules, name): text for name, text in catalogs.items()} | _wrappers(catalogs, modules))
    return changes


def add(checkout: Checkout, name: str, modules: Path = MODULES) -> list[str]:
    """Writes the interface of a module at another tag, for stacks that pin it.

    Args:
        checkout: The repository at that tag.
        name: The catalog's name of the module.
        modules: The folder to write to.

    Returns:
        What differs there from the catalog's own tag.

    Raises:
        CodegenError: The module isn't there or can't be read, or the file can't be written.
    """
    interface = read(checkout, entry(name))
    _write({_catalog(modules, f"{name}@{checkout.ref}"): dump(interface)})
    return _difference(interface, modules)


def rerender(modules: Path = MODULES) -> list[str]:
    """Renders all wrappers anew from the catalog; no checkout is needed.

    Returns:
        The names of the modules.

    Raises:
        CodegenError: The catalog lacks a module of the table, or a file can't be written.
    """
    missing = [name for name in table() if not _catalog(modules, name).is_file()]
    if missing:
        raise CodegenError(
            f"the catalog lacks {', '.join(missing)}", mend="anyscale-constructs modules regenerate --ref TAG"
        )
    catalogs = {name: _catalog(modules, name).read_text(encoding="utf-8") for name in table()}
    _write(_wrappers(catalogs, modules))
    return list(catalogs)


def _wrappers(catalogs: Mapping[str, str], modules: Path) -> dict[Path, str]:
    providers = {name.partition("/")[0] for name in catalogs}
    return {
        **{
            modules / f"{name}.py": render(entry(name), parse(name, text), text)
            for name, text in catalogs.items()
        },
        **{modules / provider / "__init__.py": render_package(_of(provider)) for provider in providers},
    }


def _of(provider: str) -> Iterable[Entry]:
    return (each for each in table().values() if each.name.startswith(f"{provider}/"))


def _difference(interface: Interface, modules: Path) -> list[str]:
    file = _catalog(modules, interface.name)
    if not file.is_file():
        return ["new in the catalog"]
    return differences(parse(interface.name, file.read_text(encoding="utf-8")), interface)


def _catalog(modules: Path, name: str) -> Path:
    return modules / "catalog" / f"{name}.json"


def _write(texts: Mapping[Path, str]) -> None:
    try:
        for file, text in texts.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CodegenError(f"{error.filename} can't be written: {error.strerror}") from None
