"""One identity of the pipelines: an app registration with no secret, no owner unless one is named, and exact trust."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_azuread as azuread

from airflow_entra.access.identity_permissions import permission_id
from airflow_entra.access.permissions import GRAPH_APP_ID
from airflow_entra.access.pipeline import Identity
from airflow_entra.access.repository import AUDIENCE
from airflow_entra.components.part import Part


class PipelineIdentity(Part):
    """`client_id` is what a pipeline signs in as, `object_id` what gets roles and owns what it makes.

    What it asks of Graph is declared, so that one click grants exactly that; nothing here grants it.
    """

    def __init__(self, identity: Identity, owners: Sequence[str], parent: pulumi.Resource) -> None:
        super().__init__(f"identity/{identity.key}", parent)
        purpose = "previews and looks for drift; reads only" if identity.previews else f"deploys {identity.key}"
        application = azuread.Application(
            f"application/{identity.key}",
            display_name=identity.name,
            description=f"{purpose[0].upper()}{purpose[1:]}; managed by airflow-entra bootstrap",
            sign_in_audience="AzureADMyOrg",
            api=azuread.ApplicationApiArgs(requested_access_token_version=2),
            required_resource_accesses=[_asked(identity.permissions)],
            tags=list(identity.tags),
            owners=list(owners),
            opts=self.child(protect=True),
        )
        principal = azuread.ServicePrincipal(
            f"service-principal/{identity.key}",
            client_id=application.client_id,
            # Nobody signs in to it: it asks for tokens, and none is ever made for it.
            app_role_assignment_required=True,
            owners=list(owners),
            tags=list(identity.tags),
            opts=self.child(),
        )
        for trust in identity.trusts:
            azuread.ApplicationFederatedIdentityCredential(
                f"{trust.name}/{identity.key}",
                application_id=application.id,
                display_name=trust.name,
                description=f"Tokens for {trust.description}",
                audiences=[AUDIENCE],
                issuer=trust.issuer,
                subject=trust.subject,
                opts=self.child(),
            )
        self.client_id = application.client_id
        self.object_id = principal.object_id
        self.facts = {"name": identity.name, "clientId": self.client_id, "objectId": self.object_id}
        self.register_outputs(self.facts)


def _asked(permissions: Sequence[str]) -> azuread.ApplicationRequiredResourceAccessArgs:
    access = azuread.ApplicationRequiredResourceAccessResourceAccessArgs
    return azuread.ApplicationRequiredResourceAccessArgs(
        resource_app_id=GRAPH_APP_ID,
        resource_accesses=[access(id=role, type="Role") for role in sorted(map(permission_id, permissions))],
    )
