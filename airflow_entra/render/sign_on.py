"""The sign-on file: what airflow_entra_auth reads inside Airflow. No secret is in it."""

from __future__ import annotations

from typing import Any

from airflow_entra.escape.json_text import document
from airflow_entra.render.facts import Facts

SCHEMA = 1


def sign_on(facts: Facts) -> dict[str, Any]:
    """The file's content, keys in the file's order."""
    settings = facts.stack.settings
    others, external = settings.sign_in.guests, settings.sign_in.external_session
    return {
        "schema": SCHEMA,
        "stack": facts.stack.name,
        "environment": settings.environment,
        "tenantId": settings.tenant_id,
        "clientId": facts.client_id,
        "authority": facts.authority,
        "graph": facts.graph,
        "baseUrl": facts.airflow.url,
        "redirectUri": facts.airflow.redirect_uri,
        "rolesFrom": settings.sign_in.roles_from,
        "guests": others if isinstance(others, str) else {"tenants": sorted(others.tenants)},
        "airflowSession": facts.session,
        **({} if external is None else {"externalSession": int(external.total_seconds())}),
        "revocation": settings.sign_in.revocation,
        "contact": settings.sign_in.contact,
        "credential": dict(facts.credential),
        **({"watcher": dict(facts.watcher)} if facts.watcher else {}),
        "roles": {
            role: {"groups": list(groups), "dags": {pattern: list(given) for pattern, given in _dags(facts, role)}}
            for role, groups in facts.roles.items()
        },
    }


def sign_on_file(facts: Facts) -> str:
    """The file's text, in ASCII: no locale and no ConfigMap can spoil it."""
    return document(sign_on(facts), ascii_only=True)


def _dags(facts: Facts, role: str) -> Any:
    return facts.stack.settings.roles[role].dags.items()
