"""What the live tenant says to the few questions that a deployment has. Asks nothing until asked; changes nothing.

A deploying identity often may not read what is asked. Each answer is then `Denied`, which says what was not checked:
never an error, because the part that was asked about is somebody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_entra.access import api_versions
from airflow_entra.access.azure_needs import Allowed
from airflow_entra.access.azure_roles import permissions, role_assignment
from airflow_entra.access.held import Held, held
from airflow_entra.directory.credentials import ARM, GRAPH, token_source
from airflow_entra.directory.replication import once_there
from airflow_entra_auth.azure import GRAPH_V1, RESOURCE_MANAGER

if TYPE_CHECKING:
    from airflow_entra_auth.graph import Graph

T = TypeVar("T")
_PRINCIPAL_TYPES = {
    "#microsoft.graph.group": "Group",
    "#microsoft.graph.servicePrincipal": "ServicePrincipal",
    "#microsoft.graph.user": "User",
}
_VAULTS = {"api-version": api_versions.KEY_VAULT}
_ID = {"$select": "id"}
_ROLE_ASSIGNMENTS = {"api-version": api_versions.AUTHORIZATION}


@dataclass(frozen=True)
class Denied:
    """The identity may not ask this; `what` completes the sentence "could not check ..."."""

    what: str

    def __str__(self) -> str:
        return f"could not check {self.what}: the deploying identity may not read it"


class LiveTenant:
    """One tenant, asked through Microsoft Graph and Azure Resource Manager. Raises GraphError except for a 403."""

    def __init__(
        self, graph: Callable[[], Graph], arm: Callable[[], Graph], token: Callable[[], str] = lambda: ""
    ) -> None:
        self._connect_graph, self._connect_arm, self._token = graph, arm, token
        self._made: frozenset[str] = frozenset()
        self._say: Callable[[str], object] = lambda _: None

    @classmethod
    def from_environment(cls, tenant_id: str) -> LiveTenant:
        """The tenant as the identity in the ARM_* variables sees it; signs in at the first question."""

        def connect(token: Callable[[], str], base: str) -> Graph:
            from airflow_entra_auth.graph import Graph  # httpx costs 0.3 s: only where something is asked

            return Graph(token, base=base)

        token, azure = token_source(GRAPH, tenant_id), token_source(ARM, tenant_id)
        return cls(lambda: connect(token, GRAPH_V1), lambda: connect(azure, RESOURCE_MANAGER), token)

    @cached_property
    def _graph(self) -> Graph:
        return self._connect_graph()

    @cached_property
    def _arm(self) -> Graph:
        return self._connect_arm()

    def just_made(self, ids: Iterable[str], say: Callable[[str], object]) -> None:
        """This run makes these objects: they are waited for where Graph doesn't show them yet."""
        self._made, self._say = frozenset(ids), say

    def _pages(self, path: str) -> list[Any]:
        return once_there(lambda: list(self._graph.pages(path)), self._graph, self._made, say=self._say)

    def identity(self) -> Held | None:
        """Who asks and what it may do in Graph, by its token; None where that says nothing."""
        return held(self._token())

    def missing_groups(self, ids: Iterable[str]) -> frozenset[str] | Denied:
        """Those of `ids` that are no group of the tenant; one call for up to 1,000 of them."""
        wanted = frozenset(ids)
        if not wanted:
            return wanted
        found = _unless_denied(lambda: self._graph.get_by_ids(wanted, ["group"]), "that the named groups exist")
        return found if isinstance(found, Denied) else wanted - {group["id"] for group in found}

    def service_principals(self, ids: Iterable[str]) -> frozenset[str] | Denied:
        """Those of `ids` that are service principals: a person, a group or nobody is none. One call for each, because
        Application.ReadWrite.OwnedBy alone may ask for one and not for a list of objects."""

        def found() -> frozenset[str]:
            return frozenset(id_ for id_ in ids if _or_none(partial(self._graph.get, f"/servicePrincipals/{id_}", _ID)))

        return _unless_denied(found, "that no person owns the application")

    def vault_is_soft_deleted(self, subscription: str, location: str, vault: str) -> bool | Denied:
        """Whether a vault of this name waits to be recovered or purged: its name is taken until then."""
        place = location.lower().replace(" ", "")
        path = f"/subscriptions/{subscription}/providers/Microsoft.KeyVault/locations/{place}/deletedVaults/{vault}"
        what = f"whether vault {vault} was deleted and can be recovered"
        found = _unless_denied(lambda: _or_none(lambda: self._arm.get(path, _VAULTS)), what)
        return found if isinstance(found, Denied) else found is not None

    def azure_policy(self, group: str, resource: Mapping[str, Any]) -> dict[str, Any] | Denied:
        """What Azure Policy would say to a resource in a resource group (its id)."""
        path = f"{group}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions?api-version={api_versions.POLICY}"
        return _unless_denied(partial(self._arm.post, path, resource, asks=True), "Azure Policy")

    def vault_is_there(self, vault: str) -> bool:
        """Whether a vault (its resource id) is seen to be there."""
        found = _unless_denied(lambda: _or_none(lambda: self._arm.get(vault, _VAULTS)), "the vault")
        return found is not None and not isinstance(found, Denied)

    def policy(self, name: str) -> dict[str, Any] | Denied:
        """What is below /policies by this name: one policy, or a list as `value`."""
        return _unless_denied(partial(self._graph.get, f"/policies/{name}"), f"the policy {name}")

    def made(self, tag: str) -> datetime | None:
        """When the application with this tag was made; None where there is none, or it may not be looked for."""
        query = {"$filter": f"tags/any(t:t eq '{tag}')", "$select": "createdDateTime"}
        found = _unless_denied(lambda: list(self._graph.pages("/applications", query)), "the application")
        known = () if isinstance(found, Denied) else found
        return min((datetime.fromisoformat(one["createdDateTime"]) for one in known), default=None)

    def app_role_assignments(self, service_principal: str) -> frozenset[tuple[str, str]] | Denied:
        """Who is assigned to the application, as (principal id, app role id)."""
        path = f"/servicePrincipals/{service_principal}/appRoleAssignedTo"
        found = _unless_denied(lambda: self._pages(path), "which groups are assigned")
        if isinstance(found, Denied):
            return found
        return frozenset((item["principalId"], item["appRoleId"]) for item in found)

    def consented_scopes(self, service_principal: str) -> frozenset[str] | Denied:
        """The Graph scopes that an administrator has granted to the application for everybody."""
        query = {"$filter": f"clientId eq '{service_principal}' and consentType eq 'AllPrincipals'"}
        found = _unless_denied(lambda: list(self._graph.pages("/oauth2PermissionGrants", query)), "admin consent")
        if isinstance(found, Denied):
            return found
        return frozenset(scope for grant in found for scope in (grant.get("scope") or "").split())

    def app_permissions(self, service_principal: str) -> frozenset[str] | Denied:
        """The ids of the app roles that a service principal itself has, Graph's permissions among them."""
        path = f"/servicePrincipals/{service_principal}/appRoleAssignments"
        found = _unless_denied(lambda: self._pages(path), "the application's own permissions")
        return found if isinstance(found, Denied) else frozenset(item["appRoleId"] for item in found)

    def asked_for_itself(self, tag: str) -> frozenset[str] | Denied:
        """The ids of the application permissions in the manifests of the applications with this tag."""
        query = {"$filter": f"tags/any(t:t eq '{tag}')", "$select": "requiredResourceAccess"}
        what = "what the application that people sign in to may read by itself"
        found = _unless_denied(lambda: list(self._graph.pages("/applications", query)), what)
        if isinstance(found, Denied):
            return found
        wanted = (one for application in found for one in application.get("requiredResourceAccess") or ())
        return frozenset(one["id"] for access in wanted for one in access["resourceAccess"] if one["type"] == "Role")

    def token_lifetime_policies(self, application: str) -> tuple[dict[str, Any], ...] | Denied:
        """The token lifetime policies on the application (object id): at most one, by Graph's own rule."""
        path = f"/applications/{application}/tokenLifetimePolicies"
        found = _unless_denied(lambda: self._pages(path), "the application's token lifetime policy")
        return found if isinstance(found, Denied) else tuple(found)

    def conditional_access_policies(self, client_id: str) -> tuple[dict[str, Any], ...] | Denied:
        """The Conditional Access policies that rule the application (client id)."""
        path = "/identity/conditionalAccess/policies"
        found = _unless_denied(lambda: list(self._graph.pages(path)), "Conditional Access policies")
        if isinstance(found, Denied):
            return found
        return tuple(policy for policy in found if {client_id, "All"} & set(_included_applications(policy)))

    def principal_type(self, object_id: str) -> str | Denied | None:
        """What Azure calls the kind of a principal, such as ServicePrincipal; None where the directory shows none."""
        path = f"/directoryObjects/{object_id}"
        found = _unless_denied(lambda: _or_none(lambda: self._graph.get(path, {"$select": "id"})), "who reads secrets")
        return _PRINCIPAL_TYPES.get(found["@odata.type"]) if isinstance(found, dict) else found

    def role_assignment_exists(self, scope: str, name: str) -> bool | Denied:
        """Whether the Azure role assignment `name` exists at `scope` (a resource id)."""
        path = role_assignment(scope, name)
        what = "Azure role assignments"
        found = _unless_denied(lambda: _or_none(lambda: self._arm.get(path, _ROLE_ASSIGNMENTS)), what)
        return found if isinstance(found, Denied) else found is not None

    def allowed_at(self, scope: str) -> tuple[Allowed, ...] | Denied | None:
        """What the caller may do in Azure at a scope (a resource id), by all its roles; None where there is no such
        thing. https://learn.microsoft.com/rest/api/authorization/permissions"""
        path, what = permissions(scope), f"the roles of Azure on {scope}"
        found = _unless_denied(lambda: _or_none(lambda: self._arm.get(path, _ROLE_ASSIGNMENTS)), what)
        if found is None or isinstance(found, Denied):
            return found
        if found.get("nextLink"):
            return Denied(what)  # a part of them proves nothing
        return tuple(
            Allowed(tuple(one.get("actions") or ()), tuple(one.get("notActions") or ())) for one in found["value"]
        )


def _included_applications(policy: dict[str, Any]) -> list[str]:
    applications = (policy.get("conditions") or {}).get("applications") or {}
    return applications.get("includeApplications") or []


def _unless_denied(ask: Callable[[], T], what: str) -> T | Denied:
    from airflow_entra_auth.graph import GraphError

    try:
        return ask()
    except GraphError as error:
        if error.status == 403:
            return Denied(what)
        raise


def _or_none(ask: Callable[[], T]) -> T | None:
    from airflow_entra_auth.graph import GraphError

    try:
        return ask()
    except GraphError as error:
        if error.status == 404:
            return None
        raise
