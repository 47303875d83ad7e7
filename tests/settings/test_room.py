"""What fits into one application: app roles and redirect URIs share a limit, and its last entry is still allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_entra.settings import limits, load
from airflow_entra.settings.checks import findings
from airflow_entra.settings.model import StackSettings

DATA = Path(__file__).parent / "data" / "good"


def settings_with(roles: int, roles_from: str, airflows: int = 1) -> StackSettings:
    """The least stack file's settings with so many roles and Airflows."""
    least = load(DATA / "least.yaml")
    role = next(iter(least.roles.values()))
    sign_in = least.sign_in.model_copy(update={"roles_from": roles_from})
    many = {f"role-{number:04}": role.model_copy(update={"dags": {"x": ["read"]}}) for number in range(roles)}
    return least.model_copy(update={"roles": many, "sign_in": sign_in, "airflow": least.airflow[:1] * airflows})


def said(settings: StackSettings) -> list[str]:
    return [str(finding) for finding in findings(settings, None) if finding.id == "access/manifest-has-room"]


@pytest.mark.parametrize(("roles", "airflows"), [(1199, 1), (1190, 10)])
def test_the_last_entry_fits(roles: int, airflows: int) -> None:
    assert roles + airflows == limits.MANIFEST_ENTRIES
    assert said(settings_with(roles, "appRoles", airflows)) == []


@pytest.mark.parametrize(("roles", "airflows"), [(1200, 1), (1190, 11)])
def test_one_more_does_not(roles: int, airflows: int) -> None:
    (line,) = said(settings_with(roles, "appRoles", airflows))
    assert "1201 app roles and redirect URIs don't fit into one application" in line
    assert "Entra stores 1200 entries" in line
    assert line.endswith("write rolesFrom: assignedGroups, or split the stack")


@pytest.mark.parametrize("roles_from", ["assignedGroups", "securityGroups"])
def test_roles_that_come_from_groups_take_no_room(roles_from: str) -> None:
    assert said(settings_with(1300, roles_from)) == []


def test_the_finding_is_at_the_roles() -> None:
    (finding,) = [
        found for found in findings(settings_with(1200, "appRoles"), None) if found.id == "access/manifest-has-room"
    ]
    assert finding.where.loc == ("config", "airflow-entra:roles")  # type: ignore[union-attr]
    assert finding.severity == "error"
