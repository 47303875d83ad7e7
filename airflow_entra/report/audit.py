"""An audit as text and Markdown for people, CSV and JSON for programs; audit_html is the page for an auditor."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from io import StringIO
from typing import Literal

from rich.markup import escape
from rich.table import Table as RichTable

from airflow_entra.audit.audit import Audit
from airflow_entra.audit.checks.check import SEVERITIES
from airflow_entra.report.audit_tables import Table, not_seen, tables
from airflow_entra.report.text import aligned, cell, markdown_table, whole

Format = Literal["text", "markdown", "csv", "json", "html"]
SHOWN = 50
"""Rows of a table in text and Markdown; the other formats have all of them."""


def render(audit: Audit, form: Format, table: str = "access") -> str:
    """The result for standard output, with its last newline. CSV has one `table`."""
    if form == "html":
        from airflow_entra.report.audit_html import page

        return page(audit)
    if form == "csv":
        return csv_text(next(one for one in tables(audit) if one.name == table))
    return {"text": _text, "markdown": _markdown, "json": _json}[form](audit)


def conclusion(audit: Audit) -> str:
    """One line: how it stands."""
    admitted = sum(one.refused is None for one in audit.standings)
    counts = [(severity, sum(one.severity == severity for _, one in audit.findings())) for severity in SEVERITIES]
    said = ", ".join(f"{count} {severity}" for severity, count in counts if count) or "none"
    skipped = sum(result.skipped is not None for result in audit.results)
    more = f"; {skipped} of {len(audit.results)} checks not looked at" if skipped else ""
    people = "1 person" if admitted == 1 else f"{admitted} people"
    drifted = "" if audit.drift is None else f"; {_counted(len(audit.drift))} from the stack file"
    return f"Stack {audit.stack}: {people} may sign in; findings: {said}{drifted}{more}."


def _counted(differences: int) -> str:
    return {0: "no difference", 1: "1 difference"}.get(differences, f"{differences} differences")


def _text(audit: Audit) -> str:
    parts = [conclusion(audit), ""]
    for one in tables(audit):
        parts += [one.title, *(_aligned(one) if one.rows else [f"  {one.empty}"]), *_more(one), ""]
    parts += [f"Not seen: {whole(what)}" for what in not_seen(audit)]
    return "\n".join(parts).rstrip() + "\n"


def _aligned(table: Table) -> list[str]:
    drawn = RichTable(*table.columns, box=None, pad_edge=False)
    for row in table.rows[:SHOWN]:
        drawn.add_row(*(escape(whole(text)) for text in row))
    return [f"  {line}" for line in aligned(drawn).split("\n")]


def _more(table: Table) -> Iterator[str]:
    if len(table.rows) > SHOWN:
        yield f"  and {len(table.rows) - SHOWN} more: --format csv --table {table.name}, or json or html"


def _markdown(audit: Audit) -> str:
    lines = [f"### {cell(conclusion(audit))}", ""]
    for one in tables(audit):
        lines += [f"#### {one.title}", ""]
        shown = (tuple(cell(whole(text)) for text in row) for row in one.rows[:SHOWN])
        lines += markdown_table(one.columns, shown) if one.rows else [one.empty]
        lines += [*_more(one), ""]
    lines += [f"Not seen: {cell(whole(what))}  " for what in not_seen(audit)]
    return "\n".join(lines).rstrip() + "\n"


def csv_text(table: Table) -> str:
    """One table, with nothing in it that a spreadsheet would take for a formula."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([_harmless(whole(value)) for value in row] for row in table.rows)
    return text.getvalue()


def _harmless(value: str) -> str:
    """A spreadsheet takes a cell that begins so for a formula: https://owasp.org/www-community/attacks/CSV_Injection."""
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _json(audit: Audit) -> str:
    body = {
        "stack": audit.stack,
        "environment": audit.environment,
        "tenantId": audit.tenant_id,
        "clientId": audit.client_id,
        "at": audit.at.isoformat(timespec="seconds"),
        "since": audit.since.isoformat(timespec="seconds"),
        "conclusion": conclusion(audit),
        "notSeen": list(not_seen(audit)),
        **{table.name: [dict(zip(_keys(table), row, strict=True)) for row in table.rows] for table in tables(audit)},
    }
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"


def _keys(table: Table) -> list[str]:
    words = [column.replace("-", " ").split() for column in table.columns]
    return [first.lower() + "".join(word.capitalize() for word in rest) for first, *rest in words]
