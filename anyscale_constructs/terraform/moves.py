"""Addresses that change and resources that exist already: the keys `moved` and `import` of a configuration."""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field

from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import Checked, Known
from anyscale_constructs.findings import Finding, Rule

_NAME = r"[A-Za-z_][\w-]*"
_KEY = r'(?:\[(?:\d+|"(?:[^"\\$%]|\\.)*")\])?'
_MODULE = rf"module\.{_NAME}{_KEY}"
_RESOURCE = rf"(?!module\.|data\.){_NAME}\.{_NAME}{_KEY}"

MODULE_PATH = rf"{_MODULE}(?:\.{_MODULE})*"
"""A regular expression for a module's address."""

Address = Annotated[
    str,
    Checked(
        "the address of a module or a resource, as terraform state list prints it",
        rf"(?:{_MODULE}\.)*(?:{_MODULE}|{_RESOURCE})",
        "module.vpc.aws_vpc.anyscale_vpc[0]",
    ),
]
ResourceAddress = Annotated[
    str,
    Checked(
        "the address of a resource, as terraform state list prints it",
        rf"(?:{_MODULE}\.)*{_RESOURCE}",
        "module.s3.aws_s3_bucket.anyscale_managed_s3_bucket[0]",
    ),
]

AMBIGUOUS = Rule(
    "ambiguous-move",
    "error",
    "Terraform accepts one move from an address and one to it, between two modules or between two resources.",
    "https://developer.hashicorp.com/terraform/language/block/moved",
)


class Moved(Model):
    """A module or a resource that has another address in the state."""

    source: Known[Address] = Field(validation_alias="from", description="The address that the state has.")
    to: Known[Address] = Field(description="The address in this cloud's stack.")


class Import(Model):
    """A resource that exists already, and is not in the state yet."""

    to: Known[ResourceAddress] = Field(description="The resource's address in this cloud's stack.")
    id: str = Field(min_length=1, description="The resource's id, as its provider documents it for import.")


def is_module(address: str) -> bool:
    """Whether an address is a module's."""
    return re.fullmatch(MODULE_PATH, address) is not None


def outermost(address: str) -> str:
    """The part of an address that stands in the stack itself, without an instance's key: `module.vpc`."""
    found = re.match(rf"{_NAME}\.{_NAME}", address)
    return found.group() if found else address


def ambiguous(moves: Sequence[Moved]) -> Iterator[Finding]:
    """The moves that Terraform refuses, whatever the stack has.

    Args:
        moves: All moves of a stack.
    """
    for index, move in enumerate(moves):
        earlier = moves[:index]
        if is_module(move.source) != is_module(move.to) or move.source == move.to:
            what = "from and to must be two different modules or two different resources"
            yield Finding(what, "correct one of them", move.source, rule=AMBIGUOUS, key=("moved", index, "from"))
        if move.source in (each.source for each in earlier):
            yield _twice("from", move.source, index)
        if move.to in (each.to for each in earlier):
            yield _twice("to", move.to, index)


def _twice(name: str, address: str, index: int) -> Finding:
    what = f"another move has the same {name}"
    return Finding(what, "remove one of them", address, rule=AMBIGUOUS, key=("moved", index, name))
