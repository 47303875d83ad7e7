"""Every route of Graph that the tenant serves, and the permissions that it takes."""

from collections.abc import Callable, Iterator

from entra_local.graph import permissions as needs
from entra_local.graph.entities import (
    APPLICATION,
    CLAIMS_MAPPING_POLICY,
    SERVICE_PRINCIPAL,
    TOKEN_LIFETIME_POLICY,
    Entity,
)
from entra_local.graph.models.policies import OWNERS, link_name
from entra_local.graph.models.tenant_policies import APP_MANAGEMENT, AUTHORIZATION, SECURITY_DEFAULTS
from entra_local.graph.request import GraphRequest
from entra_local.graph.responses import (
    applications,
    audit,
    conditional_access,
    deleted,
    delta,
    directory,
    groups,
    membership,
    service_principals,
    users,
)
from entra_local.graph.responses.by_app_id import by_app_id
from entra_local.graph.responses.me import of_me
from entra_local.graph.responses.policies import AssignedPolicyResponses, PolicyResponses, TenantPolicyResponses
from entra_local.routing import Route
from entra_local.wire import Reply

GraphRoute = Route[GraphRequest]
Handler = Callable[[GraphRequest], Reply]

_BY_APP_ID = [
    # Before the routes with an id: https://learn.microsoft.com/graph/api/serviceprincipal-get
    GraphRoute(
        "GET", "/applications(appId='{appId}')", by_app_id(APPLICATION, applications.read), [needs.APPLICATION_READ]
    ),
    GraphRoute(
        "GET",
        "/servicePrincipals(appId='{appId}')",
        by_app_id(SERVICE_PRINCIPAL, service_principals.read),
        [needs.APPLICATION_READ],
    ),
    GraphRoute(
        "GET",
        "/servicePrincipals(appId='{appId}')/appRoleAssignedTo",
        by_app_id(SERVICE_PRINCIPAL, service_principals.list_assigned_to),
        [needs.ASSIGNMENT_READ],
    ),
]
"""The routes that name an application by its client id."""

_APPLICATIONS = [
    GraphRoute("GET", "/applications", applications.list_all, [needs.APPLICATION_READ]),
    GraphRoute("POST", "/applications", applications.create, [needs.APPLICATION_WRITE]),
    GraphRoute("GET", "/applications/{id}", applications.read, [needs.APPLICATION_READ]),
    GraphRoute("PATCH", "/applications/{id}", applications.update, [needs.APPLICATION_WRITE]),
    GraphRoute("DELETE", "/applications/{id}", applications.delete, [needs.APPLICATION_WRITE]),
    GraphRoute("POST", "/applications/{id}/addPassword", applications.add_password, [needs.APPLICATION_WRITE]),
    GraphRoute("POST", "/applications/{id}/removePassword", applications.remove_password, [needs.APPLICATION_WRITE]),
    GraphRoute("GET", "/applications/{id}/owners", applications.list_owners, [needs.APPLICATION_READ]),
    GraphRoute("POST", "/applications/{id}/owners/$ref", applications.add_owner, [needs.APPLICATION_WRITE]),
    GraphRoute(
        "DELETE", "/applications/{id}/owners/{owner}/$ref", applications.remove_owner, [needs.APPLICATION_WRITE]
    ),
    GraphRoute(
        "GET", "/applications/{id}/federatedIdentityCredentials", applications.list_federated, [needs.APPLICATION_READ]
    ),
    GraphRoute(
        "POST", "/applications/{id}/federatedIdentityCredentials", applications.add_federated, [needs.APPLICATION_WRITE]
    ),
    GraphRoute(
        "GET",
        "/applications/{id}/federatedIdentityCredentials/{credential}",
        applications.read_federated,
        [needs.APPLICATION_READ],
    ),
    GraphRoute(
        "PATCH",
        "/applications/{id}/federatedIdentityCredentials/{credential}",
        applications.update_federated,
        [needs.APPLICATION_WRITE],
    ),
    GraphRoute(
        "DELETE",
        "/applications/{id}/federatedIdentityCredentials/{credential}",
        applications.remove_federated,
        [needs.APPLICATION_WRITE],
    ),
]

_PRINCIPALS = [
    GraphRoute("GET", "/servicePrincipals", service_principals.list_all, [needs.APPLICATION_READ]),
    GraphRoute("POST", "/servicePrincipals", service_principals.create, [needs.APPLICATION_WRITE]),
    GraphRoute("GET", "/servicePrincipals/{id}", service_principals.read, [needs.APPLICATION_READ]),
    GraphRoute("PATCH", "/servicePrincipals/{id}", service_principals.update, [needs.APPLICATION_WRITE]),
    GraphRoute("DELETE", "/servicePrincipals/{id}", service_principals.delete, [needs.APPLICATION_WRITE]),
    GraphRoute("GET", "/servicePrincipals/{id}/owners", service_principals.list_owners, [needs.APPLICATION_READ]),
    GraphRoute("POST", "/servicePrincipals/{id}/owners/$ref", service_principals.add_owner, [needs.APPLICATION_WRITE]),
    GraphRoute(
        "DELETE",
        "/servicePrincipals/{id}/owners/{owner}/$ref",
        service_principals.remove_owner,
        [needs.APPLICATION_WRITE],
    ),
    GraphRoute(
        "GET", "/servicePrincipals/{id}/appRoleAssignedTo", service_principals.list_assigned_to, [needs.ASSIGNMENT_READ]
    ),
    GraphRoute(
        "POST",
        "/servicePrincipals/{id}/appRoleAssignedTo",
        service_principals.assign,
        [needs.ASSIGNMENT_WRITE, needs.APPLICATION_READ_ALL],
    ),
    GraphRoute(
        "GET",
        "/servicePrincipals/{id}/appRoleAssignedTo/{assignment}",
        service_principals.read_assigned_to,
        [needs.ASSIGNMENT_READ],
    ),
    GraphRoute(
        "DELETE",
        "/servicePrincipals/{id}/appRoleAssignedTo/{assignment}",
        service_principals.unassign,
        [needs.ASSIGNMENT_WRITE],
    ),
    GraphRoute(
        "GET", "/servicePrincipals/{id}/oauth2PermissionGrants", service_principals.list_own_grants, [needs.GRANT_READ]
    ),
    *(
        route
        for collection in ("servicePrincipals", "groups", "users")
        for route in (
            GraphRoute(
                "GET",
                f"/{collection}/{{id}}/appRoleAssignments",
                service_principals.list_assignments,
                [needs.ASSIGNMENT_READ],
            ),
            GraphRoute(
                "POST",
                f"/{collection}/{{id}}/appRoleAssignments",
                service_principals.assign_principal,
                [needs.ASSIGNMENT_WRITE, needs.APPLICATION_READ_ALL],
            ),
            GraphRoute(
                "DELETE",
                f"/{collection}/{{id}}/appRoleAssignments/{{assignment}}",
                service_principals.unassign_principal,
                [needs.ASSIGNMENT_WRITE],
            ),
        )
    ),
    GraphRoute("GET", "/oauth2PermissionGrants", service_principals.list_grants, [needs.GRANT_READ]),
    GraphRoute("POST", "/oauth2PermissionGrants", service_principals.grant, [needs.GRANT_WRITE]),
    GraphRoute("GET", "/oauth2PermissionGrants/{id}", service_principals.read_grant, [needs.GRANT_READ]),
    GraphRoute("PATCH", "/oauth2PermissionGrants/{id}", service_principals.update_grant, [needs.GRANT_WRITE]),
    GraphRoute("DELETE", "/oauth2PermissionGrants/{id}", service_principals.revoke, [needs.GRANT_WRITE]),
]

_GROUPS = [
    GraphRoute("GET", "/groups", groups.list_all, [needs.GROUP_READ]),
    GraphRoute("POST", "/groups", groups.create, [needs.GROUP_CREATE]),
    GraphRoute("GET", "/groups/{id}", groups.read, [needs.GROUP_READ]),
    GraphRoute("PATCH", "/groups/{id}", groups.update, [needs.GROUP_WRITE]),
    GraphRoute("DELETE", "/groups/{id}", groups.delete, [needs.GROUP_WRITE]),
    GraphRoute("GET", "/groups/{id}/owners", groups.list_owners, [needs.GROUP_READ]),
    GraphRoute("POST", "/groups/{id}/owners/$ref", groups.add_owner, [needs.GROUP_WRITE]),
    GraphRoute("DELETE", "/groups/{id}/owners/{owner}/$ref", groups.remove_owner, [needs.GROUP_WRITE]),
    GraphRoute("POST", "/groups/{id}/members/$ref", groups.add_member, [needs.MEMBERSHIP_WRITE]),
    GraphRoute("DELETE", "/groups/{id}/members/{member}/$ref", groups.remove_member, [needs.MEMBERSHIP_WRITE]),
]


def _list_and_count(path: str, listed: Handler, counted: Handler) -> Iterator[GraphRoute]:
    """A list, the same of one type, and how many are in each."""
    for cast in ("", "/microsoft.graph.{kind}"):
        yield GraphRoute("GET", f"{path}{cast}", listed, [needs.MEMBERSHIP_READ])
        yield GraphRoute("GET", f"{path}{cast}/$count", counted, [needs.MEMBERSHIP_READ])


def _membership() -> Iterator[GraphRoute]:
    yield from _list_and_count("/groups/{id}/members", membership.list_members, membership.count_members)
    yield from _list_and_count(
        "/groups/{id}/transitiveMembers", membership.list_transitive_members, membership.count_transitive_members
    )
    for collection in ("groups", "users", "servicePrincipals", "directoryObjects"):
        one = f"/{collection}/{{id}}"
        yield from _list_and_count(f"{one}/memberOf", membership.list_member_of, membership.count_member_of)
        yield from _list_and_count(
            f"{one}/transitiveMemberOf", membership.list_transitive_member_of, membership.count_transitive_member_of
        )
        for what in ("Groups", "Objects"):
            needed = [needs.MEMBERSHIP_READ]
            yield GraphRoute("POST", f"{one}/getMember{what}", membership.member_groups, needed)
            yield GraphRoute("POST", f"{one}/checkMember{what}", membership.check_member_groups, needed)


DELTAS = [
    # Before the routes with an id: "delta" is none. SDKs write the function's full name.
    GraphRoute("GET", f"/{collection}/{name}", handler, needed)
    for name in ("delta", "delta()", "microsoft.graph.delta", "microsoft.graph.delta()")
    for collection, handler, needed in (
        ("users", delta.users, [needs.USER_READ]),
        ("groups", delta.groups, [needs.MEMBERSHIP_READ]),
    )
]
"""The routes that take query options of their own."""

_DIRECTORY = [
    GraphRoute("POST", "/directoryObjects/getByIds", directory.get_by_ids, [needs.OBJECT_READ]),
    GraphRoute("GET", "/directoryObjects/{id}", directory.read_object, [needs.OBJECT_READ]),
    GraphRoute("GET", "/domains", directory.list_domains, [needs.DOMAIN_READ]),
    GraphRoute("GET", "/organization", directory.list_organization, [needs.ORGANIZATION_READ]),
]

_USERS = [
    GraphRoute("GET", "/users", users.list_all, [needs.USER_READ]),
    GraphRoute("POST", "/users", users.create, [needs.USER_WRITE]),
    GraphRoute("GET", "/users/{id}", users.read, [needs.USER_READ]),
    GraphRoute("PATCH", "/users/{id}", users.update, [needs.USER_WRITE]),
    GraphRoute("DELETE", "/users/{id}", users.delete, [needs.USER_WRITE]),
    GraphRoute("POST", "/users/{id}/revokeSignInSessions", users.revoke_sessions, [needs.SESSIONS_REVOKE]),
    GraphRoute("GET", "/users/{id}/manager", users.read_manager, [needs.USER_READ]),
    GraphRoute("PUT", "/users/{id}/manager/$ref", users.set_manager, [needs.USER_WRITE]),
    GraphRoute("DELETE", "/users/{id}/manager/$ref", users.remove_manager, [needs.USER_WRITE]),
]

_ME = [
    GraphRoute("GET", "/me", of_me(users.read), [needs.ME_READ]),
    GraphRoute("GET", "/me/memberOf", of_me(membership.list_member_of), [needs.ME_MEMBERSHIP_READ]),
    GraphRoute(
        "GET", "/me/transitiveMemberOf", of_me(membership.list_transitive_member_of), [needs.ME_MEMBERSHIP_READ]
    ),
    *(
        GraphRoute("POST", f"/me/{name}Member{what}", of_me(handler), [needs.ME_MEMBERSHIP_READ])
        for name, handler in (("get", membership.member_groups), ("check", membership.check_member_groups))
        for what in ("Groups", "Objects")
    ),
    GraphRoute(
        "POST", "/me/revokeSignInSessions", of_me(users.revoke_sessions), [needs.SESSIONS_REVOKE | {"User.ReadWrite"}]
    ),
]
_AUDIT = [
    GraphRoute("GET", "/auditLogs/signIns", audit.list_sign_ins, [needs.AUDIT_READ]),
    GraphRoute("GET", "/auditLogs/signIns/{id}", audit.read_sign_in, [needs.AUDIT_READ]),
    GraphRoute("GET", "/auditLogs/directoryAudits", audit.list_directory_audits, [needs.AUDIT_READ]),
    GraphRoute("GET", "/auditLogs/directoryAudits/{id}", audit.read_directory_audit, [needs.AUDIT_READ]),
]


def _policy_routes(entity: Entity) -> Iterator[GraphRoute]:
    """A type of policy, and its assignment to applications and service principals."""
    kind = PolicyResponses(entity)
    one = f"/{entity.collection}/{{policy}}"
    yield GraphRoute("GET", f"/{entity.collection}", kind.list_all, [needs.POLICY_READ])
    yield GraphRoute("POST", f"/{entity.collection}", kind.create, [needs.POLICY_WRITE])
    yield GraphRoute("GET", one, kind.read, [needs.POLICY_READ])
    yield GraphRoute("PATCH", one, kind.update, [needs.POLICY_WRITE])
    yield GraphRoute("DELETE", one, kind.delete, [needs.POLICY_WRITE])
    yield GraphRoute("GET", f"{one}/appliesTo", kind.applies_to, [needs.POLICY_READ, needs.APPLICATION_READ])
    for collection, owner in OWNERS.items():
        assigned = AssignedPolicyResponses(entity, owner)
        base = f"/{collection}/{{id}}/{link_name(entity)}"
        reading, writing = [needs.POLICY_READ, needs.APPLICATION_READ], [needs.POLICY_READ, needs.APPLICATION_WRITE]
        yield GraphRoute("GET", base, assigned.list_all, reading)
        yield GraphRoute("POST", f"{base}/$ref", assigned.add, writing)
        yield GraphRoute("DELETE", f"{base}/{{policy}}/$ref", assigned.remove, writing)


_POLICIES = [
    *(
        route
        for name, reading, writing in (
            (APP_MANAGEMENT, needs.POLICY_READ, needs.POLICY_WRITE),
            (AUTHORIZATION, needs.AUTHORIZATION_READ, needs.AUTHORIZATION_WRITE),
            (SECURITY_DEFAULTS, needs.SECURITY_DEFAULTS_READ, needs.SECURITY_DEFAULTS_WRITE),
        )
        for kind in [TenantPolicyResponses(name)]
        for route in (
            GraphRoute("GET", f"/policies/{name}", kind.read, [reading]),
            GraphRoute("PATCH", f"/policies/{name}", kind.update, [writing]),
        )
    ),
    *_policy_routes(TOKEN_LIFETIME_POLICY),
    *_policy_routes(CLAIMS_MAPPING_POLICY),
]

_POLICY = "/identity/conditionalAccess/policies"
_LOCATION = "/identity/conditionalAccess/namedLocations"
_CA_READ, _CA_WRITE = [needs.CONDITIONAL_ACCESS_READ], [needs.CONDITIONAL_ACCESS_WRITE]
_CONDITIONAL_ACCESS = [
    GraphRoute("GET", _POLICY, conditional_access.list_policies, _CA_READ),
    GraphRoute("POST", _POLICY, conditional_access.create_policy, _CA_WRITE),
    GraphRoute("GET", _POLICY + "/{policy}", conditional_access.read_policy, _CA_READ),
    GraphRoute("PATCH", _POLICY + "/{policy}", conditional_access.update_policy, _CA_WRITE),
    GraphRoute("DELETE", _POLICY + "/{policy}", conditional_access.delete_policy, _CA_WRITE),
    GraphRoute("GET", _LOCATION, conditional_access.list_locations, _CA_READ),
    GraphRoute("POST", _LOCATION, conditional_access.create_location, _CA_WRITE),
    GraphRoute("GET", _LOCATION + "/{location}", conditional_access.read_location, _CA_READ),
    GraphRoute("PATCH", _LOCATION + "/{location}", conditional_access.update_location, _CA_WRITE),
    GraphRoute("DELETE", _LOCATION + "/{location}", conditional_access.delete_location, _CA_WRITE),
]

_DELETED = [
    GraphRoute("GET", "/directory/deletedItems/microsoft.graph.{kind}", deleted.list_kind_of, [needs.ANY_DELETED_READ]),
    GraphRoute("GET", "/directory/deletedItems/{id}", deleted.read, [needs.ANY_DELETED_READ]),
    GraphRoute("POST", "/directory/deletedItems/{id}/restore", deleted.restore, [needs.ANY_DELETED_WRITE]),
    GraphRoute("DELETE", "/directory/deletedItems/{id}", deleted.purge, [needs.ANY_DELETED_WRITE]),
]

ROUTES = [
    *DELTAS,
    *_BY_APP_ID,
    *_APPLICATIONS,
    *_PRINCIPALS,
    *_GROUPS,
    *_membership(),
    *_USERS,
    *_ME,
    *_AUDIT,
    *_DIRECTORY,
    *_POLICIES,
    *_CONDITIONAL_ACCESS,
    *_DELETED,
]
"""All but $batch, which needs the service itself."""
