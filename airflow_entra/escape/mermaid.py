"""Foreign text in a Mermaid chart."""

from __future__ import annotations

import re

_READ_INTO = re.compile(r"(\\(?=n)|\$(?=\$)|:(?=fa-)|\ufb02(?=\xb0)|\xb6(?=\xdf))")
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ,/")


def label(text: str) -> str:
    """`text` in Mermaid's numeric character codes but for letters, digits, blanks and what joins them as in a-b.c_d.

    So it can't end the label, begin a keyword, a directive or a list, be read as Markdown or HTML, or end the block of
    Markdown around it. What Mermaid would still read something into once the codes are resolved (a line break, a
    formula, an icon, its own codes) is parted by a blank of no width.
    """
    text = _READ_INTO.sub("\\1\u200b", text)
    return "".join(
        one if one in _PLAIN or _harmless(one) or _joins(text, at) else f"#{ord(one)};" for at, one in enumerate(text)
    )


def _harmless(character: str) -> bool:
    return ord(character) > 0x17F and character.isalnum() and not "\ufb00" <= character <= "\ufb06"


def _joins(text: str, at: int) -> bool:
    around = text[max(at - 1, 0) : at] + text[at + 1 : at + 2]
    return text[at] in "-._" and len(around) == 2 and around.isascii() and around.isalnum()
