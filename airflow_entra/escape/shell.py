"""Foreign text in a command that somebody will paste into a shell."""

from __future__ import annotations

import shlex

from airflow_entra.escape.terminal import row


def word(text: str) -> str:
    """`text` as one word for sh and bash. What would command the terminal that it is pasted into is left out."""
    return shlex.quote(row(text))
