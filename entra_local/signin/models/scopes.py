"""What a person's sign-in asks for: OpenID Connect's own scopes, and permissions of one resource; and who consented."""

from dataclasses import dataclass

from entra_local.azure import GRAPH, GRAPH_APP_ID
from entra_local.graph.models.service_principals import application_of, mirrored
from entra_local.signin import exceptions as errors
from entra_local.signin import refusals
from entra_local.signin.models.clients import Client
from entra_local.store import Directory
from entra_local.wire import JsonObject

OPENID = ("openid", "profile", "email", "offline_access")
"""They need consent like every other: they are delegated permissions of Microsoft Graph."""
_DEFAULT = ".default"


@dataclass(frozen=True, slots=True)
class Scopes:
    """The scopes of one request. `wanted` are the resource's; `.default` among them means whatever has consent."""

    openid: tuple[str, ...]
    wanted: tuple[str, ...]
    resource: JsonObject
    audience: str

    def __contains__(self, scope: str) -> bool:
        return scope in self.openid

    @property
    def is_graph(self) -> bool:
        return bool(self.resource["appId"] == GRAPH_APP_ID)


def read(directory: Directory, text: str) -> Scopes:
    """The scopes in a `scope` parameter. Raises SeveralResources, UnknownScope or UnknownResource."""
    openid: list[str] = []
    wanted: list[str] = []
    named: set[str] = set()
    for scope in dict.fromkeys(text.split()):
        resource, _, name = scope.rpartition("/")
        if name in OPENID and resource in ("", GRAPH):
            openid.append(name)
        elif not name:
            raise refusals.UnknownScope(scope)
        else:
            named.add(resource.rstrip("/") or GRAPH_APP_ID)
            wanted.append(name)
    if len(named) > 1:
        raise refusals.SeveralResources(text)
    audience = named.pop() if named else GRAPH_APP_ID
    resource_principal = _resource(directory, audience)
    offered = {scope["value"] for scope in resource_principal["oauth2PermissionScopes"] if scope["isEnabled"]}
    for name in wanted:
        if name != _DEFAULT and name not in offered:
            raise refusals.UnknownScope(name)
    return Scopes(tuple(openid), tuple(wanted), resource_principal, audience)


def consented(directory: Directory, client: Client, scopes: Scopes, user_id: str) -> list[str]:
    """The resource's permissions that the application gets for this person. Raises NoConsent for one it lacks."""
    graph = _resource(directory, GRAPH_APP_ID)
    missing = set(scopes.openid) - _granted(directory, client, graph["id"], user_id)
    granted = _granted(directory, client, scopes.resource["id"], user_id)
    if _DEFAULT in scopes.wanted:
        itself = scopes.resource["id"] == client.principal["id"]
        missing |= set() if granted or itself else {f"{scopes.audience}/{_DEFAULT}"}
        given = granted
    else:
        missing |= set(scopes.wanted) - granted
        given = set(scopes.wanted)
    if missing:
        raise refusals.NoConsent(client.app_id, client.name, ", ".join(sorted(missing)))
    if scopes.is_graph:
        given |= set(scopes.openid) - {"offline_access"}
    return sorted(given)


def _granted(directory: Directory, client: Client, resource_id: str, user_id: str) -> set[str]:
    """What grants give for everybody or for this person."""
    found: set[str] = set()
    for document in directory.find("oauth2PermissionGrant", "clientId", client.principal["id"]):
        grant = document.body
        if grant["resourceId"] == resource_id and grant["principalId"] in (None, user_id):
            found |= set((grant["scope"] or "").split())
    return found


def _resource(directory: Directory, name: str) -> JsonObject:
    """The service principal that a resource's identifier means. Raises UnknownResource."""
    app_id = GRAPH_APP_ID if name in (GRAPH, GRAPH_APP_ID) else name.removeprefix("api://")
    found = directory.find("servicePrincipal", "appId", app_id)
    if not found:
        for application in list(directory.scan("application")):
            if name in application.body["identifierUris"]:
                found = directory.find("servicePrincipal", "appId", application.body["appId"])
    if not found:
        raise errors.UnknownResource(name, directory.tenant)
    return mirrored(directory, found[0].body)


def application_behind(directory: Directory, resource: JsonObject) -> JsonObject | None:
    """The application of a resource, unless it is Microsoft's."""
    return application_of(directory, resource["appId"])
