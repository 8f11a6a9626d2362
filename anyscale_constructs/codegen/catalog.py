"""Generates the catalog from a checkout: the table of modules, the patches, and the catalog files."""

import dataclasses
import functools
import importlib.resources
import json
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from anyscale_constructs.codegen import hcl
from anyscale_constructs.codegen.git import Checkout
from anyscale_constructs.errors import CodegenError
from anyscale_constructs.names import unknown
from anyscale_constructs.terraform.interface import Interface, Variable

_HERE = importlib.resources.files("anyscale_constructs.codegen")


@dataclasses.dataclass(frozen=True)
class Entry:
    """A wrapped module: a row of `modules.yaml`.

    Args:
        name: The module's name in the catalog, e.g. `aws/vpc`.
        repository: The GitHub repository, as `owner/name`.
        path: The module's folder in the repository.
        stem: The prefix of its class names.
        about: A noun phrase about what the module creates, which begins the docstring.
        registry: The module's address in the Terraform Registry, if it is called from there. Default: none.
    """

    name: str
    repository: str
    path: str
    stem: str
    about: str
    registry: str = ""


@functools.cache
def table() -> Mapping[str, Entry]:
    """Returns the wrapped modules, by name in the catalog."""
    rows = yaml.safe_load((_HERE / "modules.yaml").read_text(encoding="utf-8"))
    return {
        name: Entry(name, repository, **row) for repository, modules in rows.items() for name, row in modules.items()
    }


def entry(name: str) -> Entry:
    """Returns the row of a module.

    Raises:
        CodegenError: The table has no such module.
    """
    if name not in table():
        raise CodegenError(f"no such module: {unknown(name, table())}")
    return table()[name]


def read(checkout: Checkout, module: Entry) -> Interface:
    """Returns the interface of a module at the tag of a checkout, with the patches applied.

    Raises:
        CodegenError: The module does not exist at the tag, or cannot be parsed.
    """
    try:
        declared = hcl.read(checkout.files(module.path, ".tf"))
        data_sources = tuple(_data_sources(checkout, module.path, declared))
    except CodegenError as error:
        raise CodegenError(f"{module.name}: {error}") from None
    return patched(module, declared, data_sources, checkout.ref, checkout.commit)


def patched(module: Entry, declared: hcl.Declarations, data_sources: Sequence[str], ref: str, commit: str) -> Interface:
    """Returns the interface of a module, with the patches applied.

    Args:
        module: The module.
        declared: The declarations in its files.
        data_sources: The addresses of its data sources, and of those in its local submodules.
        ref: The tag.
        commit: The commit of the tag.
    """
    patch = _patches(module.name.partition("/")[0]).get(module.name, {})
    known = {name: part for part, names in patch.get("known_at_plan", {}).items() for name in names}
    defaults = patch.get("defaults", {})
    types = patch.get("output_types", {})
    return Interface(
        name=module.name,
        repository=module.repository,
        path=module.path,
        registry=module.registry,
        ref=ref,
        commit=commit,
        required_version=declared.required_version,
        required_providers=declared.required_providers,
        variables={
            name: variable._replace(default=defaults.get(name, variable.default), known_at_plan=known.get(name, ""))
            for name, variable in declared.variables.items()
        },
        outputs={name: output._replace(type=types.get(name, output.type)) for name, output in declared.outputs.items()},
        data_sources=tuple(data_sources),
    )


def _data_sources(checkout: Checkout, path: str, declared: hcl.Declarations) -> Iterator[str]:
    """Yields the addresses of a module's data sources, and of those in its local submodules."""
    yield from declared.data_sources
    for name, source in declared.modules.items():
        if source.startswith("."):
            folder = posixpath.normpath(posixpath.join(path, source))
            called = hcl.read(checkout.files(folder, ".tf"))
            yield from (f"module.{name}.{address}" for address in _data_sources(checkout, folder, called))


def dump(interface: Interface) -> str:
    """Returns the text of the catalog file, in upstream's order; `terraform.interface.parse` reads it."""
    data = {
        "repository": interface.repository,
        "path": interface.path,
        **_set(registry=interface.registry),
        "ref": interface.ref,
        "commit": interface.commit,
        "required_version": interface.required_version,
        "required_providers": {k: v._asdict() for k, v in interface.required_providers.items()},
        "variables": {k: _dump_variable(v) for k, v in interface.variables.items()},
        "outputs": {k: {"type": v.type, **_set(sensitive=v.sensitive)} for k, v in interface.outputs.items()},
        **_set(data_sources=interface.data_sources),
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _dump_variable(variable: Variable) -> dict[str, Any]:
    return {
        "type": variable.type,
        **({"required": True} if variable.required else {"default": variable.default}),
        **_set(
            validation=variable.validation,
            known_at_plan=variable.known_at_plan,
            text=variable.text,
            used_with=variable.used_with,
        ),
    }


def _set(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}


@functools.cache
def _patches(provider: str) -> Mapping[str, Any]:
    file = _HERE / "patches" / f"{provider}.yaml"
    return yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else {}
