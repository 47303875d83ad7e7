"""Writes docs/entra-answers.md, from the package's own table: `python -m tests.auth.answers_page`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from airflow_entra_auth.watch.answers import ANSWERS, WHAT_FOLLOWS, About

_TITLES: dict[About, str] = {
    "person": "About the person",
    "application": "About the application that people sign in to",
    "policy": "About the place that asks",
    "session": "About this sign-in alone",
    "doubt": "Not clear whom it is about",
    "silence": "About nobody",
}
_HEAD = """# What Entra's answers do

<!-- Written by `make docs` from airflow_entra_auth/watch/answers.py. -->

With `revocation: refresh` the watcher redeems each live session's refresh token every five minutes, and a sign-in does
so once before its session begins. Where Entra gives no tokens, the AADSTS number in its answer says what follows.
Numbers and names are Microsoft's
([reference](https://learn.microsoft.com/entra/identity-platform/reference-error-codes)).

- An answer with status 429 or 5xx, one that isn't OAuth's JSON, and no answer are silence, whatever else they hold.
- A refusal whose number isn't here is treated as one that isn't clear: it may end one session, and never everybody's.
- At the sign-in every refusal keeps the person out, with a page that says why; silence keeps nobody out."""


def page() -> str:
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _HEAD
    for about, title in _TITLES.items():
        yield ""
        yield f"## {title}"
        yield ""
        yield f"{WHAT_FOLLOWS[about][0].upper()}{WHAT_FOLLOWS[about][1:]}."
        yield ""
        yield "| number | Microsoft's name | because |"
        yield "|---|---|---|"
        for number, answer in sorted(ANSWERS.items(), key=lambda pair: str(pair[0])):
            if answer.about == about:
                yield f"| {number} | {answer.name} | {answer.because} |"


if __name__ == "__main__":
    sys.stdout.write(page())
