"""The cookie that a signed-in browser is known by: it has the handle of the session, which the database doesn't know.

Flask's own session, which is another cookie, says nothing about who somebody is.
"""

from __future__ import annotations

import time
from typing import Any

from flask import request

from airflow_entra_auth.fab import versions
from airflow_entra_auth.sign_on import cookie_path, secure, sign_on

COOKIE = "airflow_entra_session"


def enter(response: Any, user: Any) -> Any:
    """The browser is signed in as the user, who has a stamp, until the session's end."""
    found = user._entra
    response.set_cookie(COOKIE, found.handle, max_age=max(1, found.ends_at - int(time.time())), **_attributes())
    return versions.enter(response, user)


def leave(response: Any) -> Any:
    """The browser is signed in no longer."""
    response.delete_cookie(COOKIE, **_attributes())
    return versions.leave(response)


def handle() -> str | None:
    """What this request's browser has, whatever it is worth."""
    found: str | None = request.cookies.get(COOKIE)
    return found


def handles() -> set[str]:
    """The handles that this request has in any cookie."""
    return {found for found in (handle(), versions.handle_in_token()) if found}


def _attributes() -> dict[str, Any]:
    rules = sign_on()
    return {"path": cookie_path(rules), "secure": secure(rules), "httponly": True, "samesite": "Lax"}
