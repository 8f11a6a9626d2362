"""Unexpected values, in each place of a structure."""

import copy
from collections.abc import Iterator
from typing import Any

from tests.fuzz.clouds import places

_SINGLE = [None, True, 0, 1, -1, 4.5, 1e308, "", "a", "\x00\ud800", "${var.a}"]
ODD: list[Any] = [*_SINGLE, [], [None], [1], [[]], [{}], {}, {"": []}, {"a": None}, {"a": {"b": None}}]


def with_odd_values(given: Any) -> Iterator[Any]:
    """Yields the value with each unexpected one in each place; the same object each time."""
    whole = {"": copy.deepcopy(given)}
    for place in places(whole, {}, {}):
        before = place.container[place.key]
        for odd in ODD:
            place.container[place.key] = odd
            yield whole[""]
        place.container[place.key] = before
