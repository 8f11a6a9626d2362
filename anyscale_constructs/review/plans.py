"""What Terraform would do with each resource: read from a plan's JSON.

Source: https://developer.hashicorp.com/terraform/internals/json-format
"""

import json
import pathlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from anyscale_constructs.errors import ReviewError

Path = tuple[str | int, ...]
"""Where an attribute stands in a resource: names and indexes from the outermost."""

SENSITIVE = "(sensitive)"
"""What stands in place of a value that the provider or the configuration calls sensitive."""

_FORMAT = re.compile(r"1\.\d+")
_MODULE = re.compile(r"module\.([\w-]+)")


@dataclass(frozen=True)
class Change:
    """A resource, and what happens to it.

    Args:
        address: Its address, e.g. `module.vpc.aws_vpc.anyscale_vpc[0]`.
        type: Its type, e.g. `aws_vpc`.
        actions: As in a plan: `("create",)`, `("update",)`, `("delete",)`, `("delete", "create")`,
            `("create", "delete")`, `("no-op",)`, `("forget",)`.
        before: Its attributes now; None if it does not exist.
        after: Its attributes afterwards, those that are known; None if it will not exist.
        unknown: What of them is known after apply only: True, or attributes, as `after_unknown` in a plan.
        paths: The attributes because of which it is replaced.
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
        """The id of the module that it is in, `vpc`; nothing for the stack's own resources."""
        found = _MODULE.match(self.address)
        return found[1] if found else ""

    @property
    def replaces(self) -> bool:
        """Whether it is destroyed and created anew."""
        return len(self.actions) > 1 and "delete" in self.actions

    @property
    def destroys(self) -> bool:
        """Whether it is destroyed for good."""
        return self.actions == ("delete",)


def read_plan(file: pathlib.Path) -> list[Change]:
    """The changes in a plan, as `terraform show -json` prints it.

    Raises:
        ReviewError: It is no such file, or in a format that is not known.
    """
    wanted = "run terraform plan -out=FILE, then terraform show -json FILE, and give what that prints"
    try:
        plan = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReviewError(f"{file} can't be read: {error.strerror}") from error
    except ValueError as error:  # a plan in Terraform's own form is a ZIP archive
        raise ReviewError(f"{file} is not the JSON of a plan", fix=wanted) from error
    if not isinstance(plan, dict) or "format_version" not in plan or "planned_values" not in plan:
        raise ReviewError(f"{file} is not the JSON of a plan", fix=wanted)
    if not _FORMAT.fullmatch(str(plan["format_version"])):
        raise ReviewError(
            f"{file} is in a format of plans that is not known", value=plan["format_version"], allowed="1.x"
        )
    if plan.get("errored"):
        raise ReviewError(f"{file} is of a plan that failed", fix="correct what terraform plan says, and plan again")
    return changes(plan.get("resource_changes", []))


def changes(given: Iterable[Mapping[str, Any]]) -> list[Change]:
    """The changes of a plan's `resource_changes`, sorted by address; data sources are left out."""
    found = [_change(each) for each in given if each.get("mode") == "managed" and "deposed" not in each]
    return sorted(found, key=lambda change: change.address)


def value_at(values: Any, path: Path) -> Any:
    """The value at a path; None if there is none."""
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
    """Whether what will stand at a path is known after apply only, or a part of it is."""
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
        before=_shown(change.get("before"), change.get("before_sensitive")),
        after=_shown(change.get("after"), change.get("after_sensitive")),
        unknown=change.get("after_unknown"),
        paths=tuple(tuple(path) for path in change.get("replace_paths", ())),
    )


def _shown(value: Any, sensitive: Any) -> Any:
    """A value without what is sensitive."""
    if sensitive is True and value is not None:
        return SENSITIVE
    match value:
        case Mapping():
            return {key: _shown(inner, value_at(sensitive, (key,))) for key, inner in value.items()}
        case list():
            return [_shown(inner, value_at(sensitive, (index,))) for index, inner in enumerate(value)]
    return value
