"""What differs between Airflow 2.11 and 3.x around a sign-in, each with the reason, and nothing else of it elsewhere.

The auth manager's own methods differ too: manager2 and manager3.
"""

from __future__ import annotations

from typing import Any

from airflow import __version__
from flask import request

from airflow_entra_auth.airflow_paths import MOUNT
from airflow_entra_auth.fab.standing import HANDLE_CLAIM
from airflow_entra_auth.sign_on import secure, sign_on

AIRFLOW_3 = int(__version__.split(".")[0]) >= 3

# 3.x's own page signs out by sending the browser to a URL; 2.11's by a form with a CSRF token, and a GET stays refused.
SIGN_OUT_BY_GET = AIRFLOW_3


def pages_url(base_url: str) -> str:
    """Below which URL this package's pages are: 3.x mounts an auth manager's pages under /auth."""
    return f"{base_url}{MOUNT}" if AIRFLOW_3 else base_url


def enter(response: Any, user: Any) -> Any:
    """3.x's API knows a browser by a token of Airflow's own in a second cookie."""
    if AIRFLOW_3:
        from airflow.api_fastapi.app import get_auth_manager, get_cookie_path

        token = get_auth_manager().generate_jwt(user)
        options = {"path": get_cookie_path(), "secure": secure(sign_on()), "httponly": True, "samesite": "Lax"}
        response.set_cookie(_token_cookie(), token, **options)
    return response


def leave(response: Any) -> Any:
    """Takes that second cookie away again, also at the path where older releases of 3.x put it."""
    if AIRFLOW_3:
        from airflow.api_fastapi.app import get_cookie_path

        for path in {get_cookie_path(), "/"}:
            response.delete_cookie(_token_cookie(), path=path, secure=secure(sign_on()), httponly=True, samesite="Lax")
    return response


def handle_in_token() -> str | None:
    """The handle that the second cookie has, if Airflow signed it."""
    if not AIRFLOW_3 or _token_cookie() not in request.cookies:
        return None
    from airflow.api_fastapi.app import get_auth_manager

    claims = get_auth_manager().believed_claims(request.cookies[_token_cookie()])
    found = claims.get(HANDLE_CLAIM)
    return found if isinstance(found, str) else None


def _token_cookie() -> str:
    from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN

    return str(COOKIE_NAME_JWT_TOKEN)
