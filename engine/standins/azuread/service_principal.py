"""azuread:index/servicePrincipal:ServicePrincipal."""

from typing import Any

from engine.standins.azuread import owners
from engine.standins.azuread.application_body import role_outputs, scope_outputs, values_to_ids
from engine.standins.azuread.features import feature_tags, features, tags_of
from engine.standins.azuread.graph import (
    BETA,
    NOT_YET_THERE,
    Graph,
    already_exists,
    id_part,
    in_set_order,
    or_null,
    quoted,
    temporary_name,
)
from engine.standins.bridged.resource import Made
from engine.standins.errors import ProviderError, WireError
from engine.standins.rest import RetryOn
from engine.standins.values import Props

_TYPE = "#microsoft.graph.servicePrincipal"
_APPLICATION_NOT_YET_THERE = (
    RetryOn(400, r"The appId '.+' of the service principal does not reference a valid application object"),
    RetryOn(403, "the backing application of the service principal being created must in the local tenant"),
)


class ServicePrincipal:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def plan(self, inputs: Props) -> None:
        pass

    def create(self, inputs: Props, made: Made) -> None:
        client_id = inputs["clientId"]
        found = self._graph.list("/servicePrincipals", filter=f"appId eq {quoted(client_id)}")
        if len(found) > 1:
            raise ProviderError(f"{len(found)} service principals have the client ID {client_id}")
        if found:
            existing = f"/servicePrincipals/{found[0]['id']}"
            if not inputs.get("useExisting"):
                raise already_exists("azuread_service_principal", existing)
            made.id = existing
            self.update(existing, outputs(found[0], "", self._graph.list(f"{existing}/owners")), inputs)
            return
        wanted = inputs.get("owners") or []
        body = {
            **_settings(inputs),
            "appId": client_id,
            "description": temporary_name(),
            "owners@odata.bind": owners.bound_at_create(self._graph, wanted),
        }
        principal = self._graph.post("/servicePrincipals", body, retry=_APPLICATION_NOT_YET_THERE)
        made.id = path = f"/servicePrincipals/{principal['id']}"
        # The official provider says that it waits here, and at present does not: docs/decisions/0032.
        final = {"@odata.type": _TYPE, "description": or_null(inputs.get("description"))}
        self._graph.patch(path, final, retry=NOT_YET_THERE)
        owners.finish(self._graph, path, wanted)

    def read(self, object_id: str) -> Props | None:
        (principal_id,) = id_part(object_id, "", "servicePrincipals", "*")
        path = f"/servicePrincipals/{principal_id}"
        principal = self._graph.find(path)
        if principal is None:
            return None
        metadata_url = saml_metadata_url(self._graph, principal_id)
        return outputs(principal, metadata_url, self._graph.list(f"{path}/owners"))

    def update(self, object_id: str, state: Props, inputs: Props) -> None:
        self._graph.patch(object_id, {**_settings(inputs), "description": or_null(inputs.get("description"))})
        owners.change(self._graph, object_id, state, inputs.get("owners") or [])

    def delete(self, object_id: str, state: Props) -> None:
        """One that was there before us (`useExisting`) may refuse to go: the official provider leaves it then."""
        try:
            self._graph.delete(object_id)
        except WireError:
            if not state.get("useExisting"):
                raise
        else:
            self._graph.wait_until_gone(object_id)


def _settings(inputs: Props) -> Props:
    saml = inputs.get("samlSingleSignOn") or {}
    return {
        "@odata.type": _TYPE,
        "accountEnabled": inputs.get("accountEnabled", True),
        "alternativeNames": in_set_order(inputs.get("alternativeNames")),
        "appRoleAssignmentRequired": inputs.get("appRoleAssignmentRequired") or False,
        "loginUrl": or_null(inputs.get("loginUrl")),
        "notes": or_null(inputs.get("notes")),
        "notificationEmailAddresses": in_set_order(inputs.get("notificationEmailAddresses")),
        "preferredSingleSignOnMode": or_null(inputs.get("preferredSingleSignOnMode")),
        "samlSingleSignOnSettings": {"relayState": saml["relayState"]} if "relayState" in saml else {},
        "tags": tags_of(inputs),
    }


def saml_metadata_url(graph: Graph, principal_id: str) -> str:
    extra = graph.get(f"/servicePrincipals/{principal_id}", BETA, select="samlMetadataUrl")
    return extra.get("samlMetadataUrl") or ""


def outputs(principal: Props, metadata_url: str, owned_by: list[Props] | None) -> Props:
    """The state of a service principal; `owned_by` is None where nobody asked for its owners."""
    tags = sorted(principal.get("tags") or [])
    app_id = principal.get("appId") or ""

    def text(key: str) -> str:
        return principal.get(key) or ""

    result: dict[str, Any] = {
        "accountEnabled": principal.get("accountEnabled", True),
        "alternativeNames": sorted(principal.get("alternativeNames") or []),
        "appRoleAssignmentRequired": principal.get("appRoleAssignmentRequired") or False,
        "appRoleIds": values_to_ids(principal.get("appRoles")),
        "appRoles": role_outputs(principal.get("appRoles")),
        "applicationTenantId": text("appOwnerOrganizationId"),
        "clientId": app_id,
        "description": text("description"),
        "displayName": text("displayName"),
        "featureTags": feature_tags(tags),
        "features": features(tags),
        "homepageUrl": text("homepage"),
        "loginUrl": text("loginUrl"),
        "logoutUrl": text("logoutUrl"),
        "notes": text("notes"),
        "notificationEmailAddresses": list(principal.get("notificationEmailAddresses") or []),
        "oauth2PermissionScopeIds": values_to_ids(principal.get("oauth2PermissionScopes")),
        "oauth2PermissionScopes": scope_outputs(principal.get("oauth2PermissionScopes")),
        "objectId": principal["id"],
        "preferredSingleSignOnMode": text("preferredSingleSignOnMode"),
        "redirectUris": list(principal.get("replyUrls") or []),
        "samlMetadataUrl": metadata_url,
        "samlSingleSignOn": {"relayState": (principal.get("samlSingleSignOnSettings") or {}).get("relayState") or ""},
        "servicePrincipalNames": [name for name in principal.get("servicePrincipalNames") or [] if name != app_id],
        "signInAudience": text("signInAudience"),
        "tags": tags,
        "type": text("servicePrincipalType"),
    }
    if owned_by is not None:
        result["owners"] = sorted(owner["id"] for owner in owned_by)
    return result
