"""The rules that Airflow decides by, from the stack file: what is said here with them is what Airflow does."""

from __future__ import annotations

from collections.abc import Mapping

from airflow_entra.access.airflow_urls import urls
from airflow_entra.access.stack import DeclaredStack
from airflow_entra_auth.azure import GRAPH_V1, LOGIN
from airflow_entra_auth.rules import EnvironmentSecret, RoleRule, SignOnRules

ANYBODY = "00000000-0000-4000-8000-000000000000"
"""An object id of no person, tenant or application: for questions about a group, whoever is in it."""


def rules(stack: DeclaredStack, client_id: str, ids: Mapping[str, str]) -> SignOnRules:
    """The stack file's rules as Airflow reads them; `ids` are the object ids of the plan's groups by key."""
    settings = stack.settings
    others, external = settings.sign_in.guests, settings.sign_in.external_session
    airflow = urls(settings.airflow[0].version, settings.airflow[0].url)
    roles = {
        name: RoleRule(
            name,
            tuple(ids[key].lower() for key in keys if key in ids),
            {pattern: tuple(actions) for pattern, actions in settings.roles[name].dags.items()},
        )
        for name, keys in stack.plan.roles.items()
    }
    return SignOnRules(
        stack=stack.name,
        environment=settings.environment,
        tenant_id=settings.tenant_id.lower(),
        client_id=client_id.lower(),
        authority=LOGIN,
        graph=GRAPH_V1,
        base_url=airflow.url,
        redirect_uri=airflow.redirect_uri,
        roles_from=settings.sign_in.roles_from,
        guests=others if isinstance(others, str) else "tenants",
        airflow_session=int(settings.sign_in.airflow_session.total_seconds()),
        revocation=settings.sign_in.revocation,
        contact=settings.sign_in.contact,
        credential=EnvironmentSecret(""),  # nobody signs in with these rules
        roles=roles,
        home_tenants=frozenset() if isinstance(others, str) else frozenset(map(str.lower, others.tenants)),
        external_session=None if external is None else int(external.total_seconds()),
    )
