"""The two ways to bound a sign-in: a token lifetime policy, or a sign-in frequency."""

from __future__ import annotations

from typing import Any

import pytest

from tests.components.harness import Deploy


def test_a_token_lifetime_is_a_policy_and_its_assignment(deploy: Deploy) -> None:
    deployed = deploy({"signIn.tokenLifetime": "1h30m"})
    policy = deployed.one("TokenLifetimePolicy").inputs
    assert (policy["displayName"], policy["lifetime"]) == ("Airflow token lifetime (dev)", "01:30:00")
    assert "existing" not in policy
    assert deployed.one("TokenLifetimeAssignment").inputs["application"] == "application-object-id"
    assert deployed.all("ConditionalAccessPolicy") == []


def test_nothing_the_dynamic_provider_is_given_is_a_secret(deploy: Deploy) -> None:
    deployed = deploy()
    told = deployed.one("TokenLifetimePolicy").inputs | deployed.one("TokenLifetimeAssignment").inputs
    assert set(told) == {"tenantId", "displayName", "lifetime", "application", "policy", "__provider"}


@pytest.mark.parametrize(("frequency", "value", "period"), [("8h", 8, "hours"), ("2d", 2, "days"), ("48h", 2, "days")])
def test_a_sign_in_frequency_rules_this_application_alone(
    deploy: Deploy, frequency: str, value: int, period: str
) -> None:
    changes: dict[str, Any] = {
        "signIn.tokenLifetime": None,
        "signIn.signInFrequency": frequency,
        "tenant.manage.conditionalAccess": "managed",
    }
    declared = deploy(changes).one("ConditionalAccessPolicy")
    assert "service-principal" in declared.depends_on, "Entra refuses the policy before there is one (1034)"
    policy = declared.inputs
    assert policy["displayName"] == "Airflow sign-in (dev)"
    assert policy["conditions"]["applications"] == {"includedApplications": ["client-id"]}
    controls = policy["sessionControls"]
    assert (controls["signInFrequency"], controls["signInFrequencyPeriod"]) == (value, period)
    assert "grantControls" not in policy
