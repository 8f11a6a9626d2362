"""Finds the differences of two values of Terraform JSON, down to their smallest parts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from anyscale_constructs.findings import is_secret
from anyscale_constructs.review.stacks import as_json

ABSENT: Any = object()
"""Stands for a value that does not exist."""

# Keys that identify the elements of a list, e.g. the environment variables of a container.
_NAMES = ("name", "key", "id", "Sid", "sid", "rule")


class Difference(NamedTuple):
    """One value that differs.

    Args:
        path: The path of the value: keys, and indexes or names of elements.
        old: The old value, or ABSENT.
        new: The new value, or ABSENT.
    """

    path: tuple[str, ...]
    old: Any
    new: Any

    @property
    def name(self) -> str:
        """The path in the usual notation, e.g. `tags.team` or `public_subnets[0]`."""
        return ".".join(self.path).replace(".[", "[")

    @property
    def secret(self) -> str:
        """The part of the path that is named like a secret; empty if there is none."""
        return next((step for step in self.path if is_secret(step.strip("[]"))), "")


def differences(old: Any, new: Any, path: tuple[str, ...] = ()) -> Iterator[Difference]:
    """Yields the differences of two values; strings with JSON, such as policies, are compared by their content.

    Args:
        old: The old value, or ABSENT.
        new: The new value, or ABSENT.
        path: The path of the values. Default: the root.
    """
    before, after = as_json(old), as_json(new)
    match before, after:
        case Mapping(), Mapping():
            for key in sorted({*before, *after}):
                yield from differences(before.get(key, ABSENT), after.get(key, ABSENT), (*path, str(key)))
        case list(), list():
            yield from _in_lists(before, after, path)
        case _ if before is ABSENT or after is ABSENT or type(before) is not type(after) or before != after:
            yield Difference(path, old if before is old else before, new if after is new else after)


def _in_lists(old: Sequence[Any], new: Sequence[Any], path: tuple[str, ...]) -> Iterator[Difference]:
    before, after = _named(old), _named(new)
    if before is None or after is None:
        before, after = ({f"[{index}]": each for index, each in enumerate(items)} for items in (old, new))
        if len(old) != len(new):
            # An inserted element shifts the others, which have not changed.
            before, after = _without(before, new), _without(after, old)
            for step, each in before.items():
                yield from differences(each, ABSENT, (*path, step))
            for step, each in after.items():
                yield from differences(ABSENT, each, (*path, step))
            return
    for step in dict.fromkeys([*before, *after]):
        yield from differences(before.get(step, ABSENT), after.get(step, ABSENT), (*path, step))


def _without(items: Mapping[str, Any], others: Sequence[Any]) -> dict[str, Any]:
    left = list(others)
    kept = {}
    for step, each in items.items():
        if each in left:
            left.remove(each)
        else:
            kept[step] = each
    return kept


def _named(items: Sequence[Any]) -> dict[str, Any] | None:
    """Returns the elements by name, if each has a unique name."""
    if not all(isinstance(each, Mapping) for each in items):
        return None
    for name in _NAMES:
        found = {f"[{each[name]}]": each for each in items if isinstance(each.get(name), str)}
        if len(found) == len(items):
            return found
    return None
