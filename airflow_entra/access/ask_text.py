"""One thing asked of others as Markdown: the same words wherever it is asked."""

from __future__ import annotations

import json

from airflow_entra.access.requests import Ask


def ask_as_markdown(ask: Ask, number: int) -> list[str]:
    """Its lines, with a heading of the third level."""
    lines = [f"### {number}. {ask.title}", "", f"Why: {ask.why}", "", f"Permission: {ask.permission}.", ""]
    for call in ask.calls:
        body = [] if call.body is None else ["Content-Type: application/json", "", json.dumps(call.body, indent=2)]
        lines += ["```http", f"{call.method} {call.url}", *body, "```"]
    return [*lines, "", ask.afterwards] if ask.afterwards else lines
