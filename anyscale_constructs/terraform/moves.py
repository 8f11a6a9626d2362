"""The configuration keys `moved` and `import`: changed addresses, and existing resources."""

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
"""A regular expression that matches a module's address."""

Address = Annotated[
    str,
    Checked(
        "the address of a module or a resource, as terraform state list prints it",
        rf"(?:{_MODULE}\.)*(?:{_MODULE}|{_RESOURCE})",
        "module.vpc.aws_vpc.anyscale_vpc[0]",
        any_alphabet=True,
    ),
]
ResourceAddress = Annotated[
    str,
    Checked(
        "the address of a resource, as terraform state list prints it",
        rf"(?:{_MODULE}\.)*{_RESOURCE}",
        "module.s3.aws_s3_bucket.anyscale_managed_s3_bucket[0]",
        any_alphabet=True,
    ),
]

AMBIGUOUS = Rule(
    "ambiguous-move",
    "error",
    "Terraform accepts at most one move from and one move to each address, between two modules or two resources.",
    "https://developer.hashicorp.com/terraform/language/block/moved",
)


class Moved(Model):
    """A module or a resource that has a different address in the state."""

    source: Known[Address] = Field(validation_alias="from", description="The address in the state.")
    to: Known[Address] = Field(description="The address in this cloud's stack.")


class Import(Model):
    """An existing resource that is not in the state yet."""

    to: Known[ResourceAddress] = Field(description="The resource's address in this cloud's stack.")
    id: str = Field(min_length=1, description="The resource's import ID, as documented by its provider.")


def is_module(address: str) -> bool:
    """Returns whether an address is the address of a module."""
    return re.fullmatch(MODULE_PATH, address) is not None


def outermost(address: str) -> str:
    """Returns the first part of an address, without an instance key, e.g. `module.vpc`."""
    found = re.match(rf"{_NAME}\.{_NAME}", address)
    return found.group() if found else address


def ambiguous(moves: Sequence[Moved]) -> Iterator[Finding]:
    """Yields findings about moves that Terraform rejects for any stack.

    Args:
        moves: The moves of a stack.
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
