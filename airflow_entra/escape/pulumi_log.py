"""Foreign text in what a Pulumi program says: the engine prints it, and reads its own marks for colours in it."""

from __future__ import annotations

from airflow_entra.escape.terminal import kept

MARK = "<{%"
"""What begins a colour. The engine ends in a panic at one that it doesn't know, and leaves out what follows one that
isn't closed: github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors."""


def said(text: str) -> str:
    """`text` for pulumi.log and for RunError; a blank of no width parts what would begin a colour."""
    return kept(text).replace(MARK, "<\u200b{%")
