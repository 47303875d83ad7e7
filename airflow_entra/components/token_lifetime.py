"""How long Airflow's tokens live: a policy in the directory, and its assignment to the application."""

from __future__ import annotations

import pulumi
from pulumi import dynamic

from airflow_entra.access import DeclaredStack, names
from airflow_entra.access.lifetimes import policy_clock
from airflow_entra.components.part import Part
from airflow_entra.components.token_lifetime_provider import AssignmentProvider, PolicyProvider


class TokenLifetimePolicy(dynamic.Resource, module="entra", name="TokenLifetimePolicy"):
    """`existing`: the id of a policy to adopt: changed to say the same, and left in place by a destroy."""

    organizationDefault: pulumi.Output[str]  # noqa: N815 -- Pulumi names it as the state does

    def __init__(
        self,
        name: str,
        tenant_id: str,
        display_name: str,
        lifetime: str,
        existing: str | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        props = {
            "tenantId": tenant_id,
            "displayName": display_name,
            "lifetime": lifetime,
            "existing": existing,
            "organizationDefault": None,
        }
        super().__init__(PolicyProvider(), name, {k: v for k, v in props.items() if k != "existing" or v}, opts)


class TokenLifetimeAssignment(dynamic.Resource, module="entra", name="TokenLifetimeAssignment"):
    """The policy rules the tokens of this application (object id)."""

    def __init__(
        self,
        name: str,
        tenant_id: str,
        application: pulumi.Input[str],
        policy: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        props = {"tenantId": tenant_id, "application": application, "policy": policy}
        super().__init__(AssignmentProvider(), name, props, opts)


class TokenLifetime(Part):
    """One policy, and that the application has it."""

    def __init__(self, stack: DeclaredStack, application: pulumi.Input[str], parent: pulumi.Resource) -> None:
        super().__init__("token-lifetime", parent)
        settings = stack.settings
        lifetime = settings.sign_in.token_lifetime
        if lifetime is None:
            raise TypeError("a token lifetime policy needs signIn.tokenLifetime")
        policy = TokenLifetimePolicy(
            "token-lifetime-policy",
            settings.tenant_id,
            names.token_lifetime_policy(stack.name),
            policy_clock(lifetime),
            settings.tenant.existing.token_lifetime_policy,
            self.child(),
        )
        TokenLifetimeAssignment("token-lifetime-assignment", settings.tenant_id, application, policy.id, self.child())
        self.register_outputs({})
