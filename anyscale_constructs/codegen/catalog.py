"""From a checkout at a tag to the catalog: the table of modules, the patches, and the files."""

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
    """A module we wrap: a row of `modules.yaml`.

    Args:
        name: The catalog's name for it, e.g. `aws/vpc`.
        repository: `owner/name` on GitHub.
        path: Its folder there.
        stem: What the names of its classes begin with.
        about: What it makes, as the beginning of a sentence.
        registry: Its address in the Terraform registry, for a module that is called by it.
    """

    name: str
    repository: str
    path: str
    stem: str
    about: str
    registry: str = ""


@functools.cache
def table() -> Mapping[str, Entry]:
    """The modules we wrap, by the catalog's names."""
    rows = yaml.safe_load((_HERE / "modules.yaml").read_text(encoding="utf-8"))
    return {
        name: Entry(name, repository, **row) for repository, modules in rows.items() for name, row in modules.items()
    }


def entry(name: str) -> Entry:
    """The row of that name.

    Raises:
        CodegenError: There is none.
    """
    if name not in table():
        raise CodegenError(f"no such module: {unknown(name, table())}")
    return table()[name]


def read(checkout: Checkout, module: Entry) -> Interface:
    """The interface of a module at the checkout's tag, with our patches.

    Raises:
        CodegenError: The module isn't there, or can't be read.
    """
    try:
        declared = hcl.read(checkout.files(module.path, ".tf"))
        data_sources = tuple(_data_sources(checkout, module.path, declared))
    except CodegenError as error:
        raise CodegenError(f"{module.name}: {error}") from None
    return patched(module, declared, data_sources, checkout.ref, checkout.commit)


def patched(module: Entry, declared: hcl.Declarations, data_sources: Sequence[str], ref: str, commit: str) -> Interface:
    """The interface of a module, with our patches.

    Args:
        module: The module.
        declared: What its files declare.
        data_sources: The addresses of its data sources, and of those in the modules that it calls by a path.
        ref: The tag.
        commit: The tag's commit.
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
            name: dataclasses.replace(
                variable, default=defaults.get(name, variable.default), known_at_plan=known.get(name, "")
            )
            for name, variable in declared.variables.items()
        },
        outputs={
            name: dataclasses.replace(output, type=types.get(name, output.type))
            for name, output in declared.outputs.items()
        },
        data_sources=tuple(data_sources),
    )


def _data_sources(checkout: Checkout, path: str, declared: hcl.Declarations) -> Iterator[str]:
    """The addresses of a module's data sources, and of those in the modules that it calls by a path."""
    yield from declared.data_sources
    for name, source in declared.modules.items():
        if source.startswith("."):
            folder = posixpath.normpath(posixpath.join(path, source))
            called = hcl.read(checkout.files(folder, ".tf"))
            yield from (f"module.{name}.{address}" for address in _data_sources(checkout, folder, called))


def dump(interface: Interface) -> str:
    """The text of the catalog's file, as `terraform.interface.parse` reads it, in upstream's order."""
    data = {
        "repository": interface.repository,
        "path": interface.path,
        **_set(registry=interface.registry),
        "ref": interface.ref,
        "commit": interface.commit,
        "required_version": interface.required_version,
        "required_providers": {k: dataclasses.asdict(v) for k, v in interface.required_providers.items()},
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
