"""The sign-in log's entries, which the tenant alone writes."""

from entra_local.graph.entities.entity import Entity
from entra_local.graph.schema import flag, identifier, moment, structure, text

SIGN_IN = Entity(
    "signIn",
    "auditLogs/signIns",
    {
        "id": identifier(),
        "createdDateTime": moment(),
        "userDisplayName": text(),
        "userPrincipalName": text(),
        "userId": identifier(),
        "appId": identifier(),
        "appDisplayName": text(),
        "ipAddress": text(),
        "clientAppUsed": text(),
        "correlationId": identifier(),
        "conditionalAccessStatus": text(),
        "isInteractive": flag(),
        "status": structure(),
    },
)
