"""The tenant's own policies, compared with a stack before anything is made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_entra.access.tenant_rules import TenantSays, refusals
from airflow_entra.finding import Finding
from airflow_entra.settings.model import StackSettings
from tests.access.pipelines import stack

NOW = datetime(2026, 12, 1, tzinfo=UTC)
EARLIER = datetime(2020, 1, 1, tzinfo=UTC)
CERTIFICATE: dict[str, Any] = {"mode": "certificate", "file": "airflow.pem"}


def found(settings: StackSettings, says: TenantSays, certificate: timedelta | None = None) -> list[Finding]:
    return list(refusals(settings, says, NOW, certificate))


def management(kind: str, of: str = "passwordCredentials", enabled: bool = True, **more: Any) -> dict[str, Any]:
    """https://learn.microsoft.com/graph/api/resources/tenantappmanagementpolicy"""
    restriction = {"restrictionType": kind, "state": "enabled", "restrictForAppsCreatedAfterDateTime": None} | more
    return {"isEnabled": enabled, "applicationRestrictions": {"passwordCredentials": [], of: [restriction]}}


def test_a_tenant_that_allows_no_secrets_is_told_before_one_is_made() -> None:
    (said,) = found(stack(), TenantSays(app_management=management("passwordAddition")))
    assert (said.severity, said.id) == ("error", "needs/no-secrets-allowed")
    assert "credential.mode: federated" in said.right


@pytest.mark.parametrize(
    "policy",
    [
        management("passwordAddition", enabled=False),
        management("passwordAddition", state="disabled"),
        management("passwordAddition", restrictForAppsCreatedAfterDateTime="2027-01-01T00:00:00Z"),
        management("passwordAddition", excludeActors={"customSecurityAttributes": []} | {"x": 1}),
        management("customPasswordAddition"),
        management("symmetricKeyAddition"),
        management("passwordLifetime", maxLifetime="P180D"),
        management("passwordLifetime", maxLifetime="P1Y"),
        management("passwordLifetime", maxLifetime=None),
        {},
    ],
    ids=["off", "disabled", "later", "with exceptions", "custom", "symmetric", "long", "a year", "unsaid", "empty"],
)
def test_what_does_not_count_stops_nothing(policy: dict[str, Any]) -> None:
    assert found(stack(), TenantSays(app_management=policy)) == []


@pytest.mark.parametrize(("most", "write"), [("P30D", "rotateEvery: 23d"), ("P4DT12H30M5S", "a shorter rotateEvery")])
def test_a_cap_below_the_secrets_lifetime_is_told_with_what_fits(most: str, write: str) -> None:
    policy = management("passwordLifetime", maxLifetime=most)
    (said,) = found(stack(), TenantSays(app_management=policy))
    assert (said.severity, said.id) == ("error", "needs/secret-lifetime")
    assert "would live 97d" in said.what
    assert write in said.fix


def test_of_an_application_that_is_there_the_next_rotation_is_refused() -> None:
    says = TenantSays(app_management=management("passwordAddition"), made=EARLIER)
    (said,) = found(stack(), says)
    assert said.severity == "warning"
    assert "next rotation is refused" in said.what
    later = management("passwordAddition", restrictForAppsCreatedAfterDateTime="2024-01-01T00:00:00Z")
    assert found(stack(), TenantSays(app_management=later, made=EARLIER)) == []


def test_a_certificate_is_compared_with_its_own_cap() -> None:
    policy = management("asymmetricKeyLifetime", of="keyCredentials", maxLifetime="P90D")
    settings = stack(credential=CERTIFICATE)
    (said,) = found(settings, TenantSays(app_management=policy), timedelta(days=180))
    assert (said.severity, said.id) == ("error", "needs/certificate-lifetime")
    assert found(settings, TenantSays(app_management=policy), timedelta(days=90)) == []
    assert found(stack(), TenantSays(app_management=policy)) == []


FREQUENCY: dict[str, Any] = {"signIn.tokenLifetime": None, "signIn.signInFrequency": "8h"}


def test_security_defaults_refuse_a_conditional_access_policy() -> None:
    managed = stack(manage={"conditionalAccess": "managed"}, **FREQUENCY)
    (said,) = found(managed, TenantSays(security_defaults={"isEnabled": True}))
    assert (said.severity, said.id) == ("error", "needs/security-defaults")
    assert found(managed, TenantSays(security_defaults={"isEnabled": False})) == []
    left = stack(manage={"conditionalAccess": "request"}, **FREQUENCY)
    assert found(left, TenantSays(security_defaults={"isEnabled": True})) == []


def test_the_organisations_default_wins_and_is_told() -> None:
    policies = [
        {"displayName": "ours", "isOrganizationDefault": False},
        {"displayName": "all", "isOrganizationDefault": True},
    ]
    (said,) = found(stack(), TenantSays(lifetime_policies={"value": policies}))
    assert said.severity == "warning"
    assert "'all' wins over it" in said.what
    assert found(stack(), TenantSays(lifetime_policies={"value": policies[:1]})) == []


@pytest.mark.parametrize(("granted", "told"), [([], True), (["ManagePermissionGrantsForSelf.low"], False)])
def test_nobody_signs_in_where_nobody_may_consent(granted: list[str], told: bool) -> None:
    open_to_all: dict[str, Any] = {"signIn.rolesFrom": "securityGroups", "signIn.assignmentRequired": False}
    settings = stack(manage={"consent": "none"}, **open_to_all)
    says = TenantSays(authorization={"defaultUserRolePermissions": {"permissionGrantPoliciesAssigned": granted}})
    assert [one.id for one in found(settings, says)] == (["needs/nobody-may-consent"] if told else [])


def test_a_person_without_a_role_makes_what_the_tenant_lets_people_make() -> None:
    says = TenantSays(
        authorization={
            "defaultUserRolePermissions": {"allowedToCreateApps": False, "allowedToCreateSecurityGroups": False}
        }
    )
    told = [str(one.id) for one in refusals(stack(), says, NOW, None, ordinary=True)]
    assert told == ["needs/ordinary-person"] * 2
    left = stack(manage={"groups": "request"})
    assert len(list(refusals(left, says, NOW, None, ordinary=True))) == 1
    assert found(stack(), says) == []
    assert list(refusals(stack(), TenantSays(), NOW, None, ordinary=True)) == []


def test_what_is_not_known_stops_nothing() -> None:
    assert found(stack(), TenantSays()) == []
    assert found(stack(credential=CERTIFICATE), TenantSays(), None) == []
