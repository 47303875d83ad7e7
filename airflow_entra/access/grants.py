"""What others have to grant to the pipelines' identities: the exact calls, in the hand-over's own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from airflow_entra.access import DeclaredStack, names
from airflow_entra.access import azure_roles as roles
from airflow_entra.access.azure_needs import AzureRole, deploying, reading
from airflow_entra.access.identity_permissions import KNOWN, permission_id
from airflow_entra.access.needed import GRANTS_GRAPH, VAULT_ROLES_NEEDED
from airflow_entra.access.permissions import GRAPH_APP_ID
from airflow_entra.access.pipeline import Identity, Pipeline
from airflow_entra.access.requests import Ask, Call, role_assignment_url
from airflow_entra.access.vault import in_vault
from airflow_entra.settings.model import StackSettings, VaultSecret
from airflow_entra_auth.azure import GRAPH_V1


@dataclass(frozen=True, slots=True)
class Made:
    """An identity that exists. Before it does, its ids are placeholders in angle brackets."""

    client: str
    service_principal: str

    @classmethod
    def not_yet(cls, identity: Identity) -> Made:
        return cls(f"<client id of {identity.name}>", f"<object id of {identity.name}>")


def asks(pipeline: Pipeline, stacks: Mapping[str, StackSettings], made: Mapping[str, Made]) -> tuple[Ask, ...]:
    """Everything that has to be granted, by identity; `made` by the identity's key."""
    found: list[Ask] = []
    stacks = {name: stack for name, stack in stacks.items() if stack.environment in pipeline.environments}
    for identity in pipeline.identities:
        who = made.get(identity.key) or Made.not_yet(identity)
        found.append(_graph(identity, who, pipeline.tenant))
        found += [_azure(identity, who, each) for each in azure_roles(identity, stacks)]
    return tuple(found)


def azure_roles(identity: Identity, stacks: Mapping[str, StackSettings]) -> tuple[AzureRole, ...]:
    """The roles on the vaults of the stacks that the identity previews or deploys, each once."""
    found: dict[tuple[str, str], AzureRole] = {}
    for name, settings in sorted(stacks.items()):
        if not isinstance(settings.credential, VaultSecret) or identity.key not in ("preview", settings.environment):
            continue
        needs = reading if identity.previews else deploying
        for _, credential in in_vault(settings):
            for role in needs(DeclaredStack(name, settings), credential):
                found.setdefault((role.role, role.scope.lower()), role)
    return tuple(found.values())


def _graph(identity: Identity, who: Made, tenant: str) -> Ask:
    find = f"{GRAPH_V1}/servicePrincipals(appId='{GRAPH_APP_ID}')?$select=id"
    url = f"{GRAPH_V1}/servicePrincipals/{who.service_principal}/appRoleAssignments"
    bodies = [
        {
            "principalId": who.service_principal,
            "resourceId": "<id of Microsoft Graph, from the call above>",
            "appRoleId": permission_id(name),
        }
        for name in identity.permissions
    ]
    what = "It previews and never writes" if identity.previews else f"It deploys {identity.key}"
    return Ask(
        "graph_permissions",
        f"Let {identity.name} use {', '.join(identity.permissions)}",
        f"{what}. What it asks for:",
        GRANTS_GRAPH,
        (Call("GET", find), *(Call("POST", url, body) for body in bodies)),
        (who.service_principal, *(permission_id(name) for name in identity.permissions)),
        f'Or in one: az ad app permission admin-consent --id {who.client} in tenant {tenant}, or "Grant admin '
        f'consent" on the page API permissions of {identity.name}: it asks for exactly these.',
        tuple(map(_reason, identity.permissions)),
    )


def _reason(name: str) -> str:
    known = KNOWN[name]
    return f"{name} ({permission_id(name)}): {known.why}." + (f" Careful: {known.risk}." if known.risk else "")


def _azure(identity: Identity, who: Made, wanted: AzureRole) -> Ask:
    known = not who.service_principal.startswith("<")
    name = names.role_assignment_name(wanted.scope, who.service_principal, wanted.role) if known else "<a new GUID>"
    subscription = wanted.scope.split("/")[2]
    url = role_assignment_url(wanted.scope, name)
    properties = {
        "principalId": who.service_principal,
        "principalType": "ServicePrincipal",
        "roleDefinitionId": roles.role_definition(subscription, wanted.role),
    }
    if wanted.only:
        properties |= {"condition": _may_give(wanted.only), "conditionVersion": "2.0"}
    return Ask(
        "azure_roles",
        f"Give {identity.name} the Azure role {roles.ROLE_NAMES[wanted.role]} on {wanted.scope}",
        wanted.why,
        VAULT_ROLES_NEEDED,
        (Call("PUT", url, {"properties": properties}),),
        (wanted.scope, name),
    )


def _may_give(roles: tuple[str, ...]) -> str:
    """Azure's condition by which its holder gives and takes these roles only:
    https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-examples"""
    listed = "{" + ", ".join(roles) + "}"
    return " AND ".join(
        f"((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/{action}'}})) OR "
        f"(@{place}[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {listed}))"
        for action, place in (("write", "Request"), ("delete", "Resource"))
    )
