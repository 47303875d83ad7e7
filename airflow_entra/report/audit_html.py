"""An audit as one HTML file: no request leaves it, its tables can be sorted, and it prints well."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from airflow_entra.audit.audit import Audit
from airflow_entra.report.audit_tables import not_seen, tables


def page(audit: Audit) -> str:
    """The whole file. What the directory or Airflow said can only be text in it."""
    from airflow_entra.report.audit import conclusion

    environment = Environment(
        loader=PackageLoader("airflow_entra.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    template = environment.get_template("audit.html.j2")
    return template.render(
        audit=audit, conclusion=conclusion(audit), tables=tables(audit), not_seen=list(not_seen(audit))
    )
