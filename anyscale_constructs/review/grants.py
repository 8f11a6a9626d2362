"""Reads what AWS policy documents grant, and compares grants."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from anyscale_constructs.review.stacks import blocks, listed

_ACCOUNT = re.compile(r"(?:arn:[\w-]+:iam::)?(\d{12})(?::.*)?")
_ROOT = re.compile(r"(?:arn:[\w-]+:iam::)?\d{12}(?::root)?")


@dataclass(frozen=True)
class Grant:
    """An action that is allowed or denied; empty parts are ignored.

    Args:
        action: The action, which may contain wildcards.
        resource: The resource, which may contain wildcards.
        principal: The principal: an ARN, an account, a service, or `*`.
        condition: The condition, as JSON.
    """

    action: str = ""
    resource: str = ""
    principal: str = ""
    condition: str = ""

    def covers(self, other: "Grant") -> bool:
        """Returns whether it allows, or denies, everything that another grant does."""
        return (
            (not self.action or _matches(self.action.lower(), other.action.lower()))
            and (not self.resource or _matches(self.resource, other.resource))
            and (not self.principal or _trusts(self.principal, other.principal))
            and self.condition in {"", other.condition}
        )

    def __str__(self) -> str:
        parts = (self.principal, self.action, self.resource and f"on {self.resource}")
        return " ".join(filter(None, parts)) + (f" if {self.condition}" if self.condition else "")


def grants(document: Any, effect: str = "Allow") -> Iterator[Grant]:
    """Yields the grants of a policy document.

    Args:
        document: The document: JSON, an object, or code that only Terraform can evaluate.
        effect: `Allow` or `Deny`.
    """
    if isinstance(document, str) and document[:1] == "{":
        try:
            document = json.loads(document)
        except ValueError:
            return
    if not isinstance(document, Mapping):
        if document and effect == "Allow":  # its grants are unknown, but a change of the code is visible
            yield Grant(str(document))
        return
    for statement in blocks(document.get("Statement")):
        if statement.get("Effect") == effect:
            yield from _statement(statement)


def trusted(document: Any, effect: str = "Allow") -> Iterator[Grant]:
    """Yields the grants of a role's trust policy, as `grants` does, but without the resource, which is the role."""
    return (replace(each, resource="") for each in grants(document, effect))


def statements(data: Mapping[str, Any], effect: str = "Allow") -> Iterator[Grant]:
    """Yields the grants of the data source aws_iam_policy_document.

    Args:
        data: The arguments of the data source.
        effect: As in `grants`.
    """
    for block in blocks(data.get("statement")):
        if block.get("effect", "Allow") == effect:
            conditions = {
                str(each["test"]): {str(each["variable"]): each["values"]} for each in blocks(block.get("condition"))
            }
            yield from _statement(
                {
                    "Action": block.get("actions"),
                    "NotAction": block.get("not_actions"),
                    "Resource": block.get("resources"),
                    "NotResource": block.get("not_resources"),
                    "Principal": {str(each["type"]): each["identifiers"] for each in blocks(block.get("principals"))},
                    "Condition": conditions,
                }
            )


def _statement(statement: Mapping[str, Any]) -> Iterator[Grant]:
    condition = statement.get("Condition")
    text = json.dumps(condition, sort_keys=True) if condition else ""
    for principal in _principals(statement):
        for action in _texts(statement, "Action"):
            for resource in _texts(statement, "Resource"):
                yield Grant(action, resource, principal, text)


def _texts(statement: Mapping[str, Any], name: str) -> list[str]:
    """Returns the actions or resources; for excepted ones, one text that no other statement covers."""
    if excepted := listed(statement.get(f"Not{name}")):
        return [f"all but {', '.join(map(str, excepted))}"]
    return [*map(str, listed(statement.get(name)))] or [""]


def _principals(statement: Mapping[str, Any]) -> list[str]:
    if excepted := statement.get("NotPrincipal"):
        return [f"all but {json.dumps(excepted, sort_keys=True)}"]
    match statement.get("Principal"):
        case Mapping() as kinds:
            return [str(each) for kind in kinds.values() for each in listed(kind)] or [""]
        case None:
            return [""]
        case other:
            return [*map(str, listed(other))]


def _matches(pattern: str, text: str) -> bool:
    if pattern in {text, "*"}:
        return True
    wild = "".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in pattern)
    return bool(re.fullmatch(wild, text))


def _trusts(pattern: str, principal: str) -> bool:
    """Returns whether trusting one principal includes another; an account's root includes all of the account."""
    if pattern in {principal, "*"}:
        return True
    own, other = _ACCOUNT.fullmatch(pattern), _ACCOUNT.fullmatch(principal)
    return bool(_ROOT.fullmatch(pattern) and own and other and own[1] == other[1])
