"""Lays out the boxes and arrows of a drawing in rows from top to bottom, with few crossings and short arrows.

It uses the method of Sugiyama, Tagawa and Toda (1981): arrows across several rows pass through a place in each row
between; rows are ordered by the means of their neighbors; then each place moves as close to its neighbors as possible.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from anyscale_constructs.explain.drawing import Arrow, Box, Drawing

WIDTH, HEIGHT = 214, 62
"""The size of a box."""

_ROW = 5  # the most boxes in a row
_BETWEEN, _BESIDE = 54, 30  # the gaps between rows and between boxes
_BEND = 14  # the width of an arrow's place in a row
_HEADING = 34  # the height above the first row of a stack
_MARGIN = 22
_SWEEPS = 24
_STRAIGHT = 8
_PORT = 22  # the distance between arrow ends at a box

_Key = str
_Rows = list[list[_Key]]
_Joined = Mapping[_Key, Sequence[_Key]]
Point = tuple[float, float]


@dataclass(frozen=True)
class Area:
    """The area of a stack.

    Args:
        stack: The name of the stack.
        top: The upper edge.
        bottom: The lower edge.
    """

    stack: str
    top: float
    bottom: float


@dataclass(frozen=True)
class Layout:
    """The layout of a drawing, in pixels from the upper left corner.

    Args:
        width: The total width.
        height: The total height.
        places: The upper left corners of the boxes, by key.
        routes: The points of each arrow, in pairs of the start and the end of a curve.
        areas: The areas of the stacks.
    """

    width: float
    height: float
    places: Mapping[str, Point]
    routes: Sequence[tuple[Arrow, Sequence[Point]]]
    areas: Sequence[Area]


def laid_out(drawing: Drawing) -> Layout:
    """Returns the layout of a drawing.

    Args:
        drawing: The drawing.
    """
    rows = [[box.key for box in row] for row in _rows(drawing)]
    row_of = {key: number for number, row in enumerate(rows) for key in row}
    paths: list[tuple[Arrow, list[_Key]]] = []
    for number, arrow in enumerate(drawing.arrows):
        between = range(row_of[arrow.source] + 1, row_of[arrow.target])
        bends = {row: f"{number}/{row}" for row in between}
        for row, bend in bends.items():
            rows[row].append(bend)
        paths.append((arrow, [arrow.source, *bends.values(), arrow.target]))
    links = [pair for _, path in paths for pair in itertools.pairwise(path)]
    rows = _ordered(rows, links)
    boxes = {box.key: box for box in drawing.boxes}
    middles = _middles(rows, links, boxes)
    left = min((middle - _width(key, boxes) / 2 for key, middle in middles.items()), default=0) - _MARGIN
    middles = {key: middle - left for key, middle in middles.items()}
    tops, areas, height = _tops(rows, boxes)
    return Layout(
        width=max((middle + _width(key, boxes) / 2 for key, middle in middles.items()), default=0) + _MARGIN,
        height=height,
        places={key: (middles[key] - WIDTH / 2, tops[key]) for key in boxes},
        routes=[*_routes(paths, middles, tops)],
        areas=areas,
    )


def _rows(drawing: Drawing) -> Iterator[Sequence[Box]]:
    """Yields the rows: each layer has one or, if it is wide, several; boxes that others need come first."""
    needed = {arrow.source for arrow in drawing.arrows}
    for _, layer in itertools.groupby(drawing.boxes, lambda box: box.layer):
        boxes = sorted(layer, key=lambda box: box.key not in needed)
        yield from (boxes[start : start + _ROW] for start in range(0, len(boxes), _ROW))


def _ordered(rows: _Rows, links: Sequence[tuple[_Key, _Key]]) -> _Rows:
    """Returns the rows in the order with the fewest crossings found."""
    above, below = _joined((target, source) for source, target in links), _joined(links)
    best, fewest = rows, _crossings(rows, below)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        joined, rows = (above if down else below), [[*row] for row in rows]
        at = {key: float(place) for row in rows for place, key in enumerate(row)}
        for row in rows if down else reversed(rows):
            row.sort(key=lambda key: _mean((at[each] for each in joined.get(key, ())), at[key]))
            at |= {key: float(place) for place, key in enumerate(row)}
        if (crossings := _crossings(rows, below)) < fewest:
            best, fewest = rows, crossings
    return best


def _crossings(rows: _Rows, below: _Joined) -> int:
    at = {key: place for row in rows for place, key in enumerate(row)}
    count = 0
    for row in rows:
        ends = [at[target] for key in row for target in sorted(below.get(key, ()), key=at.__getitem__)]
        count += sum(left > right for left, right in itertools.combinations(ends, 2))
    return count


def _middles(rows: _Rows, links: Sequence[tuple[_Key, _Key]], boxes: Mapping[str, Box]) -> dict[_Key, float]:
    """Returns the center of each place: close to its neighbors, in order, and without overlaps."""
    # To keep arrows straight where they pass rows, their own places there count more than the boxes at their ends.
    weighed = [pair for pair in links for _ in range(1 if boxes.keys() & {*pair} else _STRAIGHT)]
    joined = _joined([*weighed, *((target, source) for source, target in weighed)])
    middles: dict[_Key, float] = {}
    for row in rows:
        offsets = _offsets(row, boxes)
        middles |= {key: offset - offsets[-1] / 2 for key, offset in zip(row, offsets, strict=True)}
    for sweep in range(_SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            offsets = _offsets(row, boxes)
            wanted = [
                _mean((middles[each] for each in joined.get(key, ())), middles[key]) - offset
                for key, offset in zip(row, offsets, strict=True)
            ]
            middles |= {key: place + offset for key, place, offset in zip(row, _rising(wanted), offsets, strict=True)}
    return middles


def _offsets(row: Sequence[_Key], boxes: Mapping[str, Box]) -> list[float]:
    """Returns the centers of a row in which all places are as close together as possible."""
    offsets, last = [], 0.0
    for before, key in itertools.pairwise([None, *row]):
        apart = 0.0 if before is None else (_width(before, boxes) + _width(str(key), boxes)) / 2 + _BESIDE
        last += apart
        offsets.append(last)
    return offsets


def _rising(values: Iterable[float]) -> list[float]:
    """Returns the closest non-decreasing numbers, by least squares."""
    pools: list[list[float]] = []
    for value in values:
        pools.append([value])
        while len(pools) > 1 and _mean(pools[-2], 0) > _mean(pools[-1], 0):
            last = pools.pop()
            pools[-1] += last
    return [_mean(pool, 0) for pool in pools for _ in pool]


def _tops(rows: _Rows, boxes: Mapping[str, Box]) -> tuple[dict[_Key, float], list[Area], float]:
    """Returns the upper edges of all places, the areas of the stacks, and the total height."""
    tops: dict[_Key, float] = {}
    areas: list[Area] = []
    at, stack = 0.0, ""
    for row in rows:
        own = next(boxes[key].stack for key in row if key in boxes)
        if own != stack:
            areas.append(Area(own, at, at))
            at, stack = at + _HEADING, own
        tops |= dict.fromkeys(row, at)
        areas[-1] = Area(own, areas[-1].top, at + HEIGHT + _MARGIN)
        at += HEIGHT + _BETWEEN
    return tops, areas, areas[-1].bottom if areas else 0.0


def _routes(
    paths: Sequence[tuple[Arrow, Sequence[_Key]]], middles: Mapping[_Key, float], tops: Mapping[_Key, float]
) -> Iterator[tuple[Arrow, list[Point]]]:
    """Returns the points of arrows; those at the same box are side by side, in the order of their other ends."""
    ports: dict[tuple[int, int], float] = {}
    for end, towards in ((0, 1), (-1, -2)):
        by_box = _joined((path[end], str(number)) for number, (_, path) in enumerate(paths))
        for box, numbers in by_box.items():
            inner = sorted(map(int, numbers), key=lambda number: middles[paths[number][1][towards]])
            step = min(_PORT, (WIDTH - _PORT) / len(inner))
            for place, number in enumerate(inner):
                ports[number, end] = middles[box] + step * (place - (len(inner) - 1) / 2)
    for number, (arrow, path) in enumerate(paths):
        points = [(ports[number, 0], tops[path[0]] + HEIGHT)]
        for bend in path[1:-1]:
            points += [(middles[bend], tops[bend]), (middles[bend], tops[bend] + HEIGHT)]
        yield arrow, [*points, (ports[number, -1], tops[path[-1]])]


def _joined(pairs: Iterable[tuple[_Key, _Key]]) -> dict[_Key, list[_Key]]:
    found: dict[_Key, list[_Key]] = {}
    for one, other in pairs:
        found.setdefault(one, []).append(other)
    return found


def _width(key: _Key, boxes: Mapping[str, Box]) -> float:
    return WIDTH if key in boxes else _BEND


def _mean(values: Iterable[float], default: float) -> float:
    found = [*values]
    return sum(found) / len(found) if found else default
