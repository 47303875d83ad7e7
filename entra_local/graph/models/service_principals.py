"""Service principals: created for an application, and a mirror of it ever after."""

from entra_local.azure import NO_ID
from entra_local.graph.entities import SERVICE_PRINCIPAL
from entra_local.graph.exceptions import BadRequest, Denied, RequiredProperty, SameKey
from entra_local.graph.models import credentials
from entra_local.graph.models.applications import OWNER_KINDS
from entra_local.graph.models.objects import bind, created, load, save, take_references
from entra_local.graph.schema import merge
from entra_local.store import Directory
from entra_local.wire import JsonObject

DEFAULT_ACCESS = NO_ID
"""The app role id of an assignment that gives access but no role."""


def create(directory: Directory, changes: JsonObject, owner: str | None, *, own_only: bool) -> JsonObject:
    """A service principal for an application of this tenant.

    `own_only`: the caller may do so for applications that `owner` owns only.
    """
    owners = take_references(changes, "owners")
    app_id = changes.pop("appId", None)
    if not isinstance(app_id, str) or not app_id:
        raise RequiredProperty("appId")
    application = application_of(directory, app_id)
    if application is None:
        raise BadRequest(
            f"The appId '{app_id}' of the service principal does not reference a valid application object."
        )
    if own_only and not (owner and directory.linked("owners", application["id"], owner)):
        raise Denied(
            "When using this permission, the backing application of the service principal being created must in the"
            " local tenant"
        )
    if directory.find("servicePrincipal", "appId", app_id):
        raise SameKey(
            "The service principal cannot be created, updated, or restored because the service principal name"
            f" {app_id} is already in use."
        )
    principal = created(SERVICE_PRINCIPAL) | {"appId": application["appId"], "displayName": application["displayName"]}
    principal = merge(SERVICE_PRINCIPAL.properties, principal, changes)
    save(directory, SERVICE_PRINCIPAL, principal)
    wanted = owners if owners is not None else [owner] if owner else []
    bind(directory, "owners", principal["id"], wanted, OWNER_KINDS)
    return mirrored(directory, principal)


def update(directory: Directory, id_: str, changes: JsonObject) -> None:
    """Merge a PATCH into a service principal."""
    principal = load(directory, SERVICE_PRINCIPAL, id_)
    keys = changes.pop("keyCredentials", None)
    principal = merge(SERVICE_PRINCIPAL.properties, principal, changes)
    if keys is not None:
        credentials.replace_keys(principal, keys)
    save(directory, SERVICE_PRINCIPAL, principal)


def application_of(directory: Directory, app_id: str) -> JsonObject | None:
    """The live application with this appId."""
    found = next(map(directory.seen, directory.find("application", "appId", app_id)), None)
    return found.body if found else None


def mirrored(directory: Directory, principal: JsonObject) -> JsonObject:
    """A service principal with what it shows of its application, so that the application is the only truth.

    First-party ones (Microsoft Graph) have no application here and keep what they were stored with.
    """
    application = application_of(directory, principal["appId"])
    if application is None:
        return principal
    return principal | {
        "appDescription": application["description"],
        "appDisplayName": application["displayName"],
        "appOwnerOrganizationId": directory.tenant,
        "displayName": application["displayName"],
        "homepage": application["web"]["homePageUrl"],
        "logoutUrl": application["web"]["logoutUrl"],
        "replyUrls": [
            uri for platform in ("web", "spa", "publicClient") for uri in application[platform]["redirectUris"]
        ],
        "servicePrincipalNames": [application["appId"], *application["identifierUris"]],
        "signInAudience": application["signInAudience"],
        "appRoles": application["appRoles"],
        "info": application["info"],
        "oauth2PermissionScopes": application["api"]["oauth2PermissionScopes"],
    }


def app_roles(directory: Directory, principal: JsonObject) -> list[JsonObject]:
    """The app roles that a service principal offers."""
    application = application_of(directory, principal["appId"])
    roles: list[JsonObject] = (application or principal)["appRoles"]
    return roles
