"""Takes over infrastructure that Anyscale's root module created, with its addresses in the state and its names."""

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import Checked, Known
from anyscale_constructs.expressions import NULL, is_unresolved
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.terraform.guards import Inputs, without_effect
from anyscale_constructs.terraform.interface import CATALOG, Interface
from anyscale_constructs.terraform.moves import MODULE_PATH

_SWITCH = "module_enabled"

ADOPTED_NAME = Rule(
    "adopted-name",
    "warning",
    "AWS cannot rename most resources: Terraform replaces a resource whose name differs, and its data is lost.",
    "https://github.com/anyscale/terraform-aws-anyscale-cloudfoundation-modules/blob/main/main.tf",
)
LEFT_BEHIND = Rule(
    "part-left-behind",
    "warning",
    "Anyscale's root module creates the resources by default. Terraform removes those that the cloud lacks from the "
    "state without destroying them, so they continue to cost money.",
    "https://github.com/anyscale/terraform-aws-anyscale-cloudfoundation-modules/blob/main/variables.tf",
)


class Adopt(Model):
    """The call of Anyscale's root module that created a cloud."""

    module: Known[
        Annotated[
            str,
            Checked(
                "the name of the module call, or its address",
                rf"[A-Za-z_][\w-]*|{MODULE_PATH}",
                "aws_anyscale_v2",
                any_alphabet=True,
            ),
        ]
    ] = Field(
        description="The name of the call of Anyscale's root module in the configuration that this cloud replaces; if "
        "the call is inside another module, its address, e.g. module.ml.module.aws_anyscale_v2."
    )
    common_name: Known[
        Annotated[str, Checked("the root module's common name", r"[\w-]+", "anyscale-0123abcd")] | None
    ] = Field(
        default=None,
        description="The name that the root module generated with use_common_name: the attribute hex of its "
        "random_id.common_name. Default: names begin with the root module's prefixes, or with name_prefix.",
    )

    @property
    def address(self) -> str:
        """The address of the call."""
        return self.module if self.module.startswith("module.") else f"module.{self.module}"


class Input(NamedTuple):
    """The value that a root module passes to an input of a module that it calls.

    Args:
        value: The default value; None for null.
        is_known: Whether the default is known. Default: False.
        prefix: Whether the root module's common_prefix replaces the default. Default: False.
        common_name: The suffix appended to the root module's common name, which replaces both the default and the
            prefix. Default: None, the common name is not used.
    """

    value: Any = None
    is_known: bool = False
    prefix: bool = False
    common_name: str | None = None


class Call(NamedTuple):
    """A module call of a root module.

    Args:
        module: The name of the called module in the catalog.
        inputs: The inputs with a known rule, by name.
    """

    module: str
    inputs: Mapping[str, Input]


class Root(NamedTuple):
    """A root module at one ref.

    Args:
        repository: The GitHub repository, as `owner/name`.
        ref: The tag.
        commit: The commit of the tag.
        calls: The module calls, by name.
        resources: The addresses of the root module's own resources.
    """

    repository: str
    ref: str
    commit: str
    calls: Mapping[str, Call]
    resources: Sequence[str]


@functools.cache
def load_root(provider: str) -> Root:
    """Returns the root module of a provider, e.g. `aws`, from the catalog."""
    return parse_root((CATALOG / f"{provider}_root.json").read_text(encoding="utf-8"))


def parse_root(text: str) -> Root:
    """Parses the text of a root module's catalog file."""
    data = json.loads(text)
    calls = {
        name: Call(call["module"], {key: _input(given) for key, given in call["inputs"].items()})
        for name, call in data["calls"].items()
    }
    return Root(data["repository"], data["ref"], data["commit"], calls, data["resources"])


def _input(data: Mapping[str, Any]) -> Input:
    return Input(data.get("value"), "value" in data, data.get("prefix", False), data.get("common_name"))


class Adoption:
    """The infrastructure that a stack takes over from a root module.

    Args:
        root: The root module.
        adopt: The configuration.
        name_prefix: The common_prefix passed to the root module; None if it was not set.
    """

    def __init__(self, root: Root, adopt: Adopt, name_prefix: str | None) -> None:
        self._calls = {call.module: (name, call) for name, call in root.calls.items()}
        self._root = root
        self._adopt = adopt
        self._name_prefix = name_prefix

    def given(self, interface: Interface, ours: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the inputs of a module, with the root module's names and descriptions.

        Args:
            interface: The interface of the module.
            ours: The inputs that the cloud sets without adoption.
        """
        inputs = self._inputs(interface)
        adopted = {name: value for name, each in inputs.items() if (value := self._value(each)) is not None}
        kept = {name: value for name, value in ours.items() if name not in inputs or not inputs[name].prefix}
        idle = {name for found in without_effect(Inputs(interface, {**adopted, **ours}), adopted) for name in found.on}
        idle |= {name for name in adopted if _has_name(name, ours)}
        return {**ours, **{name: value for name, value in adopted.items() if name not in idle}, **kept}

    def findings(self, interface: Interface, given: Mapping[str, Any]) -> Iterator[Finding]:
        """Yields warnings about names that differ from the known names of the root module.

        Args:
            interface: The interface of the module.
            given: The final inputs of the module.
        """
        for name, each in self._inputs(interface).items():
            made, now = self._value(each), given.get(name)
            is_name = each.prefix and self._adopt.common_name is None
            is_name = (is_name or each.common_name is not None) and name not in _LABELS
            if not is_name or _has_name(name, given) or now is None or is_unresolved(now):
                continue
            if made is None or made is NULL:
                by_default = "generates it"
            elif now == made:
                continue
            else:
                by_default = f"uses {made!r}"
            yield Finding(
                f"{name} is set, but the root module {by_default} by default: Terraform replaces resources whose name "
                "differs",
                "compare it with the name in the state; allow adopted-name if they are equal, else remove it",
                now,
                rule=ADOPTED_NAME,
                on=[name],
            )

    def blocks(self, addresses: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
        """Returns the `moved` blocks, and the `removed` blocks of resources that Terraform must not destroy.

        Args:
            addresses: The addresses of the stack's modules, by their names in the catalog.
        """
        at = self._adopt.address
        kept = {f"{at}.module.{name}": addresses.get(call.module) for name, call in self._root.calls.items()}
        forgotten = [*(source for source, to in kept.items() if to is None)]
        forgotten += [f"{at}.{resource}" for resource in self._root.resources]
        return {
            "moved": [{"from": source, "to": to} for source, to in kept.items() if to is not None],
            "removed": [{"from": source, "lifecycle": {"destroy": False}} for source in forgotten],
        }

    def left_behind(self, modules: Mapping[str, str]) -> Iterator[Finding]:
        """Yields warnings about modules that the root module calls by default, but the cloud does not.

        Args:
            modules: The addresses of the stack's modules, by their names in the catalog.
        """
        for name, call in self._root.calls.items():
            if call.module not in modules and call.inputs.get(_SWITCH, _OFF).value is True:
                yield Finding(
                    f"the cloud has no equivalent of {self._adopt.address}.module.{name}, which Terraform removes from "
                    "the state without destroying it",
                    f"set {call.module.partition('/')[2]}: {{}} if the root module created it, else allow "
                    "part-left-behind",
                    rule=LEFT_BEHIND,
                    key=("adopt", "module"),
                )

    def _inputs(self, interface: Interface) -> dict[str, Input]:
        _, call = self._calls.get(interface.name, ("", _NO_CALL))
        return {name: each for name, each in call.inputs.items() if name != _SWITCH and name in interface.variables}

    def _value(self, each: Input) -> Any:
        """Returns the value that the root module passes; None if unknown."""
        if each.common_name is not None and self._adopt.common_name is not None:
            return f"{self._adopt.common_name}{each.common_name}"
        if each.prefix and self._adopt.common_name is not None:
            return None
        if each.prefix and self._name_prefix is not None:
            return self._name_prefix
        if each.is_known:
            return NULL if each.value is None else each.value
        return None


def _has_name(prefix: str, given: Mapping[str, Any]) -> bool:
    """Returns whether an input is a name prefix, and the module has a full name instead."""
    name = f"{prefix.removesuffix('_prefix').removesuffix('_name')}_name"
    return prefix.endswith("_prefix") and given.get(name) is not None


_NO_CALL = Call("", {})
_OFF = Input()
# Names that are only tags, which can change in place.
_LABELS = {"anyscale_vpc_name", "anyscale_efs_name"}
