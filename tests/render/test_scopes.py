"""What Airflow asks for is what the application may: one scope more would refuse every sign-in."""

from __future__ import annotations

import pytest

from airflow_entra.render.sign_on import sign_on
from airflow_entra_auth.rules import parse_rules, scopes
from tests.render.stacks import known


@pytest.mark.parametrize("revocation", ["watch", "refresh"])
@pytest.mark.parametrize("roles_from", ["appRoles", "assignedGroups", "securityGroups"])
def test_airflow_asks_for_exactly_what_is_consented_to(roles_from: str, revocation: str) -> None:
    facts = known(rolesFrom=roles_from, revocation=revocation)
    rules = parse_rules(sign_on(facts), "rendered")
    assert set(scopes(rules.roles_from, rules.revocation)) == set(facts.scopes)
    assert ("offline_access" in facts.scopes) == (revocation == "refresh")
