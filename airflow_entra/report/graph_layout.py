"""Where every box and arrow of a picture goes. Pure arithmetic: the same picture always gives the same places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from airflow_entra.access.picture import Arrow, Box, Picture
from airflow_entra.report import graph_text

NAME, NOTE = 14.0, 12.0  # text sizes
NAME_LINE, NOTE_LINE = 19.0, 16.0
PAD = 12.0
_GAP, _BETWEEN = 12.0, 96.0  # between boxes of a column, between columns
_ARROW = 11.0  # between the ends of two arrows
_WIDTHS = (300.0, 190.0, 190.0, 280.0)
_NAME_LINES, _NOTE_LINES = 4, 6


@dataclass(frozen=True, slots=True)
class Placed:
    """One box with its lines; `x` and `y` of its upper left corner."""

    box: Box
    x: float
    y: float
    width: float
    height: float
    names: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Curve:
    """An arrow from (x1, y1) to (x2, y2), both on the edges of boxes."""

    arrow: Arrow
    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True)
class Layout:
    headings: tuple[tuple[str, float], ...]
    boxes: tuple[Placed, ...]
    curves: tuple[Curve, ...]
    width: float
    height: float


def layout(picture: Picture) -> Layout:
    """Columns from left to right from (0, 0), each box as near as there is room to what leads to it."""
    placed: dict[str, Placed] = {}
    headings = []
    busiest = Counter(arrow.start for arrow in picture.arrows) | Counter(arrow.end for arrow in picture.arrows)
    x = 0.0
    for number, column in enumerate(picture.columns):
        wide = _width(number, len(picture.columns))
        headings.append((column.heading, x))
        sources = _sources(picture.arrows, placed)
        sized = [_sized(box, x, wide, busiest.get(box.key, 0)) for box in column.boxes]
        if number == len(picture.columns) - 1:  # in the stack file's order elsewhere: roles are read in that order
            sized.sort(key=lambda one: sources.get(one.box.key, 0.0))
        tops = _tops([one.height for one in sized], [sources.get(one.box.key) for one in sized])
        placed |= {one.box.key: _moved(one, top) for one, top in zip(sized, tops, strict=True)}
        x += wide + _BETWEEN
    highest = min(one.y for one in placed.values())
    boxes = {key: _moved(one, one.y - highest) for key, one in placed.items()}
    height = max(one.y + one.height for one in boxes.values())
    return Layout(tuple(headings), tuple(boxes.values()), _curves(picture.arrows, boxes), x - _BETWEEN, height)


def _width(number: int, columns: int) -> float:
    return _WIDTHS[-1] if number == columns - 1 else _WIDTHS[number]


def _sized(box: Box, x: float, wide: float, arrows: int) -> Placed:
    """The box at the top: high enough for its lines, and for `arrows` to end at one edge and be told apart."""
    room = wide - 2 * PAD
    names = graph_text.lines(box.name, NAME, room, _NAME_LINES, bold=True)
    notes = tuple(line for note in box.notes for line in graph_text.lines(note, NOTE, room, _NOTE_LINES))
    height = max(2 * PAD + len(names) * NAME_LINE + len(notes) * NOTE_LINE, _ARROW * (arrows + 1))
    return Placed(box, x, 0.0, wide, height, names, notes)


def _moved(one: Placed, y: float) -> Placed:
    return Placed(one.box, one.x, y, one.width, one.height, one.names, one.notes)


def _sources(arrows: Sequence[Arrow], placed: Mapping[str, Placed]) -> dict[str, float]:
    """For each box that arrows lead to: the middle of where they come from."""
    found: dict[str, list[float]] = {}
    for arrow in arrows:
        if arrow.start in placed:
            found.setdefault(arrow.end, []).append(placed[arrow.start].middle)
    return {key: sum(middles) / len(middles) for key, middles in found.items()}


def _tops(heights: Sequence[float], middles: Sequence[float | None]) -> list[float]:
    """Tops of boxes one below the other, nearest to the wanted middles in the sense of least squares.

    Neighbours that would overlap form a block, which moves to the mean of what its boxes want.
    """
    blocks: list[tuple[float, int]] = []  # sum of what its boxes want of the block's start, number of boxes
    offsets, below = [], 0.0
    for height, middle in zip(heights, middles, strict=True):
        offsets.append(below)
        block = ((0.0 if middle is None else middle - height / 2 - below), 1)
        while blocks and blocks[-1][0] / blocks[-1][1] > block[0] / block[1]:
            wanted, count = blocks.pop()
            block = (block[0] + wanted, block[1] + count)
        blocks.append(block)
        below += height + _GAP
    starts = [wanted / count for wanted, count in blocks for _ in range(count)]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]


def _curves(arrows: Sequence[Arrow], boxes: Mapping[str, Placed]) -> tuple[Curve, ...]:
    leaving = _ports([(arrow.start, arrow.end) for arrow in arrows], boxes)
    arriving = _ports([(arrow.end, arrow.start) for arrow in arrows], boxes)
    return tuple(
        Curve(
            arrow,
            boxes[arrow.start].x + boxes[arrow.start].width,
            leaving[arrow.start, arrow.end],
            boxes[arrow.end].x,
            arriving[arrow.end, arrow.start],
        )
        for arrow in arrows
    )


def _ports(ends: Sequence[tuple[str, str]], boxes: Mapping[str, Placed]) -> dict[tuple[str, str], float]:
    """Where on its box each arrow ends: spread over the edge in the order of the other ends, so that few cross."""
    others: dict[str, list[str]] = {}
    for here, there in ends:
        others.setdefault(here, []).append(there)
    found = {}
    for here, theirs in others.items():
        box = boxes[here]
        for number, there in enumerate(sorted(theirs, key=lambda key: boxes[key].middle), start=1):
            found[here, there] = box.y + box.height * number / (len(theirs) + 1)
    return found
