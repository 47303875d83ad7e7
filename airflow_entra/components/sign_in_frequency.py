"""How often Entra asks again who somebody is, for Airflow alone: a Conditional Access policy (P1)."""

from __future__ import annotations

from datetime import timedelta

import pulumi
import pulumi_azuread as azuread

from airflow_entra.access import names
from airflow_entra.access.lifetimes import sign_in_frequency
from airflow_entra.components.part import Part


class SignInFrequency(Part):
    """Limited to the one application, so that no mistake in it can lock anybody out of the tenant."""

    def __init__(
        self,
        frequency: timedelta,
        stack: str,
        client_id: pulumi.Input[str],
        service_principal: pulumi.Resource,
        parent: pulumi.Resource,
    ) -> None:
        super().__init__("sign-in-frequency", parent)
        value, period = sign_in_frequency(frequency)
        policy = azuread.ConditionalAccessPolicy(
            "sign-in-frequency-policy",
            display_name=names.sign_in_policy(stack),
            state="enabled",
            conditions=azuread.ConditionalAccessPolicyConditionsArgs(
                client_app_types=["all"],
                applications=azuread.ConditionalAccessPolicyConditionsApplicationsArgs(
                    included_applications=[client_id]
                ),
                users=azuread.ConditionalAccessPolicyConditionsUsersArgs(included_users=["All"]),
            ),
            session_controls=azuread.ConditionalAccessPolicySessionControlsArgs(
                sign_in_frequency=value,
                sign_in_frequency_period=period,
                sign_in_frequency_interval="timeBased",
                sign_in_frequency_authentication_type="primaryAndSecondaryAuthentication",
            ),
            # Entra refuses a policy for an application that has none yet (1034).
            opts=self.child(depends_on=[service_principal]),
        )
        self.register_outputs({"policy": policy.object_id})
