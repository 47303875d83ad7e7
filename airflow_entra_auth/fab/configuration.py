"""What `webserver_config.py` consists of, from the sign-on file that AIRFLOW_ENTRA_SIGN_ON names."""

from __future__ import annotations

from typing import Any

from airflow_entra_auth.credential import ClientCredential
from airflow_entra_auth.keyring import keyring
from airflow_entra_auth.rules import scopes
from airflow_entra_auth.sign_on import cookies, sign_on
from airflow_entra_auth.trust import one_authority

_AUTH_OAUTH = 4  # flask_appbuilder.const.AUTH_OAUTH, without importing Flask-AppBuilder into a configuration file
_TIMEOUT = 10.0
"""Seconds that one request to Entra may take; without it, requests waits for ever."""


def configuration() -> dict[str, Any]:
    """FAB's settings. Raises RulesError, which stops Airflow: there is no other way to sign in to fall back to."""
    from airflow_entra_auth.airflow_paths import PROVIDER
    from airflow_entra_auth.fab.security_manager import EntraSecurityManager

    one_authority()
    rules = sign_on()
    keyring()
    remote = {
        "client_id": rules.client_id,
        "server_metadata_url": rules.metadata_url,
        "client_kwargs": {
            "scope": " ".join(scopes(rules.roles_from, rules.revocation)),
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": ClientCredential.of(rules.credential),
            "default_timeout": _TIMEOUT,
        },
    }
    return {
        "AUTH_TYPE": _AUTH_OAUTH,
        "AUTH_ROLE_PUBLIC": None,
        "AUTH_ROLES_SYNC_AT_LOGIN": False,
        "AUTH_USER_REGISTRATION": False,
        "OAUTH_PROVIDERS": [
            {"name": PROVIDER, "icon": "fa-windows", "token_key": "access_token", "remote_app": remote}
        ],
        "SECURITY_MANAGER_CLASS": EntraSecurityManager,
        "WTF_CSRF_ENABLED": True,
        "REMEMBER_COOKIE_NAME": "airflow_entra_remembers_nobody",  # Flask-Login looks at no other cookie beside it
        **cookies(rules),
    }
