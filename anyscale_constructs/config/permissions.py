"""What users' workloads may do beside using the cloud's bucket, as far as providers have it in common."""

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
        "what names of objects begin with: no slash first, and no quotes, backslashes, braces, *, ? or $",
        r"""(?!/)[^'"\\{}*?$]{1,1024}""",
        "features/",
    ),
]


class DataAccess(Model):
    """Access of workloads to a bucket that exists, beside the cloud's own."""

    once: ClassVar = ("bucket", "prefix")
    """What no two entries may have in common."""

    prefix: ObjectPrefix | None = Field(
        default=None,
        description="Workloads reach only objects whose names begin with it. Default: all objects of the bucket.",
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
"""A list in which each bucket stands once with one prefix."""


def grant_name(id: str, what: str, index: int) -> str:
    """The name of a grant's resource in Terraform, which stays when others come and go.

    Args:
        id: Whose grant it is.
        what: What is granted; if only Terraform knows it, the name has its number.
        index: Its number.
    """
    return f"{id}_{index if is_unresolved(what) else re.sub(r'[^a-zA-Z0-9-]', '_', what)}"
