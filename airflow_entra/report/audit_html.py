"""An audit as one HTML file: no request leaves it, its tables can be sorted, and it prints well."""

from __future__ import annotations

from dataclasses import replace

from airflow_entra.audit.audit import Audit
from airflow_entra.escape.markup import pages
from airflow_entra.finding import SEVERITIES
from airflow_entra.report.audit_tables import Table, conclusion, not_seen, tables


def page(audit: Audit) -> str:
    """The whole file. What the directory or Airflow said can only be text in it."""
    template = pages("airflow_entra.report").get_template("audit.html.j2")
    return template.render(
        audit=audit,
        conclusion=conclusion(audit),
        tables=[_narrower(table) for table in tables(audit)],
        not_seen=list(not_seen(audit)),
        severities=SEVERITIES,
    )


_WIDE = 12
"""Columns that a page and a sheet of paper have room for."""


def _narrower(table: Table) -> Table:
    """A table that is too wide, without the columns in which no row says anything."""
    if len(table.columns) <= _WIDE or not table.rows:
        return table
    kept = [number for number in range(len(table.columns)) if any(row[number] for row in table.rows)]
    columns = tuple(table.columns[number] for number in kept)
    return replace(table, columns=columns, rows=[tuple(row[number] for number in kept) for row in table.rows])
