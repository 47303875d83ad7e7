"""What deciding a sign-in costs: claims to person and roles, with as many groups as a token holds and 50 rules."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable
from typing import Any

from airflow_entra_auth.claims import Admitted, decide
from airflow_entra_auth.rules import parse_rules

GROUPS = 200  # Entra puts no more into a token
ROLES = 50
GROUPS_PER_ROLE = 4
BAR = 50.0
"""Microseconds."""

TENANT = "7a0c8f5e-5f0e-4a63-9c29-4d4a5a0a6f01"
CLIENT = "1b2d6c1e-3c7f-4a55-8a4d-0d6b5a3b2c02"


def microseconds(rounds: int = 2_000) -> float:
    """The median of one `decide`, with every claim's text made anew as a token's parser makes it."""
    rules, claims, spent = parse_rules(document(), "bench"), token(range(0, ROLES, 2)), []
    for _ in range(rounds):
        fresh = _anew(claims)
        started = time.perf_counter_ns()
        found = decide(fresh, rules)
        spent.append(time.perf_counter_ns() - started)
        if not isinstance(found, Admitted) or len(found.roles) != ROLES // 2:
            raise AssertionError(f"the sign-in that is measured was decided wrongly: {found}")
    return statistics.median(spent) / 1_000


def _anew(value: Any) -> Any:
    """A copy whose strings have no hash yet: a token's groups come off the wire, not out of a cache."""
    if isinstance(value, str):
        return "".join(list(value))
    if isinstance(value, list):
        return [_anew(one) for one in value]
    return {key: _anew(one) for key, one in value.items()} if isinstance(value, dict) else value


def _id(number: int) -> str:
    return f"5f1e0000-0000-4000-8000-{number:012x}"


def name_of(role: int) -> str:
    return f"role-{role}"


def groups_of(role: int) -> list[str]:
    """The object ids of the groups behind a role."""
    return [_id(GROUPS_PER_ROLE * role + number) for number in range(GROUPS_PER_ROLE)]


def token(roles: Iterable[int]) -> dict[str, Any]:
    """The claims of somebody in one group of each of these roles, and in others that mean nothing here."""
    mine = [groups_of(role)[0] for role in roles]
    return {
        "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0",
        "aud": CLIENT,
        "tid": TENANT,
        "oid": _id(99_999),
        "ver": "2.0",
        "name": "Zoë Müller-Ångström",
        "preferred_username": "zoe@contoso.com",
        "email": "zoe.mueller@contoso.com",
        "acct": 0,
        "groups": mine + [_id(1_000 + number) for number in range(GROUPS - len(mine))],
    }


def document() -> dict[str, Any]:
    """The sign-on file."""
    roles = {
        name_of(role): {"groups": groups_of(role), "dags": {f"team{role}_*": ["read", "trigger"]}}
        for role in range(ROLES)
    }
    return {
        "schema": 1,
        "stack": "bench",
        "environment": "production",
        "tenantId": TENANT,
        "clientId": CLIENT,
        "authority": "https://login.microsoftonline.com",
        "graph": "https://graph.microsoft.com/v1.0",
        "baseUrl": "https://airflow.contoso.com",
        "redirectUri": "https://airflow.contoso.com/auth/oauth-authorized/azure",
        "rolesFrom": "securityGroups",
        "guests": "refuse",
        "airflowSession": 28_800,
        "revocation": "watch",
        "contact": None,
        "credential": {"mode": "environment", "variable": "AIRFLOW_ENTRACLIENT_SECRET"},
        "roles": roles,
    }
