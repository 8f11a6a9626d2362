"""The catalog: the inputs and outputs of upstream modules at their refs."""

import functools
import json
import pathlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from anyscale_constructs.errors import InputError
from anyscale_constructs.findings import cut
from anyscale_constructs.names import unknown

CATALOG = pathlib.Path(__file__).parents[1] / "modules" / "catalog"
"""The folder of the package's interfaces."""
OWN_CATALOG = pathlib.Path("catalog")
"""The folder of a project's own interfaces, next to cdktf.json in the working directory; `modules add` writes it."""


class Variable(NamedTuple):
    """An input variable.

    Args:
        type: The Terraform type constraint, on one line.
        default: Upstream's default; None also for a required variable.
        required: Whether the variable has no default.
        validation: Upstream's validation conditions, as Terraform code.
        known_at_plan: The part of the value that must be known at plan, so it cannot depend on another module's
            output: `value`, `length` (of a list), `keys` (of a map), or empty.
        text: Whether this is a boolean that upstream declares as a string, with the values `"true"` and `"false"`.
        used_with: Groups of other inputs: the variable has an effect only if all inputs of a group are enabled.
            Default: it always has an effect.
    """

    type: str
    default: Any = None
    required: bool = False
    validation: tuple[str, ...] = ()
    known_at_plan: str = ""
    text: bool = False
    used_with: tuple[tuple[str, ...], ...] = ()


class Output(NamedTuple):
    """An output.

    Args:
        type: The Terraform type of its value. Default: `any`, if unknown.
        sensitive: Whether Terraform hides the value. Default: False.
    """

    type: str = "any"
    sensitive: bool = False


class Provider(NamedTuple):
    """A provider that a module requires.

    Args:
        source: The source address, e.g. `hashicorp/aws`.
        version: The version constraint.
    """

    source: str
    version: str


@dataclass(frozen=True)
class Interface:
    """A module at one ref.

    Args:
        name: The module's name in the catalog, e.g. `aws/vpc`.
        repository: The GitHub repository, as `owner/name`.
        path: The module's folder in the repository; `.` for the root.
        ref: The tag.
        commit: The commit of the tag.
        required_version: The constraint on the Terraform version.
        required_providers: The required providers, by local name.
        variables: The input variables, by name.
        outputs: The outputs, by name.
        registry: The module's address in the Terraform Registry, if it is called from there. Default: none.
        data_sources: The addresses, relative to the module, of its data sources and of those in its local submodules.
            Default: none.
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
        """Returns the interface of a module from the package's or the project's catalog.

        Args:
            name: The module's name, e.g. `aws/vpc`.
            ref: A tag, e.g. `v0.38.0`. Default: the catalog's default ref.

        Raises:
            InputError: The ref is not in the catalog.
        """
        interface = _load(name)
        return interface if ref is None or ref == interface.ref else _load_at(name, ref)

    @functools.cached_property
    def pin(self) -> str:
        """The tag with its abbreviated commit; only the commit if there is no tag."""
        return self.ref if self.ref == self.commit else f"{self.ref} ({self.commit[:7]})"

    @functools.cached_property
    def defaults(self) -> Mapping[str, Any]:
        """Upstream's defaults, by variable; None also for required variables."""
        return {name: variable.default for name, variable in self.variables.items()}

    @functools.cached_property
    def defaults_without_sets(self) -> Mapping[str, Any]:
        """The same, without sets: Terraform removes duplicates from a set, and its elements have no indexes."""
        return {name: self.defaults[name] for name, variable in self.variables.items() if "set(" not in variable.type}

    @functools.cached_property
    def required(self) -> Sequence[str]:
        """The names of the variables without a default."""
        return [name for name, variable in self.variables.items() if variable.required]

    @functools.cached_property
    def validated(self) -> Mapping[str, Variable]:
        """The variables with validation conditions, by name."""
        return {name: variable for name, variable in self.variables.items() if variable.validation}

    @functools.cached_property
    def counted(self) -> Mapping[str, str]:
        """The parts of inputs that must be known at plan, by variable."""
        return {name: variable.known_at_plan for name, variable in self.variables.items() if variable.known_at_plan}

    def variable(self, name: str) -> Variable:
        """Returns the variable with a name.

        Raises:
            InputError: The module has no such variable.
        """
        if name not in self.variables:
            raise InputError(f"{self.name} at {self.ref}: {unknown(name, self.variables, 'input')}")
        return self.variables[name]

    def output(self, name: str) -> Output:
        """Returns the output with a name.

        Raises:
            InputError: The module has no such output.
        """
        if name not in self.outputs:
            raise InputError(f"{self.name} at {self.ref}: {unknown(name, self.outputs, 'output')}")
        return self.outputs[name]


def catalog() -> Sequence[Interface]:
    """Returns all interfaces of the package's and the project's catalogs, those at default refs first."""
    return _catalog(OWN_CATALOG.absolute())


@functools.cache
def _catalog(own: pathlib.Path) -> Sequence[Interface]:
    files = [
        (f"{provider.name}/{file.name.removesuffix('.json').partition('@')[0]}", file)
        for folder in (CATALOG, own)
        if folder.is_dir()
        for provider in folder.iterdir()
        if provider.is_dir()
        for file in provider.iterdir()
        if file.name.endswith(".json")
    ]
    files.sort(key=lambda each: ("@" in each[1].name, each[0], each[1].name))
    return [_parsed(name, file.read_text(encoding="utf-8"), str(file)) for name, file in files]


def parse(name: str, text: str) -> Interface:
    """Parses the text of a catalog file."""
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
    return parse(name, (CATALOG / f"{name}.json").read_text(encoding="utf-8"))


def _load_at(name: str, ref: str) -> Interface:
    provider, _, module = name.partition("/")
    catalogs = [catalog / provider for catalog in (OWN_CATALOG.absolute(), CATALOG)]
    # Search the existing files, because a ref may not be a valid file name.
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
        f"the catalog does not contain {name} at that ref",
        value=ref,
        allowed=", ".join(sorted({_load(name).ref, *refs})),
        fix=f"anyscale-constructs modules add {name} --ref {cut(ref)}",
    )


@functools.cache
def _parsed(name: str, text: str, file: str) -> Interface:
    try:
        return parse(name, text)
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"{file} is not a valid catalog file", fix="create it again with anyscale-constructs modules add"
        ) from None
