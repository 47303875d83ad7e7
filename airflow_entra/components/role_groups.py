"""The groups behind Airflow's roles, and their assignments to the application.

One component for all of them: a component for each group would double the registrations of a stack with a thousand.
"""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_azuread as azuread

from airflow_entra.access import AccessPlan, DeclaredStack, PlannedGroup
from airflow_entra.components.early import AZUREAD
from airflow_entra.components.lean import AppRoleAssignment, Group
from airflow_entra.components.part import Part


class RoleGroups(Part):
    """`object_ids`: group key -> object id, None for one that the identity team has not made yet.

    `admins` owns those that no people may own.
    """

    def __init__(
        self,
        stack: DeclaredStack,
        service_principal: azuread.ServicePrincipal,
        parent: pulumi.Resource,
        admins: pulumi.Input[list[str] | None] | None = None,
    ) -> None:
        super().__init__("role-groups", parent)
        settings = stack.settings
        # One set of options for all: making and merging them is a tenth of what a resource costs.
        made = pulumi.ResourceOptions(parent=self, protect=settings.environment == "production", version=AZUREAD)
        owners = settings.owners.groups or None
        self.object_ids: dict[str, pulumi.Input[str] | None] = {
            key: Group(key, _group(group, owners if settings.owned_by_people(group.roles) else admins), made).objectId
            if group.source in ("created", "dynamic")
            else group.object_id
            for key, group in stack.plan.groups.items()
        }
        if settings.tenant.manage.assignments == "managed":
            self._assign(stack.plan, service_principal)
        self.register_outputs({})

    def _assign(self, plan: AccessPlan, service_principal: azuread.ServicePrincipal) -> None:
        options = pulumi.ResourceOptions(parent=self, version=AZUREAD)
        for assignment in plan.assignments:
            group = self.object_ids[assignment.group]
            if group is not None:  # asked for, and not there yet: the next `up` after it is
                inputs = {
                    "appRoleId": assignment.app_role_id,
                    "principalObjectId": group,
                    "resourceObjectId": service_principal.object_id,
                }
                AppRoleAssignment(assignment.key, inputs, options)


def _group(group: PlannedGroup, owners: pulumi.Input[list[str] | None] | None) -> dict[str, Any]:
    """A security group whose members people own: the program never reads or writes them."""
    rule = group.rule if group.source == "dynamic" else None
    return {
        "displayName": group.name,
        "description": group.description,
        "mailNickname": group.mail_nickname,
        "securityEnabled": True,
        "owners": owners,
        "types": ["DynamicMembership"] if rule else None,
        "dynamicMembership": {"enabled": True, "rule": rule} if rule else None,
    }
