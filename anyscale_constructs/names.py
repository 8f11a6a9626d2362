"""Messages about unknown names, with suggestions."""

from collections.abc import Iterable

from anyscale_constructs import words
from anyscale_constructs.findings import shown

# Two names that share a prefix of this length are probably related.
_BEGINNING = 4
# A longer list of names in a message does not help.
_FEW = 12


def unknown(name: object, known: Iterable[str], what: str = "key") -> str:
    """Returns the message about an unknown name: it suggests similar names, or lists all known ones."""
    import difflib  # noqa: PLC0415 - imported only when needed

    known = sorted(known)
    name = words.spelled(str.__str__(name)) if isinstance(name, str) else name
    near = nearest(name, known)
    if near:
        instead = f"did you mean {near!r}?"
    elif len(known) > _FEW:
        nearest_ones = difflib.get_close_matches(str(name), known, n=_FEW // 4, cutoff=0)
        instead = f"the closest matches are {', '.join(nearest_ones)}"
    else:
        instead = f"expected {'one of ' if len(known) > 1 else ''}{', '.join(known) or 'none'}"
    return f"unknown {what} {shown(name)}: {instead}"


def nearest(name: object, known: Iterable[str]) -> str | None:
    """Returns the most similar known name, regardless of case, or None.

    Names with the same letters come first, then names with the longest common prefix.
    """
    import difflib  # noqa: PLC0415 - imported only when needed

    by_lower_case = {each.lower(): each for each in known}
    given = str(name).lower()
    near = difflib.get_close_matches(given, by_lower_case, n=len(by_lower_case) or 1)
    enough = max(_BEGINNING, len(given) / 2)
    alike = [each for each in by_lower_case if abs(len(each) - len(given)) < _BEGINNING]
    near += [each for each in alike if each not in near and _common_beginning(each, given) >= enough]
    near.sort(key=lambda each: (sorted(each) != sorted(given), -_common_beginning(each, given)))
    return by_lower_case[near[0]] if near else None


def _common_beginning(one: str, other: str) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
