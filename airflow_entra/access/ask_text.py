"""One thing asked of others as Markdown: the same words wherever it is asked."""

from __future__ import annotations

from airflow_entra.access.requests import Ask, Call
from airflow_entra.escape.json_text import json_text
from airflow_entra.escape.markdown import fenced, text


def ask_as_markdown(ask: Ask, number: int) -> list[str]:
    """Its lines, with a heading of the third level."""
    lines = [f"### {number}. {text(ask.title)}", "", f"Why: {text(ask.why)}", ""]
    lines += [*(f"- {text(point)}" for point in ask.points), ""] if ask.points else []
    lines += [f"Permission: {text(ask.permission)}.", ""]
    for call in ask.calls:
        lines += fenced(_request(call), "http")
    return [*lines, "", text(ask.afterwards)] if ask.afterwards else lines


def _request(call: Call) -> list[str]:
    body = [] if call.body is None else ["Content-Type: application/json", "", json_text(call.body, indent=2)]
    return [f"{call.method} {call.url}", *body]
