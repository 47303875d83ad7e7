"""The groups behind Airflow's roles, and their assignments to the application.

One component for all of them: a component for each group would double the registrations of a stack with a thousand.
"""

from __future__ import annotations

import pulumi
import pulumi_azuread as azuread

from airflow_entra.access import AccessPlan, Assignment, PlannedGroup
from airflow_entra.components.part import Part
from airflow_entra.settings.model import StackSettings


class RoleGroups(Part):
    """`object_ids`: group key -> object id, None for one that the identity team has not made yet."""

    def __init__(
        self,
        settings: StackSettings,
        plan: AccessPlan,
        service_principal: azuread.ServicePrincipal,
        parent: pulumi.Resource,
    ) -> None:
        super().__init__("role-groups", parent)
        self._owners = settings.owners.groups or None
        self._in_production = settings.environment == "production"
        self.object_ids: dict[str, pulumi.Input[str] | None] = {
            key: self._group(group).object_id if group.source in ("created", "dynamic") else group.object_id
            for key, group in plan.groups.items()
        }
        if settings.tenant.manage.assignments == "managed":
            for assignment in plan.assignments:
                self._assign(assignment, service_principal)
        self.register_outputs({})

    def _group(self, group: PlannedGroup) -> azuread.GroupWithoutMembers:
        """A security group whose members people own: the program never reads or writes them."""
        rule = group.rule if group.source == "dynamic" else None
        membership = azuread.GroupWithoutMembersDynamicMembershipArgs(enabled=True, rule=rule) if rule else None
        return azuread.GroupWithoutMembers(
            group.key,
            display_name=group.name,
            description=group.description,
            mail_nickname=group.mail_nickname,
            security_enabled=True,
            owners=self._owners,
            types=["DynamicMembership"] if membership else None,
            dynamic_membership=membership,
            opts=self.child(protect=self._in_production),
        )

    def _assign(self, assignment: Assignment, service_principal: azuread.ServicePrincipal) -> None:
        group = self.object_ids[assignment.group]
        if group is None:  # asked for, and not there yet: the next `up` after it is
            return
        azuread.AppRoleAssignment(
            assignment.key,
            app_role_id=assignment.app_role_id,
            principal_object_id=group,
            resource_object_id=service_principal.object_id,
            opts=self.child(),
        )
