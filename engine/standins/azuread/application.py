"""azuread:index/application:Application."""

from collections.abc import Callable

from engine.standins.azuread import application_body, owners
from engine.standins.azuread.graph import BETA, Graph, id_part, temporary_name
from engine.standins.bridged.resource import Made
from engine.standins.errors import ProviderError
from engine.standins.rest import RetryOn
from engine.standins.values import UNKNOWN, Props

_TYPE = "#microsoft.graph.application"
_FRESH = (RetryOn(404), RetryOn(409))
_ALWAYS = (
    "@odata.type",
    "api",
    "description",
    "displayName",
    "groupMembershipClaims",
    "info",
    "isDeviceOnlyAuthSupported",
    "isFallbackPublicClient",
    "notes",
    "publicClient",
    "serviceManagementReference",
    "signInAudience",
    "spa",
    "tags",
    "web",
)
_IF_CHANGED = ("appRoles", "identifierUris", "optionalClaims", "requiredResourceAccess")


class Application:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def plan(self, inputs: Props) -> None:
        if inputs.get("preventDuplicateNames") and inputs.get("displayName") is not UNKNOWN:
            self._refuse_duplicate(inputs["displayName"])

    def create(self, inputs: Props, made: Made) -> None:
        if inputs.get("preventDuplicateNames"):
            self._refuse_duplicate(inputs["displayName"])
        body = application_body.complete(inputs)
        mapped_claims = body["api"]["acceptMappedClaims"]
        if mapped_claims:
            del body["api"]["acceptMappedClaims"]  # Graph refuses it before the application has a key
        wanted = inputs.get("owners") or []
        body["owners@odata.bind"] = owners.bound_at_create(self._graph, wanted)
        app = self._graph.post("/applications", body)
        path = f"/applications/{app['id']}"
        made.id = path
        self._graph.patch(path, {"@odata.type": _TYPE, "displayName": temporary_name()}, retry=_FRESH)
        self._graph.patch(path, {"@odata.type": _TYPE, "displayName": inputs["displayName"]}, retry=_FRESH)
        if inputs.get("oauth2PostResponseRequired") is not None:
            self._set_post_response(path, inputs, _FRESH)
        if mapped_claims:
            self._graph.patch(path, {"@odata.type": _TYPE, "api": application_body.api(inputs)}, retry=_FRESH)
        owners.finish(self._graph, path, wanted)

    def read(self, object_id: str) -> Props | None:
        (app_id,) = id_part(object_id, "", "applications", "*")
        app = self._graph.find(f"/applications/{app_id}")
        if app is None:
            return None
        extra = self._graph.get(f"/applications/{app_id}", BETA, select="oauth2RequirePostResponse")
        listed = self._graph.list(f"/applications/{app_id}/owners")
        return application_body.outputs(app, extra.get("oauth2RequirePostResponse") or False, listed)

    def update(self, object_id: str, state: Props, inputs: Props) -> None:
        if inputs.get("preventDuplicateNames") and inputs["displayName"] != state.get("displayName"):
            self._refuse_duplicate(inputs["displayName"])
        new, old = application_body.complete(inputs), application_body.complete(state)
        if new["appRoles"] != old["appRoles"]:
            self._disable(object_id, "appRoles", new["appRoles"], lambda app: app.get("appRoles") or [])
        scopes = new["api"]["oauth2PermissionScopes"]
        if scopes == old["api"]["oauth2PermissionScopes"]:
            del new["api"]["oauth2PermissionScopes"]
        else:
            self._disable(
                object_id, "api", scopes, lambda app: (app.get("api") or {}).get("oauth2PermissionScopes") or []
            )
        changed = [key for key in _IF_CHANGED if new[key] != old[key]]
        body = {key: new[key] for key in [*_ALWAYS, *changed]}
        if body.get("optionalClaims") == {}:
            body["optionalClaims"] = {"accessToken": [], "idToken": [], "saml2Token": []}
        self._graph.patch(object_id, body)
        if bool(inputs.get("oauth2PostResponseRequired")) != bool(state.get("oauth2PostResponseRequired")):
            self._set_post_response(object_id, inputs, ())
        owners.change(self._graph, object_id, state, inputs.get("owners") or [])

    def delete(self, object_id: str, state: Props) -> None:
        self._graph.delete(object_id)
        self._graph.wait_until_gone(object_id)

    def _disable(self, path: str, key: str, wanted: list[Props], existing: Callable[[Props], list[Props]]) -> None:
        """Graph changes or removes a role or scope only while it is disabled."""
        found = existing(self._graph.get(path))
        by_id = {item["id"]: item for item in wanted}
        affected = {item["id"] for item in found if item.get("isEnabled") and not _same(item, by_id.get(item["id"]))}
        if not affected:
            return
        disabled = [{**item, "isEnabled": False} if item["id"] in affected else item for item in found]
        value = disabled if key == "appRoles" else {"oauth2PermissionScopes": disabled}
        self._graph.patch(path, {"@odata.type": _TYPE, key: value})

        def all_disabled() -> bool:
            return not any(item["id"] in affected and item.get("isEnabled") for item in existing(self._graph.get(path)))

        self._graph.wait_until(all_disabled, f"the {key} of {path} to be disabled")

    def _set_post_response(self, path: str, inputs: Props, retry: tuple[RetryOn, ...]) -> None:
        body = {"@odata.type": _TYPE, "oauth2RequirePostResponse": bool(inputs.get("oauth2PostResponseRequired"))}
        self._graph.patch(path, body, BETA, retry=retry)

    def _refuse_duplicate(self, name: str) -> None:
        found = self._graph.list("/applications", filter=f"displayName eq '{name}'")
        if twin := next((app for app in found if app.get("displayName") == name), None):
            raise ProviderError(
                f"an application named {name!r} exists already (object ID {twin['id']}): preventDuplicateNames is on"
            )


def _same(found: Props, wanted: Props | None) -> bool:
    return wanted is not None and all(
        (sorted(value) if isinstance(value, list) else value or "")
        == (sorted(found.get(key) or []) if isinstance(value, list) else found.get(key) or "")
        for key, value in wanted.items()
    )
