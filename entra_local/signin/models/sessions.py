"""Single sign-on: the session that a browser's cookie stands for, and the applications it signed in to."""

import hashlib
import secrets
from uuid import uuid4

from entra_local import clock
from entra_local.revocation import SESSION, forget_expired
from entra_local.store import Directory
from entra_local.wire import JsonObject

SECONDS = 24 * 3600
"""A session that nobody asked to keep lives for a day."""


def start(directory: Directory, user: JsonObject, before: JsonObject | None) -> tuple[str, JsonObject]:
    """A session for a person who just signed in: the cookie's new value, and the session.

    `before` is what the browser had: the same person's session goes on under its `sid`, another's ends.
    """
    forget_expired(directory, SESSION)
    value = secrets.token_urlsafe(32)
    session: JsonObject = {"sid": str(uuid4()), "userId": user["id"], "applications": []}
    if before is not None:
        directory.remove(SESSION, before["id"])
        if before["userId"] == user["id"]:
            session |= {name: before[name] for name in ("sid", "applications")}
    session |= {"id": _id(value), "authTime": clock.seconds(), "expires": clock.seconds() + SECONDS}
    _save(directory, session)
    return value, session


def find(directory: Directory, value: str | None) -> JsonObject | None:
    """The session of a cookie, if it still stands."""
    found = directory.get(SESSION, _id(value)) if value else None
    if found is None or clock.seconds() >= found.body["expires"]:
        return None
    return found.body


def used_for(directory: Directory, session: JsonObject, app_id: str) -> None:
    """Note that the session signed in to an application, which its sign-out must reach."""
    if app_id not in session["applications"]:
        session["applications"].append(app_id)
        _save(directory, session)


def end(directory: Directory, session: JsonObject) -> None:
    """End one session."""
    directory.remove(SESSION, session["id"])


def _save(directory: Directory, session: JsonObject) -> None:
    directory.put(SESSION, session["id"], session)


def _id(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
