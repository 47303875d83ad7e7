"""Reading the tenant's logs: what its licence lets anyone see, and how long it is kept."""

from collections.abc import Iterator
from itertools import takewhile

from entra_local import clock
from entra_local.graph.exceptions import NoPremiumLicence
from entra_local.graph.models.applications import directory_tenant
from entra_local.store import Directory
from entra_local.wire import JsonObject

ACTIVITY = "signInActivity"
"""The kind of document that holds when a person signed in last, and how a user shows it."""
FREE = "none"
"""The licence of a tenant that has no premium one; the seed says, and P1 is what it is unless it does."""
_DAYS = 24 * 3600


def require_premium(directory: Directory) -> None:
    """Sign-in logs and activity want P1. Raises NoPremiumLicence."""
    if _licence(directory) == FREE:
        raise NoPremiumLicence


def entries(directory: Directory, kind: str, moment: str, before: int = 0) -> Iterator[tuple[int, JsonObject]]:
    """A log's entries with their positions, newest first: 30 days of them, 7 without a premium licence.

    `moment` is the property that says when; `before` is the position to continue from.
    """
    days = 7 if _licence(directory) == FREE else 30
    horizon = clock.stamp(clock.at(clock.seconds() - days * _DAYS))
    found = ((document.position, document.body) for document in directory.scan_back(kind, before))
    return takewhile(lambda row: row[1][moment] >= horizon, found)


def activity_of(directory: Directory, user_id: str) -> JsonObject | None:
    """When a person signed in last, or None where they never did."""
    found = directory.get(ACTIVITY, user_id)
    return _NEVER | found.body if found else None


def note_activity(directory: Directory, user_id: str, request_id: str, *, interactive: bool) -> None:
    """Note that a person has signed in."""
    known = directory.get(ACTIVITY, user_id)
    name = "lastSignIn" if interactive else "lastNonInteractiveSignIn"
    now = signed_in(clock.stamp(), request_id, name)
    directory.put(ACTIVITY, user_id, (known.body if known else _NEVER) | now)


def signed_in(moment: str, request_id: str | None = None, name: str = "lastSignIn") -> JsonObject:
    """What a sign-in changes in somebody's activity, which is all of it where it is the first."""
    times = {f"{name}DateTime": moment, "lastSuccessfulSignInDateTime": moment}
    return times | {f"{name}RequestId": request_id, "lastSuccessfulSignInRequestId": request_id}


_NEVER: JsonObject = {
    f"{name}{what}": None
    for name in ("lastSignIn", "lastNonInteractiveSignIn", "lastSuccessfulSignIn")
    for what in ("DateTime", "RequestId")
}


def _licence(directory: Directory) -> str:
    return str(directory_tenant(directory).get("licence", "P1"))
