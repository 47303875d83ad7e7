"""Where a create that Pulumi lost sight of would have left its object, type by type.

Each finder looks for what only this program's own create can have made: a tag, a mailNickname or a name derived from
the stack file. What is found is adopted, except a client secret: its value was only ever in the lost answer, so the
credential is taken off the application again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_entra.access import api_versions
from airflow_entra.access.azure_roles import role_assignment
from airflow_entra.directory.clients import Clients
from airflow_entra.finding import Finding, FindingsError
from airflow_entra.pulumi import resource_types as types
from airflow_entra.pulumi.pending import PendingCreate
from airflow_entra.words import many
from airflow_entra_auth.graph import Graph, GraphError

Inputs = Mapping[str, Any]


@dataclass(frozen=True)
class Settlement:
    """What to tell Pulumi about a pending create: the id to adopt, or None where nothing is there. `note` says why."""

    id: str | None
    note: str


NOT_MADE = "had not been made"


class AmbiguousError(FindingsError):
    """More than one object could be the one that was being made; a person has to choose."""


def settle(create: PendingCreate, clients: Clients, known_ids: frozenset[str]) -> Settlement:
    """Look for what `create` made. Raises AmbiguousError, GraphError."""
    finder = _FINDERS.get(create.type)
    if finder is None:
        return Settlement(None, "makes itself again, or adopts what is there")
    found = [one for one in finder(create.inputs, clients) if one not in known_ids]
    if create.type == types.PASSWORD:
        for credential in found:
            _remove_password(credential, clients)
        return Settlement(None, f"{many(len(found), 'unreadable client secret')} removed" if found else NOT_MADE)
    if len(found) > 1:
        either = f"{', '.join(found)} could each be what the interrupted run made"
        fix = "delete those that are not needed and run this again"
        raise AmbiguousError(Finding(create.name, either, "one of them", fix, id="recover/ambiguous"))
    return Settlement(found[0], "had been made: adopted") if found else Settlement(None, NOT_MADE)


def _applications(inputs: Inputs, clients: Clients) -> list[str]:
    own_tag = max(inputs.get("tags") or [], key=len, default="")
    if not own_tag.startswith("airflow-entra:"):
        return []
    return [
        f"/applications/{one['id']}" for one in _list(clients.graph, "/applications", f"tags/any(t:t eq '{own_tag}')")
    ]


def _service_principals(inputs: Inputs, clients: Clients) -> list[str]:
    found = _list(clients.graph, "/servicePrincipals", f"appId eq '{inputs['clientId']}'")
    return [f"/servicePrincipals/{one['id']}" for one in found]


def _groups(inputs: Inputs, clients: Clients) -> list[str]:
    """With the owners that were asked for and nobody in it yet. A nickname is no proof: anybody may make a group with
    it, and would then say who has the role."""
    found = _list(clients.graph, "/groups", f"mailNickname eq '{inputs['mailNickname']}'")
    paths = [f"/groups/{one['id']}" for one in found]
    return [path for path in paths if _owned_as_asked(inputs, path, clients) and not _members(path, clients)]


def _owned_as_asked(inputs: Inputs, group: str, clients: Clients) -> bool:
    owners = _list(clients.graph, f"{group}/owners")
    if inputs.get("owners") is None:  # the provider then makes the caller the owner, which is a program
        return not any(one.get("@odata.type") == "#microsoft.graph.user" for one in owners)
    wanted = {owner.lower() for owner in inputs["owners"]}
    return all(one["id"].lower() in wanted for one in owners)  # those beyond 20 come after the group


def _members(group: str, clients: Clients) -> list[Any]:
    return _list(clients.graph, f"{group}/members")


def _app_role_assignments(inputs: Inputs, clients: Clients) -> list[str]:
    path = f"/servicePrincipals/{inputs['resourceObjectId']}/appRoleAssignedTo"
    return [
        f"{path}/{one['id']}"
        for one in _list(clients.graph, path)
        if (one["principalId"], one["appRoleId"]) == (inputs["principalObjectId"], inputs["appRoleId"])
    ]


def _consents(inputs: Inputs, clients: Clients) -> list[str]:
    wanted = inputs["resourceServicePrincipalObjectId"]
    found = _list(clients.graph, "/oauth2PermissionGrants", f"clientId eq '{inputs['servicePrincipalObjectId']}'")
    return [f"/oauth2PermissionGrants/{one['id']}" for one in found if one["resourceId"] == wanted]


def _passwords(inputs: Inputs, clients: Clients) -> list[str]:
    application = inputs["applicationId"]
    credentials = clients.graph.get(application).get("passwordCredentials") or []
    object_id = application.rpartition("/")[2]
    return [
        f"{object_id}/password/{one['keyId']}"
        for one in credentials
        if one.get("displayName") == inputs.get("displayName")
    ]


def _remove_password(resource_id: str, clients: Clients) -> None:
    object_id, _, key_id = resource_id.split("/")
    clients.graph.post(f"/applications/{object_id}/removePassword", {"keyId": key_id})


def _certificates(inputs: Inputs, clients: Clients) -> list[str]:
    application = inputs["applicationId"]
    object_id = application.rpartition("/")[2]
    credentials = clients.graph.get(application).get("keyCredentials") or []
    return [f"{object_id}/certificate/{one['keyId']}" for one in credentials]


def _federated_credentials(inputs: Inputs, clients: Clients) -> list[str]:
    application = inputs["applicationId"]
    object_id = application.rpartition("/")[2]
    found = _list(clients.graph, f"{application}/federatedIdentityCredentials")
    name = inputs["displayName"]
    return [f"{object_id}/federatedIdentityCredential/{one['id']}" for one in found if one["name"] == name]


def _conditional_access_policies(inputs: Inputs, clients: Clients) -> list[str]:
    collection = "/identity/conditionalAccess/policies"
    name = inputs["displayName"]
    return [f"{collection}/{one['id']}" for one in _list(clients.graph, collection) if one["displayName"] == name]


def _azure_resource(path: Callable[[Inputs, str], str], api_version: str) -> Callable[[Inputs, Clients], list[str]]:
    def find(inputs: Inputs, clients: Clients) -> list[str]:
        resource_id = path(inputs, clients.subscription)
        try:
            clients.arm.get(resource_id, {"api-version": api_version})
        except GraphError as error:
            if error.status == 404:
                return []
            raise
        return [resource_id]

    return find


def _vault_id(inputs: Inputs, subscription: str) -> str:
    return (
        f"/subscriptions/{subscription}/resourceGroups/{inputs['resourceGroupName']}"
        f"/providers/Microsoft.KeyVault/vaults/{inputs['vaultName']}"
    )


def _key_id(inputs: Inputs, subscription: str) -> str:
    return f"{_vault_id(inputs, subscription)}/keys/{inputs['keyName']}"


def _group_id(inputs: Inputs, subscription: str) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{inputs['resourceGroupName']}"


def _account_id(inputs: Inputs, subscription: str) -> str:
    return f"{_group_id(inputs, subscription)}/providers/Microsoft.Storage/storageAccounts/{inputs['accountName']}"


def _container_id(inputs: Inputs, subscription: str) -> str:
    return f"{_account_id(inputs, subscription)}/blobServices/default/containers/{inputs['containerName']}"


def _secret_id(inputs: Inputs, subscription: str) -> str:
    return f"{_vault_id(inputs, subscription)}/secrets/{inputs['secretName']}"


def _role_assignment_id(inputs: Inputs, _subscription: str) -> str:
    return role_assignment(inputs["scope"], inputs["roleAssignmentName"])


def _list(graph: Graph, path: str, filter_: str | None = None) -> list[Any]:
    return list(graph.pages(path, {"$filter": filter_} if filter_ else None))


_FINDERS: Mapping[str, Callable[[Inputs, Clients], list[str]]] = {
    types.APPLICATION: _applications,
    types.PRINCIPAL: _service_principals,
    types.GROUP_WITH_MEMBERS: _groups,
    types.GROUP: _groups,
    types.ASSIGNMENT: _app_role_assignments,
    types.CONSENT: _consents,
    types.PASSWORD: _passwords,
    types.CERTIFICATE: _certificates,
    types.TRUST: _federated_credentials,
    types.FREQUENCY: _conditional_access_policies,
    types.VAULT: _azure_resource(_vault_id, api_versions.KEY_VAULT),
    types.SECRET: _azure_resource(_secret_id, api_versions.KEY_VAULT),
    types.KEY: _azure_resource(_key_id, api_versions.KEY_VAULT),
    types.RESOURCE_GROUP: _azure_resource(_group_id, api_versions.RESOURCE_GROUPS),
    types.CONTAINER: _azure_resource(_container_id, api_versions.STORAGE),
    types.STORAGE_ACCOUNT: _azure_resource(_account_id, api_versions.STORAGE),
    types.ROLE_ASSIGNMENT: _azure_resource(_role_assignment_id, api_versions.AUTHORIZATION),
}
