"""The front page and the health check."""

from html import escape

from entra_local.portal import models
from entra_local.service import Request
from entra_local.wire import Reply

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Local Entra tenant</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem}}
td{{padding:.1rem 1rem .1rem 0}}code{{background:#eee;padding:0 .2rem}}</style></head><body>
<h1>A local Microsoft Entra tenant</h1>
<p>It answers for <code>login.microsoftonline.com</code>, <code>graph.microsoft.com</code>,
<code>management.azure.com</code> and <code>*.vault.azure.net</code>, on this machine only.
Nothing here reaches Azure.</p>
{tenants}</body></html>
"""


def front_page(request: Request) -> Reply:
    sections = [
        f"<h2>{escape(tenant['displayName'])}</h2><p><code>{escape(tenant['id'])}</code> {escape(tenant['domain'])}</p>"
        + _table(tenant["counts"])
        for tenant in models.counts(request.store)
    ]
    sections.append("<h2>Azure</h2>" + _table(models.counts_everywhere(request.store)))
    page = _PAGE.format(tenants="\n".join(sections))
    return Reply(200, page, {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}, "text/html")


def health(request: Request) -> Reply:
    tenants = {tenant["id"]: tenant["counts"] for tenant in models.counts(request.store)}
    return Reply(200, {"status": "ok", "tenants": tenants, "azure": models.counts_everywhere(request.store)})


def _table(counts: dict[str, int]) -> str:
    rows = "".join(f"<tr><td>{escape(label)}</td><td>{number}</td></tr>" for label, number in counts.items())
    return f"<table>{rows}</table>"
