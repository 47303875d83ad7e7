"""The app registration that people sign in to, its service principal, and what it may ask on behalf of people."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_azuread as azuread

from airflow_entra.access import AppRole, DeclaredStack, names
from airflow_entra.access.airflow_urls import AirflowUrls, front_channel_logout
from airflow_entra.access.kept import KEPT
from airflow_entra.access.permissions import APP_ROLE_IDS, GRAPH_APP_ID, ID_TOKEN_CLAIMS, SCOPE_IDS, scopes
from airflow_entra.components.ownership import Ownership
from airflow_entra.components.part import Part

_GROUP_CLAIMS = {"appRoles": None, "assignedGroups": ["ApplicationGroup"], "securityGroups": ["SecurityGroup"]}


class AppRegistration(Part):
    """Single tenant, web only, v2.0 tokens, no implicit grant.

    It has no permission without a person: that is the watcher's. `own` are those that an older release gave to it, as
    long as they are not taken away.
    """

    def __init__(
        self,
        stack: DeclaredStack,
        airflows: tuple[AirflowUrls, ...],
        owned: Ownership,
        parent: pulumi.Resource,
        own: Sequence[str] = (),
    ) -> None:
        super().__init__("app-registration", parent)
        settings = stack.settings
        sign_in, manage = settings.sign_in, settings.tenant.manage
        wanted = scopes(sign_in)
        self.application = azuread.Application(
            "application",
            display_name=settings.application.display_name or names.application_name(stack.name),
            description=f"Sign-on of {names.application_name(stack.name)}; managed by airflow-entra",
            sign_in_audience="AzureADMyOrg",
            web=_web(airflows),
            api=azuread.ApplicationApiArgs(requested_access_token_version=2),
            app_roles=[_app_role(role) for role in stack.plan.app_roles],
            group_membership_claims=_GROUP_CLAIMS[sign_in.roles_from],
            optional_claims=azuread.ApplicationOptionalClaimsArgs(
                id_tokens=[azuread.ApplicationOptionalClaimsIdTokenArgs(name=name) for name in ID_TOKEN_CLAIMS]
            ),
            required_resource_accesses=[_graph_access(wanted, own)],
            tags=list(names.application_tags(stack.name)),
            owners=owned.application,
            notes=owned.notes,
            service_management_reference=settings.application.service_management_reference,
            opts=self.child(
                protect=settings.environment == "production",
                ignore_changes=[path for part in settings.application.keep for path in KEPT[part].properties] or None,
            ),
        )
        self.service_principal = azuread.ServicePrincipal(
            "service-principal",
            client_id=self.application.client_id,
            app_role_assignment_required=sign_in.assignment_required,
            owners=owned.application,
            opts=self.child(),
        )
        if manage.consent == "managed":
            self._consent(wanted, own)
        self.register_outputs({"clientId": self.application.client_id})

    def _consent(self, wanted: Sequence[str], own: Sequence[str]) -> None:
        graph = azuread.get_service_principal_output(client_id=GRAPH_APP_ID, opts=pulumi.InvokeOptions(parent=self))
        azuread.ServicePrincipalDelegatedPermissionGrant(
            "admin-consent",
            service_principal_object_id=self.service_principal.object_id,
            resource_service_principal_object_id=graph.object_id,
            claim_values=list(wanted),
            opts=self.child(),
        )
        for permission in own:
            azuread.AppRoleAssignment(
                f"application-permission-{permission}",
                app_role_id=APP_ROLE_IDS[permission],
                principal_object_id=self.service_principal.object_id,
                resource_object_id=graph.object_id,
                opts=self.child(),
            )


def _web(airflows: tuple[AirflowUrls, ...]) -> azuread.ApplicationWebArgs:
    return azuread.ApplicationWebArgs(
        redirect_uris=sorted(airflow.redirect_uri for airflow in airflows),
        logout_url=front_channel_logout(airflows),
        implicit_grant=azuread.ApplicationWebImplicitGrantArgs(
            access_token_issuance_enabled=False, id_token_issuance_enabled=False
        ),
    )


def _app_role(role: AppRole) -> azuread.ApplicationAppRoleArgs:
    return azuread.ApplicationAppRoleArgs(
        id=role.id,
        value=role.value,
        display_name=role.value,
        description=role.description,
        allowed_member_types=["User"],
        enabled=True,
    )


def _graph_access(wanted: Sequence[str], own: Sequence[str]) -> azuread.ApplicationRequiredResourceAccessArgs:
    access = azuread.ApplicationRequiredResourceAccessResourceAccessArgs
    return azuread.ApplicationRequiredResourceAccessArgs(
        resource_app_id=GRAPH_APP_ID,
        resource_accesses=[
            *(access(id=scope, type="Scope") for scope in sorted(SCOPE_IDS[name] for name in wanted)),
            *(access(id=role, type="Role") for role in sorted(APP_ROLE_IDS[name] for name in own)),
        ],
    )
