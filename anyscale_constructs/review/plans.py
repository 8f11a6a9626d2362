"""Reads what Terraform would do with each resource from the JSON of a plan.

Source: https://developer.hashicorp.com/terraform/internals/json-format
"""

import json
import pathlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from anyscale_constructs.config.model import said
from anyscale_constructs.errors import ReviewError

Path = tuple[str | int, ...]
"""The path of an attribute in a resource: names and indexes from the outermost."""

SENSITIVE = "(sensitive)"
"""Replaces values that the provider or the configuration marks as sensitive."""

_FORMAT = re.compile(r"1\.\d+")
_MODULE = re.compile(r"module\.([\w-]+)")


class _Planned(BaseModel):
    """The fields of a change in a plan that are read."""

    actions: list[str]
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    replace_paths: list[list[str | int]] = []


class _Given(BaseModel):
    """The fields of a resource in a plan that are read."""

    address: str
    type: str
    change: _Planned


_GIVEN = TypeAdapter(list[_Given])


@dataclass(frozen=True)
class Change:
    """A resource and what happens to it.

    Args:
        address: The resource's address, e.g. `module.vpc.aws_vpc.anyscale_vpc[0]`.
        type: The resource's type, e.g. `aws_vpc`.
        actions: The actions in the plan: `("create",)`, `("update",)`, `("delete",)`, `("delete", "create")`,
            `("create", "delete")`, `("no-op",)`, `("forget",)`.
        before: The current attributes; None if the resource does not exist.
        after: The known attributes after the apply; None if the resource will not exist.
        unknown: What is known only after apply: True, or attributes, like `after_unknown` in a plan.
        paths: The attributes that force the replacement.
    """

    address: str
    type: str
    actions: tuple[str, ...]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    unknown: Any = None
    paths: tuple[Path, ...] = ()

    @property
    def module(self) -> str:
        """The ID of the module that it is in, such as `vpc`; empty for the stack's own resources."""
        found = _MODULE.match(self.address)
        return found[1] if found else ""

    @property
    def replaces(self) -> bool:
        """Whether it is destroyed and created again."""
        return len(self.actions) > 1 and "delete" in self.actions

    @property
    def destroys(self) -> bool:
        """Whether it is destroyed and not created again."""
        return self.actions == ("delete",)


def read_plan(file: pathlib.Path) -> list[Change]:
    """Returns the changes in a plan printed by `terraform show -json`.

    Raises:
        ReviewError: The file is not the JSON of a plan, or has an unknown format version.
    """
    wanted = "run terraform plan -out=FILE, then use the output of terraform show -json FILE"
    try:
        plan = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReviewError(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # Terraform's plan files are ZIP archives
        raise ReviewError(f"{file} is not the JSON of a plan", fix=wanted) from error
    if not isinstance(plan, dict) or "format_version" not in plan or "planned_values" not in plan:
        raise ReviewError(f"{file} is not the JSON of a plan", fix=wanted)
    if not _FORMAT.fullmatch(str(plan["format_version"])):
        raise ReviewError(f"{file} has an unknown format version", value=plan["format_version"], allowed="1.x")
    if plan.get("errored"):
        raise ReviewError(
            f"{file} is the JSON of a failed plan", fix="fix the errors of terraform plan, and plan again"
        )
    given = plan.get("resource_changes", [])
    try:
        _GIVEN.validate_python(given)
    except ValidationError as error:
        raise ReviewError(f"{file} is not the JSON of a plan: {said(error, 'resource_changes')}", fix=wanted) from error
    return changes(given)


def changes(given: Iterable[Mapping[str, Any]]) -> list[Change]:
    """Returns the changes in a plan's `resource_changes`, without data sources, sorted by address."""
    found = [_change(each) for each in given if each.get("mode") == "managed" and "deposed" not in each]
    return sorted(found, key=lambda change: change.address)


def value_at(values: Any, path: Path) -> Any:
    """Returns the value at a path; None if there is none."""
    for step in path:
        match values:
            case Mapping():
                values = values.get(step)
            case list() if isinstance(step, int) and step < len(values):
                values = values[step]
            case _:
                return None
    return values


def is_unknown(change: Change, path: Path) -> bool:
    """Returns whether the value at a path, or a part of it, is known only after apply."""
    unknown = change.unknown
    for step in path:
        if unknown is True:
            return True
        unknown = value_at(unknown, (step,))
    return _holds_true(unknown)


def _holds_true(unknown: Any) -> bool:
    match unknown:
        case Mapping():
            return any(map(_holds_true, unknown.values()))
        case list():
            return any(map(_holds_true, unknown))
    return unknown is True


def _change(given: Mapping[str, Any]) -> Change:
    change = given["change"]
    return Change(
        address=given["address"],
        type=given["type"],
        actions=tuple(change["actions"]),
        before=_attributes(change.get("before"), change.get("before_sensitive")),
        after=_attributes(change.get("after"), change.get("after_sensitive")),
        unknown=change.get("after_unknown"),
        paths=tuple(tuple(path) for path in change.get("replace_paths", ())),
    )


def _attributes(values: Mapping[str, Any] | None, sensitive: Any) -> Mapping[str, Any] | None:
    if values is None:
        return None
    return {name: _shown(value, sensitive is True or value_at(sensitive, (name,))) for name, value in values.items()}


def _shown(value: Any, sensitive: Any) -> Any:
    """Returns a value with its sensitive parts replaced."""
    if sensitive is True and value is not None:
        return SENSITIVE
    match value:
        case Mapping():
            return {key: _shown(inner, value_at(sensitive, (key,))) for key, inner in value.items()}
        case list():
            return [_shown(inner, value_at(sensitive, (index,))) for index, inner in enumerate(value)]
    return value
