"""Markdown that is cut where nothing breaks: between the rows of a table, the lines of a fence, or whole parts.

Sizes are bytes of UTF-8: no host counts a text as longer than that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

NOTE_BYTES = 2000
"""What a note on what was left out may take at most."""


@dataclass(frozen=True)
class Block:
    """Lines that need each other (`head`, `tail`) around rows of which the last may be left out. A row may have
    several lines. A block whose rows don't fit at all is left out whole."""

    head: Sequence[str]
    rows: Sequence[str] = ()
    tail: Sequence[str] = ("",)
    name: str = ""


@dataclass(frozen=True)
class Cut:
    """A block of which some rows, or all of it, are missing."""

    name: str
    rows: int
    whole: bool


def size(lines: Iterable[str]) -> int:
    """In bytes, each line with its newline."""
    return sum(len(line.encode()) + 1 for line in lines)


def fit(blocks: Sequence[Block], room: int, note: Callable[[Sequence[Cut]], str]) -> list[str]:
    """As many lines as fit into `room` bytes, from the top; where that is not all, `note` says what is missing."""
    everything = [line for block in blocks for line in _lines(block)]
    if size(everything) <= room:
        return everything
    left = room - NOTE_BYTES - 2
    kept: list[str] = []
    cuts: list[Cut] = []
    for block in blocks:
        lines = _lines(block)
        if not cuts and (taken := size(lines)) <= left:
            kept += lines
            left -= taken
        elif cuts:
            cuts.append(Cut(block.name, len(block.rows), whole=True))
        else:
            rows = _rows(block, left - size(block.head) - size(block.tail))
            cuts.append(Cut(block.name, len(block.rows) - len(rows), whole=not rows))
            if rows:
                kept += [*block.head, *rows, *block.tail]
    said = note(cuts)
    if size([said, ""]) > min(room, NOTE_BYTES + 2):
        return kept
    return [*kept, said, ""]


def blocks_of(markdown: str, name: str = "") -> list[Block]:
    """A report of paragraphs, headings and tables as blocks: a heading belongs to what follows it."""
    blocks: list[Block] = []
    waiting: list[str] = []
    for part in markdown.strip("\n").split("\n\n"):
        lines = part.split("\n")
        if lines[0].startswith("#"):
            waiting += [*lines, ""]
        elif lines[0].startswith("|"):
            blocks.append(Block([*waiting, *lines[:2]], lines[2:], name=name))
            waiting = []
        else:
            blocks.append(Block([*waiting, *lines], name=name))
            waiting = []
    return [*blocks, Block(waiting[:-1], name=name)] if waiting else blocks


def _lines(block: Block) -> list[str]:
    return [*block.head, *block.rows, *block.tail]


def _rows(block: Block, room: int) -> list[str]:
    kept = []
    for row in block.rows:
        room -= size([row])
        if room < 0:
            break
        kept.append(row)
    return kept
