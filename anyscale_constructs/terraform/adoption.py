"""What Anyscale's root module made, taken over: where it stands in the state, and how it is named."""

import functools
import importlib.resources
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import Checked, Known
from anyscale_constructs.expressions import NULL, is_unresolved
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.terraform.guards import Inputs, without_effect
from anyscale_constructs.terraform.interface import Interface
from anyscale_constructs.terraform.moves import MODULE_PATH

_CATALOG = importlib.resources.files("anyscale_constructs") / "modules" / "catalog"
_SWITCH = "module_enabled"

ADOPTED_NAME = Rule(
    "adopted-name",
    "warning",
    "AWS renames nothing: Terraform replaces what has another name in the state, and what is in it is lost.",
    "https://github.com/anyscale/terraform-aws-anyscale-cloudfoundation-modules/blob/main/main.tf",
)
LEFT_BEHIND = Rule(
    "part-left-behind",
    "warning",
    "Anyscale's root module makes it by default. Terraform forgets what the cloud does not have, and it stays and "
    "costs money.",
    "https://github.com/anyscale/terraform-aws-anyscale-cloudfoundation-modules/blob/main/variables.tf",
)


class Adopt(Model):
    """The call of Anyscale's root module that made a cloud."""

    module: Known[
        Annotated[
            str,
            Checked(
                "the name of the module call, or its address",
                rf"[A-Za-z_][\w-]*|{MODULE_PATH}",
                "aws_anyscale_v2",
            ),
        ]
    ] = Field(
        description="The name of the call of Anyscale's root module in the configuration that this cloud takes the "
        "place of; inside of another module its address, e.g. module.ml.module.aws_anyscale_v2."
    )
    common_name: Known[
        Annotated[str, Checked("the root module's common name", r"[\w-]+", "anyscale-0123abcd")] | None
    ] = Field(
        default=None,
        description="With use_common_name the name that the root module made: the attribute hex of its "
        "random_id.common_name. Default: names begin with the root module's prefixes, or with name_prefix.",
    )

    @property
    def address(self) -> str:
        """The call's address."""
        return self.module if self.module.startswith("module.") else f"module.{self.module}"


@dataclass(frozen=True)
class Input:
    """What a root module gives to an input of a module that it calls.

    Args:
        value: What it is by default, or None for null.
        is_known: Whether the default is known.
        prefix: Whether the root module's common_prefix takes the place of the default.
        common_name: What is appended to the root module's common name, which takes the place of both; None: nothing.
    """

    value: Any = None
    is_known: bool = False
    prefix: bool = False
    common_name: str | None = None


@dataclass(frozen=True)
class Call:
    """A module that a root module calls: the catalog's name of it, and its inputs, as far as they follow a rule."""

    module: str
    inputs: Mapping[str, Input]


@dataclass(frozen=True)
class Root:
    """A root module at one ref.

    Args:
        repository: `owner/name` on GitHub.
        ref: The tag it was read at.
        commit: The commit of that tag.
        calls: The modules that it calls, by the names of the calls.
        resources: The addresses of its own resources.
    """

    repository: str
    ref: str
    commit: str
    calls: Mapping[str, Call]
    resources: Sequence[str]


@functools.cache
def load_root(provider: str) -> Root:
    """The root module of a provider, e.g. `aws`, as the catalog has it."""
    return parse_root((_CATALOG / f"{provider}_root.json").read_text(encoding="utf-8"))


def parse_root(text: str) -> Root:
    """Reads the text of a root module's catalog file."""
    data = json.loads(text)
    calls = {
        name: Call(call["module"], {key: _input(given) for key, given in call["inputs"].items()})
        for name, call in data["calls"].items()
    }
    return Root(data["repository"], data["ref"], data["commit"], calls, data["resources"])


def _input(data: Mapping[str, Any]) -> Input:
    return Input(data.get("value"), "value" in data, data.get("prefix", False), data.get("common_name"))


class Adoption:
    """What a stack takes over from a root module.

    Args:
        root: The root module.
        adopt: The configuration.
        name_prefix: The root module's common_prefix, if it was given one.
    """

    def __init__(self, root: Root, adopt: Adopt, name_prefix: str | None) -> None:
        self._calls = {call.module: (name, call) for name, call in root.calls.items()}
        self._root = root
        self._adopt = adopt
        self._name_prefix = name_prefix

    def given(self, interface: Interface, ours: Mapping[str, Any]) -> dict[str, Any]:
        """What the cloud gives a module, with the root module's names and descriptions.

        Args:
            interface: The module's.
            ours: What the cloud gives it otherwise.
        """
        inputs = self._inputs(interface)
        adopted = {name: value for name, each in inputs.items() if (value := self._value(each)) is not None}
        kept = {name: value for name, value in ours.items() if name not in inputs or not inputs[name].prefix}
        idle = {name for found in without_effect(Inputs(interface, {**adopted, **ours}), adopted) for name in found.on}
        idle |= {name for name in adopted if _has_name(name, ours)}
        return {**ours, **{name: value for name, value in adopted.items() if name not in idle}, **kept}

    def findings(self, interface: Interface, given: Mapping[str, Any]) -> Iterator[Finding]:
        """Warnings of the names that differ from the root module's, as far as those are known.

        Args:
            interface: The module's.
            given: What it is given at last.
        """
        for name, each in self._inputs(interface).items():
            made, now = self._value(each), given.get(name)
            is_name = each.prefix and self._adopt.common_name is None
            is_name = (is_name or each.common_name is not None) and name not in _LABELS
            if not is_name or _has_name(name, given) or now is None or is_unresolved(now):
                continue
            if made is None or made is NULL:
                by_default = "makes one"
            elif now == made:
                continue
            else:
                by_default = f"has {made!r}"
            yield Finding(
                f"{name} is set, and the root module {by_default} unless it is told otherwise: Terraform replaces what "
                "has another name",
                "compare it with the name in the state, and allow adopted-name if it is the same; else remove it",
                now,
                rule=ADOPTED_NAME,
                on=[name],
            )

    def blocks(self, addresses: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
        """Terraform's blocks: what moves, and what it forgets without destroying it.

        Args:
            addresses: The addresses of the stack's modules, by the catalog's names.
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
        """Warnings of what the root module makes by default, and the cloud has not.

        Args:
            modules: As of `blocks`.
        """
        for name, call in self._root.calls.items():
            if call.module not in modules and call.inputs.get(_SWITCH, _OFF).value is True:
                yield Finding(
                    f"the cloud has nothing like {self._adopt.address}.module.{name}, which Terraform forgets and "
                    "does not destroy",
                    f"set {call.module.partition('/')[2]}: {{}} if the root module made it, else allow "
                    "part-left-behind",
                    rule=LEFT_BEHIND,
                    key=("adopt", "module"),
                )

    def _inputs(self, interface: Interface) -> dict[str, Input]:
        _, call = self._calls.get(interface.name, ("", _NO_CALL))
        return {name: each for name, each in call.inputs.items() if name != _SWITCH and name in interface.variables}

    def _value(self, each: Input) -> Any:
        """The value that the root module gives; None where it is not known."""
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
    """Whether an input is a prefix, and the module is given a name instead."""
    name = f"{prefix.removesuffix('_prefix').removesuffix('_name')}_name"
    return prefix.endswith("_prefix") and given.get(name) is not None


_NO_CALL = Call("", {})
_OFF = Input()
# Names in tags only, which change in place.
_LABELS = {"anyscale_vpc_name", "anyscale_efs_name"}
