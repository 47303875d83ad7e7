"""Every route of Graph that the tenant serves, and the permissions that it takes."""

from entra_local.graph import permissions as needs
from entra_local.graph.request import GraphRequest
from entra_local.graph.responses import applications, directory, groups, service_principals
from entra_local.routing import Route, Table

GraphRoute = Route[GraphRequest]

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
        "POST", "/servicePrincipals/{id}/appRoleAssignedTo", service_principals.assign, [needs.ASSIGNMENT_WRITE]
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
                [needs.ASSIGNMENT_WRITE],
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
    GraphRoute("GET", "/groups/{id}/members", groups.list_members, [needs.MEMBERSHIP_READ]),
    GraphRoute("GET", "/groups/{id}/transitiveMembers", groups.list_transitive_members, [needs.MEMBERSHIP_READ]),
    GraphRoute("POST", "/groups/{id}/members/$ref", groups.add_member, [needs.MEMBERSHIP_WRITE]),
    GraphRoute("DELETE", "/groups/{id}/members/{member}/$ref", groups.remove_member, [needs.MEMBERSHIP_WRITE]),
    *(
        route
        for collection in ("groups", "users", "servicePrincipals", "directoryObjects")
        for route in (
            GraphRoute("GET", f"/{collection}/{{id}}/memberOf", groups.list_member_of, [needs.MEMBERSHIP_READ]),
            GraphRoute(
                "GET",
                f"/{collection}/{{id}}/transitiveMemberOf",
                groups.list_transitive_member_of,
                [needs.MEMBERSHIP_READ],
            ),
            GraphRoute("POST", f"/{collection}/{{id}}/getMemberGroups", groups.member_groups, [needs.MEMBERSHIP_READ]),
            GraphRoute("POST", f"/{collection}/{{id}}/getMemberObjects", groups.member_groups, [needs.MEMBERSHIP_READ]),
        )
    ),
]

_DIRECTORY = [
    GraphRoute("POST", "/directoryObjects/getByIds", directory.get_by_ids, [needs.OBJECT_READ]),
    GraphRoute("GET", "/directoryObjects/{id}", directory.read_object, [needs.OBJECT_READ]),
    GraphRoute("GET", "/domains", directory.list_domains, [needs.DOMAIN_READ]),
    GraphRoute("GET", "/organization", directory.list_organization, [needs.ORGANIZATION_READ]),
]

TABLE = Table([*_APPLICATIONS, *_PRINCIPALS, *_GROUPS, *_DIRECTORY])
