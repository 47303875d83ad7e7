"""The comparison before a deployment: what it asks, and what stops."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from airflow_entra import variables
from airflow_entra.access import DeclaredStack
from airflow_entra.access.azure_needs import Allowed
from airflow_entra.access.held import Held
from airflow_entra.components.comparing import Compared, compared
from airflow_entra.directory.tenant import Denied
from airflow_entra.settings import load
from airflow_entra_auth.graph import GraphError
from tests.components.harness import FakeTenant

STACKS = Path(__file__).parents[2] / "stacks"
BLOCKED = {
    "isEnabled": True,
    "applicationRestrictions": {"passwordCredentials": [{"restrictionType": "passwordAddition"}]},
}


@dataclass
class Asked(FakeTenant):
    """`roles` are the identity's permissions in Graph; None where its token says nothing."""

    roles: tuple[str, ...] | None = None
    policies: dict[str, Any] = field(default_factory=dict)
    azure: Any = None

    def identity(self) -> Held | None:
        return None if self.roles is None else Held("deploy", "id", False, frozenset(self.roles), False)

    def policy(self, name: str) -> Any:
        self.asked.append(name)
        return self.policies.get(name, Denied(name))

    def allowed_at(self, scope: str) -> Any:
        return super().allowed_at(scope) if self.azure is None else self.azure


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (variables.NEEDS, variables.READ_ONLY):
        monkeypatch.delenv(name, raising=False)
    shutil.copytree(STACKS, tmp_path / "stacks")
    return tmp_path / "stacks" / "Pulumi.local.yaml"


def of(file: Path, tenant: Asked) -> Compared:
    return compared(DeclaredStack("local", load(file)), file, tenant)  # type: ignore[arg-type]


def test_what_is_proven_to_be_missing_stops_with_its_line(file: Path) -> None:
    found = of(file, Asked(roles=("Application.ReadWrite.OwnedBy",)))
    assert found.lacking is not None
    said = str(found.lacking)
    assert said.startswith(f"{file}:")
    assert "manage.groups is managed, but the identity that deploys (deploy, object id id) lacks" in said
    assert said.endswith(f"{variables.NEEDS}=tell this is said, and the run goes on")


def test_what_nobody_can_tell_stops_nothing_and_is_named(file: Path) -> None:
    found = of(file, Asked())
    assert (found.lacking, found.warnings) == (None, ())
    unknown = " ".join(found.unknown)
    for what in (
        "its token doesn't say",
        "resourceGroups/rg-airflow-local",
        "Azure Policy",
        "defaultAppManagementPolicy",
    ):
        assert what in unknown


def test_whatever_else_a_look_is_answered_with_stops_nothing(file: Path) -> None:
    class Odd(Asked):
        def azure_policy(self, group: str, resource: Any) -> Any:
            raise GraphError("POST", group, 409, "MissingSubscriptionRegistration", "not registered", "")

    assert "Azure Policy" in of(file, Odd()).unknown


@pytest.mark.parametrize(("name", "value"), [(variables.READ_ONLY, "true"), (variables.NEEDS, "no")])
def test_who_deploys_nothing_compares_nothing(
    file: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    tenant = Asked(roles=())
    assert of(file, tenant) == Compared()
    assert tenant.asked == []


def test_somebody_who_knows_better_is_told_and_goes_on(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variables.NEEDS, "tell")
    found = of(file, Asked(roles=("Application.ReadWrite.OwnedBy",)))
    assert found.lacking is None
    assert any("manage.groups is managed, but" in warning for warning in found.warnings)
    assert str(file) not in "".join(found.warnings)


def test_a_policy_of_the_tenant_stops_and_a_default_is_told(file: Path) -> None:
    lifetimes = {"value": [{"displayName": "all", "isOrganizationDefault": True}]}
    policies = {"defaultAppManagementPolicy": BLOCKED, "tokenLifetimePolicies": lifetimes}
    found = of(file, Asked(policies=policies))
    assert found.lacking is not None
    assert "allows no client secrets" in str(found.lacking)
    assert any("'all' wins over it" in warning for warning in found.warnings)


def test_an_identity_that_may_read_no_policy_is_not_sent_to_ask(file: Path) -> None:
    tenant = Asked(roles=("Application.ReadWrite.OwnedBy",))
    of(file, tenant)
    assert tenant.asked == []


def test_a_role_of_azure_is_compared_where_it_may_be_read(file: Path) -> None:
    found = of(file, Asked(azure=(Allowed(("*/read",), ()),)))
    assert found.lacking is not None
    assert "allows Microsoft.KeyVault/vaults/write" in str(found.lacking)
    assert of(file, Asked(azure=(Allowed(("*",), ()),))).lacking is None
