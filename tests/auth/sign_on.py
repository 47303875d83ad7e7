"""A sign-on file as `airflow-entra render` writes it, for tests to change."""

from __future__ import annotations

from typing import Any

from airflow_entra_auth.rules import SignOnRules, parse_rules

TENANT = "7a0c8f5e-5f0e-4a63-9c29-4d4a5a0a6f01"
CLIENT = "1b2d6c1e-3c7f-4a55-8a4d-0d6b5a3b2c02"
OTHER_TENANT = "8b1d9a6f-6a1f-4b74-8d3a-5e5b6b1b7a12"
PERSON = "c0ffee00-1111-4222-8333-444455556666"
GROUPS = tuple(f"5f1e0000-0000-4000-8000-{number:012x}" for number in range(1, 4))


def document(**changes: Any) -> dict[str, Any]:
    """The JSON of a sign-on file."""
    return {
        "schema": 1,
        "stack": "prod",
        "environment": "production",
        "tenantId": TENANT,
        "clientId": CLIENT,
        "authority": "https://login.microsoftonline.com",
        "graph": "https://graph.microsoft.com/v1.0",
        "baseUrl": "https://airflow.contoso.com",
        "redirectUri": "https://airflow.contoso.com/auth/oauth-authorized/azure",
        "rolesFrom": "appRoles",
        "guests": "refuse",
        "airflowSession": 28800,
        "revocation": "watch",
        "contact": "data-platform@contoso.com",
        "credential": {"mode": "environment", "variable": "AIRFLOW_ENTRA_CLIENT_SECRET"},
        "roles": {
            "Admin": {"groups": [GROUPS[0]], "dags": {}},
            "Viewer": {"groups": [GROUPS[1], GROUPS[0]], "dags": {}},
            "finance-editor": {"groups": [GROUPS[2]], "dags": {"finance_*": ["read", "trigger", "edit"]}},
        },
    } | changes


def rules(**changes: Any) -> SignOnRules:
    return parse_rules(document(**changes), "sign-on.json")


def claims(**changes: Any) -> dict[str, Any]:
    """An ID token's claims; a change to None takes the claim away."""
    token = {
        "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0",
        "aud": CLIENT,
        "tid": TENANT,
        "oid": PERSON,
        "sub": "pairwise",
        "ver": "2.0",
        "name": "Jane Doe",
        "preferred_username": "jane@contoso.com",
        "email": "jane.doe@contoso.com",
        "acct": 0,
        "exp": 2_000_000_000,
    } | changes
    return {claim: value for claim, value in token.items() if value is not None}
