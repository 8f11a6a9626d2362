"""The provider-independent permissions of users' workloads in addition to the cloud's bucket."""

import re
from typing import Annotated, ClassVar, Literal, TypeVar

from pydantic import AfterValidator, Field

from anyscale_constructs.config.model import CONFLICTING, Model, refuse_all
from anyscale_constructs.config.types import Checked, Known
from anyscale_constructs.expressions import is_unresolved
from anyscale_constructs.findings import Finding

ObjectPrefix = Annotated[
    str,
    Checked(
        "a prefix of object names, not beginning with a slash, without quotes, backslashes, braces, *, ? and $",
        r"""(?!/)[^'"\\{}*?$]{1,1024}""",
        "features/",
    ),
]


class DataAccess(Model):
    """Access of workloads to an existing bucket other than the cloud's."""

    once: ClassVar = ("bucket", "prefix")
    """The keys by which entries must differ."""

    prefix: ObjectPrefix | None = Field(
        default=None,
        description="Limits access to objects whose names begin with it. Default: all objects of the bucket.",
    )
    mode: Known[Literal["read", "read-write"]] = Field(
        default="read", description="read: list and read objects. read-write: also create, replace and delete them."
    )


A = TypeVar("A", bound=DataAccess)


def _each_once(entries: list[A]) -> list[A]:
    seen: dict[tuple[str, ...], int] = {}
    found = []
    for index, entry in enumerate(entries):
        place = tuple(str(getattr(entry, key)) for key in entry.once)
        if not any(map(is_unresolved, place)) and (first := seen.setdefault(place, index)) != index:
            what = f"has the same {' and '.join(entry.once)} as data_access.{first}"
            found.append(Finding(what, "remove one of them", rule=CONFLICTING, key=(index, "bucket")))
    if found:
        raise refuse_all(found)
    return entries


EachOnce = Annotated[list[A], AfterValidator(_each_once)]
"""A list without duplicate pairs of bucket and prefix."""


def grant_name(id: str, what: str, index: int) -> str:
    """Returns the name of a grant's resource in Terraform, which does not change when other grants do.

    Args:
        id: The ID of the grantee.
        what: What is granted. If it is unresolved, the name contains the index instead.
        index: The grant's index.
    """
    return f"{id}_{index if is_unresolved(what) else re.sub(r'[^a-zA-Z0-9-]', '_', what)}"
