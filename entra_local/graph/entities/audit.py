"""Entries of the logs, which the tenant alone writes."""

from entra_local.graph.entities.entity import Entity
from entra_local.graph.schema import flag, identifier, moment, opaque, structure, text

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

DIRECTORY_AUDIT = Entity(
    "directoryAudit",
    "auditLogs/directoryAudits",
    {
        "id": text(),
        "category": text(),
        "correlationId": identifier(),
        "result": text(),
        "resultReason": text(),
        "activityDisplayName": text(),
        "activityDateTime": moment(),
        "loggedByService": text(),
        "operationType": text(),
        "initiatedBy": structure(),
        "targetResources": opaque([]),
        "additionalDetails": opaque([]),
    },
)
