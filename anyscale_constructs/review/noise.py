"""Reduces a plan on a mocked state to the changes that come from the configuration and not from the mocks."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from anyscale_constructs.review.plans import Change, Path, changes, is_unknown, value_at

# The form of Terraform's mocked strings.
_MOCKED = re.compile(r"[a-z0-9]{8}")
_RANDOM = re.compile(r"(?=.*\d)(?=.*[a-z])[a-z0-9]{8}")
_OWN = ("id", "arn", "name")
"""The attributes by which other resources refer to a resource."""
_WORD = re.compile(r"[a-z0-9]+")


def without_noise(noise: Iterable[Mapping[str, Any]], plan: Iterable[Mapping[str, Any]], source: str) -> list[Change]:
    """Returns the changes of a plan that another plan on the same state does not have.

    Args:
        noise: The `resource_changes` of the plan of the configuration that the state was applied from.
        plan: The `resource_changes` of the plan.
        source: The text of both configurations: strings in it are not mocked.

    Returns:
        The changes. Their `before` has the values planned by the first plan, which are the providers' own.
    """
    noise, plan = [*noise], [*plan]
    words = {*_WORD.findall(source)}
    # Mocks have no defaults, so every value in the state is either configured or mocked.
    found = [*_tokens(noise, "before", _MOCKED), *_tokens(noise, "after", _RANDOM), *_tokens(plan, "after", _RANDOM)]
    owners = {token: owner for token, owner in reversed(found) if token not in words}
    names = {token: f"({address}.{'.'.join(map(str, path))})" for token, (address, path) in owners.items()}
    addresses = {names[token]: address for token, (address, _) in owners.items()}
    previous = {each["address"]: each["previous_address"] for each in plan if each.get("previous_address")}
    before = {change.address: change for change in changes(_named(noise, names))}
    pairs = [(before.get(previous.get(each.address, each.address)), each) for each in changes(_named(plan, names))]
    replaced: set[str] = set()
    while True:  # repeated for resources that are replaced because another one is
        differences = [_difference(noise, each, addresses, replaced) for noise, each in pairs]
        now = {change.address for change in differences if change and change.replaces}
        if now == replaced:
            return [change for change in differences if change]
        replaced = now


def _tokens(
    given: Iterable[Mapping[str, Any]], key: str, pattern: "re.Pattern[str]"
) -> list[tuple[str, tuple[str, Path]]]:
    """Returns the strings that may be mocked, with their places, of which the resource's own attribute is first."""
    found = [
        (value, (str(each["address"]), path))
        for each in given
        for path, value in _leaves(each["change"].get(key))
        if isinstance(value, str) and pattern.fullmatch(value)
    ]
    return sorted(found, key=lambda each: (_rank(each[1][1]), each[1][0], str(each[1][1])))


def _rank(path: Path) -> int:
    return next((rank for rank, name in enumerate(_OWN) if path == (name,)), len(_OWN))


def _leaves(value: Any, above: Path = ()) -> Iterator[tuple[Path, Any]]:
    match value:
        case dict():
            for key, inner in sorted(value.items()):
                yield from _leaves(inner, (*above, key))
        case list():
            for index, inner in enumerate(value):
                yield from _leaves(inner, (*above, index))
        case _:
            yield above, value


def _named(given: Any, names: Mapping[str, str]) -> Any:
    text = json.dumps(given)
    return json.loads(_WORD.sub(lambda word: json.dumps(names.get(word[0], word[0]))[1:-1], text))


def _difference(
    noise: Change | None, change: Change, addresses: Mapping[str, str], replaced: Collection[str]
) -> Change | None:
    """Returns the part of a change that is not noise; None if all of it is noise.

    Args:
        noise: The change to the same resource in the first plan, or None.
        change: The change.
        addresses: The resources that the mocked values belong to.
        replaced: The resources that are known to be replaced.
    """
    if noise is None:
        return None if change.actions == ("no-op",) else change
    known = _settled(noise.after, noise.unknown, noise.before)
    if change.after is None:
        return replace(change, before=known)

    def counts(path: Path) -> bool:
        old = value_at(known, path)
        if not is_unknown(change, path):
            new = value_at(change.after, path)
            return old != new and bool(old or new)  # a mock has null where the provider has false
        text = json.dumps(old)
        return not is_unknown(noise, path) or any(name in text and addresses[name] in replaced for name in addresses)

    paths = tuple(filter(counts, change.paths))
    told = {path[0] for path in paths}
    masked = noise.unknown
    if isinstance(masked, dict):
        masked = {name: inner for name, inner in masked.items() if name not in told}
    after = _settled(change.after, _both(change.unknown, masked), known)
    unknown = _less(change.unknown, masked)
    found = replace(change, before=known, after=after, unknown=unknown, paths=paths)
    # Without paths, the replacement is triggered by another resource.
    if change.replaces and (paths or not (change.paths or noise.replaces)):
        return found
    same = after == known and not is_unknown(found, ())
    return None if same else replace(found, actions=("update",), paths=())


def _settled(after: Any, unknown: Any, instead: Any) -> Any:
    """Returns values with the unknown ones replaced by others."""
    match unknown:
        case True:
            return instead
        case dict():
            given = after if isinstance(after, dict) else {}
            return given | {
                key: _settled(given.get(key), inner, value_at(instead, (key,)))
                for key, inner in unknown.items()
                if inner
            }
        case list() if isinstance(after, list):
            masks = [*unknown, *[False] * len(after)]
            return [_settled(each, masks[index], value_at(instead, (index,))) for index, each in enumerate(after)]
    return after


def _both(one: Any, other: Any) -> Any:
    """Returns what is unknown in both."""
    if one is True or other is True:
        return other if one is True else one
    match one, other:
        case dict(), dict():
            return {key: _both(inner, other.get(key)) for key, inner in one.items()}
        case list(), list():
            return [_both(*pair) for pair in zip(one, other, strict=False)]
    return False


def _less(one: Any, other: Any) -> Any:
    """Returns what is unknown only in the first."""
    match one, other:
        case _, True:
            return False
        case dict(), dict():
            return {key: _less(inner, other.get(key)) for key, inner in one.items()}
        case list(), list():
            return [_less(inner, value_at(other, (index,))) for index, inner in enumerate(one)]
    return one
