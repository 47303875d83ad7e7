"""Reads a whole app registration from a live tenant. Changes nothing; what may not be read is named, not guessed."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_entra.access.permissions import GRAPH_APP_ID
from airflow_entra.directory import registration_parts as parts
from airflow_entra.directory.registered import (
    Assigned,
    Consent,
    FrequencyPolicy,
    LifetimePolicy,
    LiveGroup,
    Named,
    Permission,
    Registered,
    Trust,
)
from airflow_entra.errors import UserError
from airflow_entra.escape.odata import literal

if TYPE_CHECKING:
    from airflow_entra_auth.graph import Graph

T = TypeVar("T")
_PAGE = "999"
_PLATFORMS = {"spa": "single-page application", "publicClient": "mobile and desktop"}


def read_registration(graph: Graph, tenant_id: str, client_id: str, groups: Iterable[str] = ()) -> Registered:
    """The application with this client id, its service principal and what hangs on both.

    `groups` may hold object ids of groups to be read beside those that are assigned; what is no id is passed over.

    Raises UserError, and GraphError for all but a 403 about a part.
    """
    return _Reading(graph, tenant_id).whole(client_id, {one.lower() for one in groups if _is_id(one)})


class _Reading:
    def __init__(self, graph: Graph, tenant_id: str) -> None:
        self._graph, self._tenant_id = graph, tenant_id
        self._unread: list[str] = []

    def whole(self, client_id: str, groups: set[str]) -> Registered:
        found = self._application(client_id)
        here = f"/applications/{found['id']}"
        # A list shows no certificate, and only who asks for keyCredentials by name sees their public part.
        keys = self._graph.get(here, {"$select": "id,keyCredentials"}).get("keyCredentials")
        principal = self._principal(client_id)
        assigned = self._assigned(principal)
        web = found.get("web") or {}
        return Registered(
            tenant_id=self._tenant_id,
            object_id=found["id"],
            client_id=found["appId"],
            name=str(found.get("displayName") or ""),
            principal_id=principal["id"] if principal else None,
            assignment_required=bool(principal and principal.get("appRoleAssignmentRequired")),
            audience=str(found.get("signInAudience") or ""),
            tags=tuple(found.get("tags") or ()),
            redirects=tuple(web.get("redirectUris") or ()),
            other_redirects={
                name: tuple(uris)
                for key, name in _PLATFORMS.items()
                if (uris := (found.get(key) or {}).get("redirectUris"))
            },
            implicit=parts.implicit(web.get("implicitGrantSettings") or {}),
            public_client=found.get("isFallbackPublicClient") is True,
            group_claims=str(found.get("groupMembershipClaims") or ""),
            app_roles=tuple(map(parts.app_role, found.get("appRoles") or ())),
            beside=parts.beside(found),
            contacts=parts.contacts(found),
            service_reference=str(found.get("serviceManagementReference") or ""),
            id_token_claims=parts.id_token_claims(found),
            token_version=(found.get("api") or {}).get("requestedAccessTokenVersion"),
            mapped_claims=(found.get("api") or {}).get("acceptMappedClaims") is True,
            delegated=parts.delegated(found),
            application_permissions=parts.application_permissions(found),
            owners=self._owners(here),
            secrets=tuple(map(parts.secret, found.get("passwordCredentials") or ())),
            certificates=tuple(map(parts.certificate, keys or ())),
            trusts=self._trusts(here),
            assigned=assigned,
            groups=self._groups(groups | {one.principal for one in assigned if one.kind == "Group"}),
            granted=self._granted(principal),
            consents=self._consents(principal),
            lifetime_policy=self._lifetime(found["id"]),
            frequency_policies=self._frequencies(client_id),
            unread=tuple(dict.fromkeys(self._unread)),
        )

    def _application(self, client_id: str) -> dict[str, Any]:
        for found in self._graph.pages("/applications", {"$filter": f"appId eq {literal(client_id)}"}):
            return dict(found)
        by_object = self._allowed(
            "", lambda: list(self._graph.pages("/applications", {"$filter": f"id eq {literal(client_id)}"}))
        )
        meant = (
            f"that is the object id of an application whose client id is {by_object[0]['appId']}"
            if by_object
            else "copy the Application (client) ID from the application's Overview page, not its object id"
        )
        raise UserError(f"tenant {self._tenant_id} has no application {client_id}: {meant}")

    def _principal(self, client_id: str) -> dict[str, Any] | None:
        found = self._graph.pages("/servicePrincipals", {"$filter": f"appId eq {literal(client_id)}"})
        return next(map(dict, found), None)

    def _owners(self, here: str) -> tuple[Named, ...]:
        owners = self._allowed("the application's owners", lambda: list(self._graph.pages(f"{here}/owners")))
        return tuple(Named(one["id"], str(one.get("displayName") or "")) for one in owners or ())

    def _trusts(self, here: str) -> tuple[Trust, ...]:
        path = f"{here}/federatedIdentityCredentials"
        found = self._allowed("federated credentials", lambda: list(self._graph.pages(path))) or []
        return tuple(map(parts.trust, found))

    def _assigned(self, principal: Mapping[str, Any] | None) -> tuple[Assigned, ...]:
        if principal is None:
            return ()
        path = f"/servicePrincipals/{principal['id']}/appRoleAssignedTo"
        found = self._allowed("who is assigned", lambda: list(self._graph.pages(path))) or []
        return tuple(
            Assigned(
                one["id"],
                one["principalId"],
                str(one.get("principalType") or ""),
                str(one.get("principalDisplayName") or ""),
                one["appRoleId"],
            )
            for one in found
        )

    def _groups(self, ids: set[str]) -> dict[str, LiveGroup]:
        found = self._allowed("the assigned groups", lambda: self._graph.get_by_ids(ids, ["group"]) if ids else [])
        return {one["id"]: self._group(one) for one in found or ()}

    def _group(self, group: Mapping[str, Any]) -> LiveGroup:
        return LiveGroup(
            id=group["id"],
            name=str(group.get("displayName") or ""),
            nickname=str(group.get("mailNickname") or ""),
            description=str(group.get("description") or ""),
            rule=group.get("membershipRule") if "DynamicMembership" in (group.get("groupTypes") or ()) else None,
            synced=group.get("onPremisesSyncEnabled") is True,
            security=group.get("securityEnabled") is not False,
            mail=group.get("mailEnabled") is True,
            role_assignable=group.get("isAssignableToRole") is True,
            inside=self._inside(group["id"]),
        )

    def _inside(self, group: str) -> tuple[Named, ...] | None:
        ask = {"$select": "id,displayName", "$top": _PAGE}
        members = self._allowed("groups' members", lambda: list(self._graph.pages(f"/groups/{group}/members", ask)))
        if members is None:
            return None
        kind = "#microsoft.graph.group"
        inner = (one for one in members if one.get("@odata.type") == kind)
        return tuple(Named(one["id"], str(one.get("displayName") or "")) for one in inner)

    def _granted(self, principal: Mapping[str, Any] | None) -> tuple[Permission, ...]:
        if principal is None:
            return ()
        path = f"/servicePrincipals/{principal['id']}/appRoleAssignments"
        found = self._allowed("granted application permissions", lambda: list(self._graph.pages(path))) or []
        return tuple(
            Permission(one["id"], one["resourceId"], one["appRoleId"])
            for one in found
            if one["resourceId"] in self._microsoft_graph
        )

    def _consents(self, principal: Mapping[str, Any] | None) -> tuple[Consent, ...]:
        if principal is None:
            return ()
        query = {"$filter": f"clientId eq '{principal['id']}'"}
        found = self._allowed("consents", lambda: list(self._graph.pages("/oauth2PermissionGrants", query))) or []
        return tuple(
            Consent(one["id"], frozenset((one.get("scope") or "").split()), one.get("consentType") == "AllPrincipals")
            for one in found
            if one["resourceId"] in self._microsoft_graph
        )

    @cached_property
    def _microsoft_graph(self) -> frozenset[str]:
        """The object id of Microsoft Graph's service principal in this tenant."""
        found = self._graph.pages("/servicePrincipals", {"$filter": f"appId eq '{GRAPH_APP_ID}'"})
        return frozenset(one["id"] for one in found)

    def _lifetime(self, application: str) -> LifetimePolicy | None:
        path = f"/applications/{application}/tokenLifetimePolicies"
        found = self._allowed("the token lifetime policy", lambda: list(self._graph.pages(path)))
        if not found:
            return None
        policy = found[0]
        applies = f"/policies/tokenLifetimePolicies/{policy['id']}/appliesTo"
        to = self._allowed("what else the token lifetime policy applies to", lambda: list(self._graph.pages(applies)))
        rules = parts.rules(policy)
        others = None if to is None else len({one["id"] for one in to} - {application})
        more = set(rules) - {"Version", "AccessTokenLifetime"}
        if policy.get("isOrganizationDefault"):
            others = (others or 0) + 1
        lifetime = str(rules.get("AccessTokenLifetime") or "")
        lifetime = lifetime.zfill(8) if lifetime.count(":") == 2 else lifetime
        return LifetimePolicy(policy["id"], str(policy.get("displayName") or ""), lifetime, others, bool(more))

    def _frequencies(self, client_id: str) -> tuple[FrequencyPolicy, ...]:
        path = "/identity/conditionalAccess/policies"
        found = self._allowed("Conditional Access policies", lambda: list(self._graph.pages(path))) or []
        read = (parts.frequency(policy, client_id) for policy in found)
        return tuple(policy for policy in read if policy)

    def _allowed(self, what: str, ask: Callable[[], T]) -> T | None:
        """What `ask` answers; None, and noted, where the identity may not ask it."""
        from airflow_entra_auth.graph import GraphError

        try:
            return ask()
        except GraphError as error:
            if error.status != 403 and what:
                raise
            if what:
                self._unread.append(what)
            return None


def _is_id(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
