"""An audit as one HTML file: no request leaves it, its tables can be sorted, and it prints well."""

from __future__ import annotations

from airflow_entra.audit.audit import Audit
from airflow_entra.escape.markup import pages
from airflow_entra.finding import SEVERITIES
from airflow_entra.report.audit_tables import conclusion, not_seen, tables


def page(audit: Audit) -> str:
    """The whole file. What the directory or Airflow said can only be text in it."""
    template = pages("airflow_entra.report").get_template("audit.html.j2")
    return template.render(
        audit=audit,
        conclusion=conclusion(audit),
        tables=tables(audit),
        not_seen=list(not_seen(audit)),
        severities=SEVERITIES,
    )
