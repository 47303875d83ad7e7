"""What a seed grants to applications, and who it assigns to them."""

from uuid import NAMESPACE_URL, uuid5

from entra_local import azure_roles
from entra_local import seed_reading as reading
from entra_local.azure import GRAPH_APP_ID
from entra_local.first_party import APPLICATION_PERMISSIONS, DELEGATED_PERMISSIONS
from entra_local.graph.entities import APP_ROLE_ASSIGNMENT, PERMISSION_GRANT
from entra_local.graph.models.objects import created, find_object, kind_of
from entra_local.graph.models.service_principals import DEFAULT_ACCESS
from entra_local.graph.schema import fresh
from entra_local.seed_reading import SeedError
from entra_local.store import Directory
from entra_local.wire import JsonObject


def apply(directory: Directory, everywhere: Directory, item: JsonObject) -> None:
    """All grants of one application of the seed. Raises SeedError."""
    graph = directory.find("servicePrincipal", "appId", GRAPH_APP_ID)[0].id
    _permissions(directory, graph, item)
    _consent(directory, graph, item)
    _assignments(directory, item)
    _azure_roles(directory, everywhere, item)


def _permissions(directory: Directory, graph: str, item: JsonObject) -> None:
    """`permissions`: application permissions of Microsoft Graph."""
    for name in reading.texts("applications", item, "permissions"):
        role = _known(APPLICATION_PERMISSIONS, name)
        _assign(directory, item["servicePrincipalId"], "ServicePrincipal", graph, role)


def _consent(directory: Directory, graph: str, item: JsonObject) -> None:
    """`delegatedPermissions`: what people let it do in Microsoft Graph, as the administrator consented for all."""
    names = reading.texts("applications", item, "delegatedPermissions")
    for name in names:
        _known(DELEGATED_PERMISSIONS, name)
    if names:
        client = item["servicePrincipalId"]
        id_ = uuid5(NAMESPACE_URL, f"{client} {graph}").hex
        given = {"id": id_, "clientId": client, "resourceId": graph, "consentType": "AllPrincipals"}
        body = fresh(PERMISSION_GRANT.properties) | given | {"scope": " ".join(names)}
        directory.put(PERMISSION_GRANT.kind, id_, body)


def _assignments(directory: Directory, item: JsonObject) -> None:
    """`assignments`: people and groups, each with the value of an app role, or with access alone."""
    found = directory.get("application", item["id"])
    roles = {role["value"]: role["id"] for role in found.body["appRoles"]} if found else {}
    for wanted in reading.objects("applications", item, "assignments"):
        principal = find_object(directory, reading.text("assignments", wanted, "principal"), ("user", "group"))
        if principal is None:
            raise SeedError(f"assignments: there is no person or group {wanted['principal']}")
        role = roles.get(wanted["role"]) if "role" in wanted else DEFAULT_ACCESS
        if role is None:
            raise SeedError(f"assignments: '{wanted['role']}' is no app role of {item.get('displayName')}")
        kind = kind_of(principal)
        _assign(directory, principal["id"], kind.capitalize(), item["servicePrincipalId"], role)


def _azure_roles(directory: Directory, everywhere: Directory, item: JsonObject) -> None:
    for wanted in reading.objects("applications", item, "azureRoles"):
        scope, role_name = (reading.text("azureRoles", wanted, name) for name in ("scope", "role"))
        try:
            azure_roles.assign(everywhere, directory.tenant, scope, role_name, item["servicePrincipalId"])
        except ValueError as error:
            raise SeedError(f"applications: azureRoles: {error}") from error


def _assign(directory: Directory, principal: str, kind: str, resource: str, role: str) -> None:
    id_ = uuid5(NAMESPACE_URL, f"{principal} {resource} {role}").hex
    names = {"principalDisplayName": "", "resourceDisplayName": ""}
    for name, target in (("principalDisplayName", principal), ("resourceDisplayName", resource)):
        found = find_object(directory, target)
        names[name] = found["displayName"] if found else ""
    ids = {"appRoleId": role, "principalId": principal, "principalType": kind, "resourceId": resource}
    directory.put(APP_ROLE_ASSIGNMENT.kind, id_, created(APP_ROLE_ASSIGNMENT, id_) | ids | names)


def _known(permissions: dict[str, str], name: str) -> str:
    if name not in permissions:
        known = ", ".join(permissions)
        raise SeedError(f"applications: '{name}' is no permission of Microsoft Graph known here; known are {known}")
    return permissions[name]
