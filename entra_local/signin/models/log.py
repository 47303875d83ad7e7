"""The sign-in log, in the shape in which Graph shows it at /auditLogs/signIns."""

from uuid import uuid4

from entra_local import clock
from entra_local.azure import NO_ID
from entra_local.graph.models.logs import note_activity
from entra_local.signin.exceptions import SignInError
from entra_local.signin.models.clients import Client
from entra_local.store import Directory
from entra_local.wire import JsonObject

KIND = "signIn"
KEPT = 1000
"""How many of the latest sign-ins are kept."""
_LONGEST = 1000
"""Characters of what a request brought."""


def write(
    directory: Directory,
    correlation_id: str,
    *,
    client: Client | None = None,
    user: JsonObject | None = None,
    name: str = "",
    error: SignInError | None = None,
    interactive: bool = True,
) -> None:
    """Note a sign-in, or with `error` a refusal. `name` is what was typed, where it is nobody's."""
    id_ = str(uuid4())
    entry: JsonObject = {
        "id": id_,
        "createdDateTime": clock.stamp(),
        "userDisplayName": user["displayName"] if user else "",
        "userPrincipalName": user["userPrincipalName"] if user else name[:_LONGEST],
        "userId": user["id"] if user else NO_ID,
        "appId": client.app_id if client else "",
        "appDisplayName": client.name if client else "",
        "ipAddress": "127.0.0.1",
        "clientAppUsed": "Browser",
        "correlationId": correlation_id,
        "conditionalAccessStatus": "notApplied",
        "isInteractive": interactive,
        "status": {
            "errorCode": error.number if error else 0,
            "failureReason": error.message[:_LONGEST] if error else "Other.",
            "additionalDetails": None,
        },
    }
    directory.put(KIND, id_, entry)
    if user is not None and error is None:
        note_activity(directory, user["id"], id_, interactive=interactive)
    surplus = directory.count(KIND) - KEPT
    if surplus > 0:
        oldest = [found.id for _, found in zip(range(surplus), directory.scan(KIND), strict=False)]
        for old in oldest:
            directory.remove(KIND, old)
