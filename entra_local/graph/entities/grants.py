"""App role assignments and delegated permission grants."""

from entra_local.graph.entities.entity import Entity
from entra_local.graph.schema import identifier, in_beta, moment, read_only, text

APP_ROLE_ASSIGNMENT = Entity(
    "appRoleAssignment",
    "appRoleAssignments",
    {
        "id": read_only(text()),
        "deletedDateTime": read_only(moment()),
        "appRoleId": identifier(),
        "createdDateTime": read_only(moment()),
        "principalDisplayName": read_only(text()),
        "principalId": identifier(),
        "principalType": read_only(text()),
        "resourceDisplayName": read_only(text()),
        "resourceId": identifier(),
    },
)

PERMISSION_GRANT = Entity(
    "oauth2PermissionGrant",
    "oauth2PermissionGrants",
    {
        "clientId": identifier(),
        "consentType": text(among=("AllPrincipals", "Principal")),
        "id": read_only(text()),
        "principalId": identifier(),
        "resourceId": identifier(),
        "scope": text(3850),
        "startTime": in_beta(moment()),
        "expiryTime": in_beta(moment()),
    },
)
