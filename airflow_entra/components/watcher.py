"""The identity that follows the directory: its registration or the one that exists, and what it may read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pulumi
import pulumi_azuread as azuread

from airflow_entra.access import DeclaredStack, names
from airflow_entra.access.permissions import APP_ROLE_IDS, GRAPH_APP_ID, watch_permissions
from airflow_entra.components.client_credential import ClientCredential
from airflow_entra.components.ownership import Ownership
from airflow_entra.components.part import Part
from airflow_entra.settings.model import ExistingIdentity
from airflow_entra.settings.watching import watcher_credential


class Watcher(Part):
    """Nobody signs in to it: no redirect URI, no role, no delegated permission.

    `service_principal` is its object id. `credential` is None where the identity existed before the stack.
    """

    credential: ClientCredential | None = None
    facts: dict[str, Any]
    service_principal: pulumi.Input[str]

    def __init__(
        self,
        stack: DeclaredStack,
        owned: Ownership,
        folder: Path,
        now: datetime,
        parent: pulumi.Resource,
    ) -> None:
        super().__init__("watcher", parent)
        settings = stack.settings
        permissions = watch_permissions(settings.sign_in)
        existing = settings.watcher.existing
        if existing is not None:
            self._exists(existing)
        else:
            self._registration(stack, owned, permissions, folder, now)
        if settings.tenant.manage.consent == "managed":
            self._consent(permissions)
        self.register_outputs({"clientId": self.facts["clientId"]})

    def _exists(self, existing: ExistingIdentity) -> None:
        self.service_principal = existing.object_id
        self.facts = {
            "clientId": existing.client_id,
            "servicePrincipalObjectId": existing.object_id,
            "mode": "existing",
        }

    def _registration(
        self,
        stack: DeclaredStack,
        owned: Ownership,
        permissions: Sequence[str],
        folder: Path,
        now: datetime,
    ) -> None:
        credential = watcher_credential(stack.settings)
        if credential is None:
            raise TypeError("a watcher that is made needs something to prove itself with")
        watched = names.application_name(stack.name)
        application = azuread.Application(
            "watcher-application",
            display_name=names.watcher_name(stack.name),
            description=f"Reads who is in the tenant for {watched}; managed by airflow-entra",
            sign_in_audience="AzureADMyOrg",
            api=azuread.ApplicationApiArgs(requested_access_token_version=2),
            required_resource_accesses=[_graph_access(permissions)],
            tags=list(names.watcher_tags(stack.name)),
            owners=owned.application,
            notes=owned.notes,
            opts=self.child(protect=stack.settings.environment == "production"),
        )
        principal = azuread.ServicePrincipal(
            "watcher-service-principal",
            client_id=application.client_id,
            app_role_assignment_required=True,  # nobody is assigned: nobody gets a token for it
            owners=owned.application,
            opts=self.child(),
        )
        self.credential = ClientCredential(credential, application, folder, now, self, whose="watcher-")
        self.service_principal = principal.object_id
        self.facts = {
            "clientId": application.client_id,
            "servicePrincipalObjectId": principal.object_id,
            **self.credential.facts,
        }

    def _consent(self, permissions: Sequence[str]) -> None:
        graph = azuread.get_service_principal_output(client_id=GRAPH_APP_ID, opts=pulumi.InvokeOptions(parent=self))
        for permission in permissions:
            azuread.AppRoleAssignment(
                f"watcher-permission-{permission}",
                app_role_id=APP_ROLE_IDS[permission],
                principal_object_id=self.service_principal,
                resource_object_id=graph.object_id,
                opts=self.child(),
            )


def _graph_access(permissions: Sequence[str]) -> azuread.ApplicationRequiredResourceAccessArgs:
    access = azuread.ApplicationRequiredResourceAccessResourceAccessArgs
    return azuread.ApplicationRequiredResourceAccessArgs(
        resource_app_id=GRAPH_APP_ID,
        resource_accesses=[access(id=role, type="Role") for role in sorted(APP_ROLE_IDS[name] for name in permissions)],
    )
