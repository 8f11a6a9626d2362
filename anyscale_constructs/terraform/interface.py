"""The interface of an upstream module at one ref, as the catalog holds it: what may go in, what comes out."""

import functools
import importlib.resources
import json
import pathlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anyscale_constructs.errors import InputError
from anyscale_constructs.findings import cut
from anyscale_constructs.names import unknown

_CATALOG = importlib.resources.files("anyscale_constructs") / "modules" / "catalog"
OWN_CATALOG = pathlib.Path("catalog")
"""The folder of a user's own interfaces, in the working directory, beside cdktf.json: `modules add` writes it."""


@dataclass(frozen=True)
class Variable:
    """An input variable.

    Args:
        type: Terraform's type constraint, in one line.
        default: Upstream's default; None also when it is required.
        required: Whether it has no default.
        validation: The conditions upstream checks, as Terraform code.
        known_at_plan: What of it must be known when planning, so that no output of another module may stand
            there: `value`, `length` (of a list), `keys` (of a map), or nothing.
        text: Whether it is a boolean that upstream declares as a string, to be given as `"true"` or `"false"`.
        used_with: The other inputs that must be on for it to have an effect: all of one of these groups. Default: none.
    """

    type: str
    default: Any = None
    required: bool = False
    validation: tuple[str, ...] = ()
    known_at_plan: str = ""
    text: bool = False
    used_with: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Output:
    """An output; `type` is Terraform's type of its value, or `any`."""

    type: str = "any"
    sensitive: bool = False


@dataclass(frozen=True)
class Provider:
    """A provider the module requires."""

    source: str
    version: str


@dataclass(frozen=True)
class Interface:
    """A module at one ref.

    Args:
        name: The catalog's name for it, e.g. `aws/vpc`.
        repository: `owner/name` on GitHub.
        path: The module's folder in the repository; `.` for the repository itself.
        ref: The tag it was read at.
        commit: The commit of that tag.
        required_version: The Terraform versions it accepts.
        required_providers: By local name.
        variables: By name.
        outputs: By name.
        registry: Its address in the Terraform registry, if it is called by that.
        data_sources: The addresses, inside the module, of its data sources and of those in the modules that it calls
            by a path.
    """

    name: str
    repository: str
    path: str
    ref: str
    commit: str
    required_version: str
    required_providers: Mapping[str, Provider]
    variables: Mapping[str, Variable]
    outputs: Mapping[str, Output]
    registry: str = ""
    data_sources: tuple[str, ...] = ()

    @classmethod
    def load(cls, name: str, ref: str | None = None) -> "Interface":
        """The interface of a module at the catalog's own ref, or at another one that it or your own catalog holds.

        Args:
            name: E.g. `aws/vpc`.
            ref: A tag, e.g. `v0.38.0`. Default: the catalog's own.

        Raises:
            InputError: The catalog does not hold that ref.
        """
        interface = _load(name)
        return interface if ref in {None, interface.ref} else _load_at(name, str(ref))

    @property
    def pin(self) -> str:
        """The tag with its commit in short; what it was read at, if that is no tag of the catalog's."""
        return self.ref if self.ref == self.commit else f"{self.ref} ({self.commit[:7]})"

    def variable(self, name: str) -> Variable:
        """The variable of that name.

        Raises:
            InputError: There is none.
        """
        if name not in self.variables:
            raise InputError(f"{self.name} at {self.ref}: {unknown(name, self.variables, 'input')}")
        return self.variables[name]

    def output(self, name: str) -> Output:
        """The output of that name.

        Raises:
            InputError: There is none.
        """
        if name not in self.outputs:
            raise InputError(f"{self.name} at {self.ref}: {unknown(name, self.outputs, 'output')}")
        return self.outputs[name]


def catalog() -> Sequence[Interface]:
    """All interfaces that the catalog and your own one hold, at all refs; first those at the catalog's own refs."""
    return _catalog(OWN_CATALOG.absolute())


@functools.cache
def _catalog(own: pathlib.Path) -> Sequence[Interface]:
    files = [
        (f"{provider.name}/{file.name.removesuffix('.json').partition('@')[0]}", file)
        for folder in (_CATALOG, own)
        if folder.is_dir()
        for provider in folder.iterdir()
        if provider.is_dir()
        for file in provider.iterdir()
        if file.name.endswith(".json")
    ]
    files.sort(key=lambda each: ("@" in each[1].name, each[0], each[1].name))
    return [_parsed(name, file.read_text(encoding="utf-8"), str(file)) for name, file in files]


def parse(name: str, text: str) -> Interface:
    """Reads a catalog file's text."""
    data = json.loads(text)
    return Interface(
        name=name,
        repository=data["repository"],
        path=data["path"],
        ref=data["ref"],
        commit=data["commit"],
        required_version=data["required_version"],
        required_providers={k: Provider(**v) for k, v in data["required_providers"].items()},
        variables={k: _variable(v) for k, v in data["variables"].items()},
        outputs={k: Output(**v) for k, v in data["outputs"].items()},
        registry=data.get("registry", ""),
        data_sources=tuple(data.get("data_sources", ())),
    )


def _variable(data: Mapping[str, Any]) -> Variable:
    validation, used_with = tuple(data.get("validation", ())), tuple(map(tuple, data.get("used_with", ())))
    return Variable(**{**data, "validation": validation, "used_with": used_with})


@functools.cache
def _load(name: str) -> Interface:
    return parse(name, (_CATALOG / f"{name}.json").read_text(encoding="utf-8"))


def _load_at(name: str, ref: str) -> Interface:
    provider, _, module = name.partition("/")
    catalogs = [catalog / provider for catalog in (OWN_CATALOG.absolute(), _CATALOG)]
    # Looked for among those that are there: a ref need not be a name that a file can have.
    refs = {
        file.name.removesuffix(".json").partition("@")[2]: file
        for catalog in reversed(catalogs)
        if catalog.is_dir()
        for file in catalog.iterdir()
        if file.name.startswith(f"{module}@")
    }
    if file := refs.get(ref):
        return _parsed(name, file.read_text(encoding="utf-8"), str(file))
    raise InputError(
        f"the catalog does not hold {name} at that ref",
        value=ref,
        allowed=", ".join(sorted({_load(name).ref, *refs})),
        fix=f"anyscale-constructs modules add {name} --ref {cut(ref)}",
    )


@functools.cache
def _parsed(name: str, text: str, file: str) -> Interface:
    try:
        return parse(name, text)
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{file} is no catalog file", fix="anyscale-constructs modules add makes it anew") from None
