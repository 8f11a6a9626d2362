"""Writes the catalog and the wrappers, after reading and rendering everything."""

import contextlib
import importlib.resources
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from anyscale_constructs.codegen import functions
from anyscale_constructs.codegen.catalog import dump, entry, read, table
from anyscale_constructs.codegen.diff import differences
from anyscale_constructs.codegen.git import Checkout
from anyscale_constructs.codegen.render import render, render_package
from anyscale_constructs.codegen.roots import dump_root, read_root
from anyscale_constructs.errors import CodegenError
from anyscale_constructs.terraform.adoption import parse_root
from anyscale_constructs.terraform.interface import Interface, parse

MODULES = Path(str(importlib.resources.files("anyscale_constructs") / "modules"))
"""The folder of the wrappers, which contains the catalog."""
_FUNCTIONS = "functions"
_ROOTS = {"anyscale/terraform-aws-anyscale-cloudfoundation-modules": "aws_root"}
"""The catalog files of root modules whose clouds can be adopted, by repository."""


def regenerate(checkout: Checkout, repository: str, modules: Path) -> dict[str, list[str]]:
    """Reads all modules of a repository again, and writes their catalog files and wrappers.

    Args:
        checkout: The repository at the new tag.
        repository: The repository, as `owner/name`.
        modules: The folder to write to, e.g. `MODULES`.

    Returns:
        The changes of the interfaces, by name of the module.

    Raises:
        CodegenError: A module does not exist at the tag or cannot be parsed, or a file cannot be written.
    """
    interfaces = [read(checkout, each) for each in table().values() if each.repository == repository]
    if not interfaces:
        known = sorted({each.repository for each in table().values()})
        allowed = f"one of {', '.join(known)}"
        raise CodegenError("--repository must be in codegen/modules.yaml", value=repository, allowed=allowed)
    changes = {interface.name: _difference(interface, modules) for interface in interfaces}
    catalogs = {_catalog(modules, interface.name): dump(interface) for interface in interfaces}
    if repository in _ROOTS:
        root = read_root(checkout, repository, {each.name: each for each in interfaces})
        catalogs[_catalog(modules, _ROOTS[repository])] = dump_root(root)
    _write({**catalogs, **_wrappers(interfaces, modules)})
    return changes


def add(checkout: Checkout, name: str, modules: Path, catalog: Path) -> tuple[Path, list[str]]:
    """Writes the interface of a module at another tag, for stacks that pin it.

    Args:
        checkout: The repository at that tag.
        name: The module's name in the catalog.
        modules: The folder with the package's catalog.
        catalog: The folder to write to.

    Returns:
        The written file, and the changes of the interface from the catalog's default ref.

    Raises:
        CodegenError: The module does not exist at the tag or cannot be parsed, or the file cannot be written.
    """
    interface = read(checkout, entry(name))
    file = catalog / f"{name}@{checkout.ref}.json"
    _write({file: dump(interface)})
    return file, _difference(interface, modules)


def record_functions(modules: Path) -> None:
    """Writes the catalog file of Terraform's functions, and `fn`.

    Args:
        modules: The folder to write to; `fn` is written to `expressions/fn.py` next to it.

    Raises:
        CodegenError: Terraform cannot list its functions, or a file cannot be written.
    """
    catalog = functions.read()
    _write({_catalog(modules, _FUNCTIONS): catalog, **_fn(modules, catalog)})


def rerender(modules: Path) -> list[str]:
    """Renders all wrappers and `fn` again from the catalog, without a checkout.

    Args:
        modules: The folder of the catalog, and of the wrappers to write.

    Returns:
        The names of the modules.

    Raises:
        CodegenError: The catalog lacks a module of the table or the functions, or a file cannot be written.
    """
    _write(_rendered(modules))
    return list(table())


def outdated(modules: Path) -> list[Path]:
    """Returns the generated files that are missing or do not match the catalog; writes nothing.

    Args:
        modules: The folder of the catalog and the wrappers.

    Raises:
        CodegenError: The catalog lacks a module of the table, or the functions.
    """
    texts = _rendered(modules)
    return [file for file, text in texts.items() if not file.is_file() or file.read_text(encoding="utf-8") != text]


def _rendered(modules: Path) -> dict[Path, str]:
    missing = [name for name in table() if not _catalog(modules, name).is_file()]
    if missing:
        raise CodegenError(
            f"the catalog lacks {', '.join(missing)}", fix="anyscale-constructs modules regenerate --ref TAG"
        )
    catalog = _catalog(modules, _FUNCTIONS)
    if not catalog.is_file():
        raise CodegenError("the catalog lacks Terraform's functions", fix="anyscale-constructs modules functions")
    interfaces = [_load(modules, name) for name in table()]
    wrappers = _wrappers(interfaces, modules) | dict(_roots(interfaces, modules))
    with _reading(catalog):
        return wrappers | _fn(modules, catalog.read_text(encoding="utf-8"))


def _roots(interfaces: Sequence[Interface], modules: Path) -> Iterator[tuple[Path, str]]:
    """Yields the catalog files of root modules, which must be from the same tag as the modules that they call."""
    for repository, name in _ROOTS.items():
        file = _catalog(modules, name)
        wrapped = {each.name: each for each in interfaces if each.repository == repository}
        with _reading(file):
            root = parse_root(file.read_text(encoding="utf-8")) if file.is_file() else None
        fits = root is not None and all(
            (each := wrapped.get(call.module))
            and each.commit == root.commit
            and call.inputs.keys() <= each.variables.keys()
            for call in root.calls.values()
        )
        if root is None or not fits:
            raise CodegenError(
                f"{file} is not from the same tag as the modules that it calls",
                fix=f"anyscale-constructs modules regenerate --ref TAG --repository {repository}",
            )
        yield file, dump_root(root)


def _wrappers(interfaces: Sequence[Interface], modules: Path) -> dict[Path, str]:
    texts = {modules / f"{each.name}.py": render(entry(each.name), each) for each in interfaces}
    for provider in {each.name.partition("/")[0] for each in interfaces}:
        siblings = [each for each in table().values() if each.name.startswith(f"{provider}/")]
        texts[modules / provider / "__init__.py"] = render_package(siblings)
    return texts


def _fn(modules: Path, catalog: str) -> dict[Path, str]:
    return {modules.parent / "expressions" / "fn.py": functions.render(catalog)}


def _difference(interface: Interface, modules: Path) -> list[str]:
    if not _catalog(modules, interface.name).is_file():
        return ["new in the catalog"]
    return differences(_load(modules, interface.name), interface)


def _load(modules: Path, name: str) -> Interface:
    file = _catalog(modules, name)
    with _reading(file):
        return parse(name, file.read_text(encoding="utf-8"))


@contextlib.contextmanager
def _reading(file: Path) -> Iterator[None]:
    try:
        yield
    except (ValueError, KeyError, TypeError):
        raise CodegenError(f"{file} is not a valid catalog file", fix="restore it from git, or delete it") from None


def _catalog(modules: Path, name: str) -> Path:
    return modules / "catalog" / f"{name}.json"


def _write(texts: Mapping[Path, str]) -> None:
    try:
        for file, text in texts.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CodegenError(
            f"{error.filename} cannot be written: {error.strerror}", fix="use a folder that you can write to"
        ) from None
