"""Application permissions that routes ask for: any one out of each group."""

OWNED_BY = "Application.ReadWrite.OwnedBy"
"""Reads every application and service principal, writes those that the caller owns, creates new ones."""

_DIRECTORY_READ = frozenset({"Directory.Read.All", "Directory.ReadWrite.All"})
_DIRECTORY_WRITE = frozenset({"Directory.ReadWrite.All"})

APPLICATION_WRITE = frozenset({OWNED_BY, "Application.ReadWrite.All"}) | _DIRECTORY_WRITE
APPLICATION_READ = frozenset({"Application.Read.All"}) | APPLICATION_WRITE | _DIRECTORY_READ
ASSIGNMENT_WRITE = frozenset({"AppRoleAssignment.ReadWrite.All"})
APPLICATION_READ_ALL = APPLICATION_READ - {OWNED_BY}
"""What assigning takes besides: https://learn.microsoft.com/graph/api/serviceprincipal-post-approleassignedto"""
ASSIGNMENT_READ = APPLICATION_READ | ASSIGNMENT_WRITE
GRANT_WRITE = frozenset({"DelegatedPermissionGrant.ReadWrite.All"}) | _DIRECTORY_WRITE
GRANT_READ = GRANT_WRITE | _DIRECTORY_READ

GROUP_WRITE = frozenset({"Group.ReadWrite.All"}) | _DIRECTORY_WRITE
GROUP_CREATE = GROUP_WRITE | {"Group.Create"}
_GROUP_WHOLE = GROUP_WRITE | _DIRECTORY_READ | {"Group.Read.All", "Group.Create"}
GROUP_READ = _GROUP_WHOLE | {"GroupMember.Read.All", "GroupMember.ReadWrite.All"}
"""The smallest reads a group's basic properties and its owners: https://learn.microsoft.com/graph/api/group-list-owners"""
MEMBERSHIP_WRITE = GROUP_WRITE | {"GroupMember.ReadWrite.All"}
MEMBERSHIP_READ = GROUP_READ

USER_WRITE = frozenset({"User.ReadWrite.All"}) | _DIRECTORY_WRITE
USER_READ = frozenset({"User.Read.All"}) | USER_WRITE | _DIRECTORY_READ
SESSIONS_REVOKE = frozenset({"User.RevokeSessions.All"}) | USER_WRITE
ME_READ = frozenset({"User.Read", "User.ReadWrite", "User.ReadBasic.All"}) | USER_READ
ME_MEMBERSHIP_READ = ME_READ | MEMBERSHIP_READ
AUDIT_READ = frozenset({"AuditLog.Read.All"})
READ_OF_KIND = {
    "application": APPLICATION_READ,
    "servicePrincipal": APPLICATION_READ,
    "group": GROUP_READ,
    "user": USER_READ,
}
"""What an object takes where the path doesn't say of which kind it is. In a list of several kinds, an object of a kind
that the caller may not read is shown by type and id alone: https://learn.microsoft.com/graph/permissions-overview"""
OBJECT_READ = frozenset[str]().union(*READ_OF_KIND.values())
DOMAIN_READ = frozenset({"Domain.Read.All", "Domain.ReadWrite.All"}) | _DIRECTORY_READ
ORGANIZATION_READ = frozenset({"Organization.Read.All", "Organization.ReadWrite.All"}) | _DIRECTORY_READ

POLICY_WRITE = frozenset({"Policy.ReadWrite.ApplicationConfiguration"})
POLICY_READ = POLICY_WRITE | {"Policy.Read.All"}
AUTHORIZATION_WRITE = frozenset({"Policy.ReadWrite.Authorization"})
AUTHORIZATION_READ = AUTHORIZATION_WRITE | {"Policy.Read.All"}
SECURITY_DEFAULTS_WRITE = frozenset({"Policy.ReadWrite.SecurityDefaults"})
SECURITY_DEFAULTS_READ = SECURITY_DEFAULTS_WRITE | {"Policy.Read.All"}
CONDITIONAL_ACCESS_WRITE = frozenset({"Policy.ReadWrite.ConditionalAccess"})
CONDITIONAL_ACCESS_READ = CONDITIONAL_ACCESS_WRITE | {"Policy.Read.All", "Policy.Read.ConditionalAccess"}
DELETED_READ = {
    "application": APPLICATION_READ,
    "servicePrincipal": APPLICATION_READ,
    "group": _GROUP_WHOLE,
    "user": USER_READ,
}
DELETED_WRITE = {
    "application": APPLICATION_WRITE,
    "servicePrincipal": APPLICATION_WRITE,
    "group": GROUP_WRITE,
    "user": USER_WRITE,
}
"""What deleted items take, which depends on their kind."""
ANY_DELETED_READ = frozenset[str]().union(*DELETED_READ.values())
ANY_DELETED_WRITE = frozenset[str]().union(*DELETED_WRITE.values())
