"""Text in a picture: how wide it gets at most, and its lines in a given room."""

from __future__ import annotations

import unicodedata
from itertools import accumulate

_NARROW = frozenset("iljI|'.,:;!")
_SLIM = frozenset('ftr()[]{}/\\-`" ')
_BROAD = frozenset("mwMW@%")
_BREAKS = frozenset(" -_./@,")
_BOLD = 1.1


def width(text: str, size: float, *, bold: bool = False) -> float:
    """An upper bound of the width of `text` in the usual sans-serif fonts (DejaVu and Verdana are the widest)."""
    return sum(map(_em, text)) * size * (_BOLD if bold else 1)


def lines(text: str, size: float, room: float, most: int, *, bold: bool = False) -> tuple[str, ...]:
    """`text` in at most `most` lines no wider than `room`; what doesn't fit is an ellipsis."""
    found: list[str] = []
    rest = text.strip()
    while rest and len(found) < most:
        fitting = _fitting(rest, size, room, bold)
        if fitting < len(rest):
            if len(found) == most - 1:
                found.append(_cut(rest, size, room, bold))
                break
            fitting = _at_a_break(rest, fitting)
        found.append(rest[:fitting].rstrip())
        rest = rest[fitting:].lstrip()
    return tuple(found)


def _fitting(text: str, size: float, room: float, bold: bool) -> int:
    """How many characters fit, one at least; what belongs to a character (an accent, an emoji's skin) stays with it."""
    scale = size * (_BOLD if bold else 1)
    fits = sum(so_far * scale <= room for so_far in accumulate(map(_em, text)))
    while 1 < fits < len(text) and (_belongs(text[fits]) or text[fits - 1] == "\u200d"):
        fits -= 1
    return max(fits, 1)


def _at_a_break(text: str, fitting: int) -> int:
    if text[fitting] == " ":
        return fitting
    at = next((at for at in range(fitting, fitting // 3, -1) if text[at - 1] in _BREAKS), 0)
    return at or fitting


def _cut(text: str, size: float, room: float, bold: bool) -> str:
    dots = width("…", size, bold=bold)
    return text[: _fitting(text, size, max(room - dots, 0), bold)].rstrip() + "…"


def _em(character: str) -> float:
    if character in _NARROW:
        return 0.42
    if character in _SLIM:
        return 0.48
    if character in _BROAD:
        return 1.02
    if character.isascii():
        return 0.66 if character.islower() or character.isdigit() or character in "_?*$" else 0.82
    if _belongs(character):
        return 0
    return 1.4 if ord(character) > 0xFFFF else 1.1


def _belongs(character: str) -> bool:
    return unicodedata.combining(character) > 0 or character in "\u200b\u200c\u200d\ufe0e\ufe0f"
