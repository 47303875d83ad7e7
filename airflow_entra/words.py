"""Numbers in a sentence: "1 stack says", "2 stacks say". One thing and several are told apart here alone."""

from __future__ import annotations


def many(number: int, singular: str, plural: str = "") -> str:
    """ "1 file", "2 files", "1,000 files"; `plural` where it isn't the singular with an s."""
    return f"{number:,} {form(number, singular, plural or f'{singular}s')}"


def form(number: int, singular: str, plural: str) -> str:
    """The word for one thing, or the word for none or several: a verb such as "says" and "say"."""
    return singular if number == 1 else plural
