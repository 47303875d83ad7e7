"""An audit as text and Markdown for people, CSV and JSON for programs; audit_html is the page for an auditor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from airflow_entra.audit.audit import Audit
from airflow_entra.audit.population import PopulationJson, moment, night_as_json
from airflow_entra.audit.population import as_json as event_as_json
from airflow_entra.escape import markdown, terminal
from airflow_entra.escape.json_text import document
from airflow_entra.escape.markdown import text
from airflow_entra.escape.spreadsheet import csv_text
from airflow_entra.escape.terminal import line
from airflow_entra.report.audit_html import page
from airflow_entra.report.audit_tables import FINDINGS, Table, conclusion, not_seen, tables
from airflow_entra.report.findings import as_json, as_markdown, as_text

Format = Literal["text", "markdown", "csv", "json", "html"]
SHOWN = 50
"""Rows of a table in text and Markdown; the other formats have all of them."""


def render(audit: Audit, form: Format, table: str = "access", width: int | None = None) -> str:
    """The result for standard output, with its last newline. CSV has one `table`."""
    if form == "html":
        return page(audit)
    if form == "csv":
        chosen = next(one for one in tables(audit) if one.name == table)
        return csv_text(chosen.columns, chosen.rows)
    if form == "text":
        return _text(audit, width)
    return _markdown(audit) if form == "markdown" else _json(audit)


def _text(audit: Audit, width: int | None) -> str:
    parts = [line(conclusion(audit)), ""]
    for one in tables(audit):
        findings = as_text(audit.findings[:SHOWN], width).splitlines()
        told = findings if one.name == FINDINGS else _aligned(one, width)
        parts += [one.title, *(told if one.rows else [f"  {one.empty}"]), *_more(one), ""]
    parts += [f"Not seen: {line(what)}" for what in not_seen(audit)]
    return "\n".join(parts).rstrip() + "\n"


def _aligned(table: Table, width: int | None) -> list[str]:
    room = width and width - 2
    return [f"  {row}" if row else "" for row in terminal.table(table.columns, table.rows[:SHOWN], room).split("\n")]


def _more(table: Table) -> Iterator[str]:
    if len(table.rows) > SHOWN:
        yield f"  and {len(table.rows) - SHOWN} more: --format csv --table {table.name}, or json or html"


def _markdown(audit: Audit) -> str:
    lines = [f"### {text(conclusion(audit))}", ""]
    for one in tables(audit):
        lines += [f"#### {one.title}", ""]
        if one.name == FINDINGS and one.rows:
            lines += as_markdown(audit.findings[:SHOWN])
        else:
            shown = (tuple(map(text, row)) for row in one.rows[:SHOWN])
            lines += markdown.table(one.columns, shown) if one.rows else [one.empty]
        lines += [*_more(one), ""]
    lines += [f"Not seen: {text(what)}  " for what in not_seen(audit)]
    return "\n".join(lines).rstrip() + "\n"


def _json(audit: Audit) -> str:
    body = {
        "stack": audit.stack,
        "environment": audit.environment,
        "tenantId": audit.tenant_id,
        "clientId": audit.client_id,
        "at": audit.at.isoformat(timespec="milliseconds"),
        "conclusion": conclusion(audit),
        "takenAway": audit.taken_away,
        "notSeen": list(not_seen(audit)),
        **{table.name: [dict(zip(_keys(table), row, strict=True)) for row in table.rows] for table in tables(audit)},
        FINDINGS: list(map(as_json, audit.findings)),
        **population(audit),
    }
    return document(body)


def population(audit: Audit) -> PopulationJson:
    """What happened in a period, and how complete that is: docs/population.schema.json."""
    until = audit.until or audit.at
    return {
        "since": moment(audit.since),
        "until": moment(until),
        "population": [event_as_json(event) for event in audit.events],
        "nights": None if audit.nights is None else [night_as_json(night) for night in audit.nights],
    }


def _keys(table: Table) -> list[str]:
    words = [column.replace("-", " ").split() for column in table.columns]
    return [first.lower() + "".join(word.capitalize() for word in rest) for first, *rest in words]
