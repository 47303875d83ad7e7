"""What `webserver_config.py` consists of, from the sign-on file that AIRFLOW_ENTRA_SIGN_ON names."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from airflow_entra_auth.credential import ClientCredential
from airflow_entra_auth.keyring import keyring
from airflow_entra_auth.rules import RulesError, SignOnRules, load_rules, scopes

SIGN_ON = "AIRFLOW_ENTRA_SIGN_ON"
PROVIDER = "azure"
"""FAB's name of the provider: it is part of the redirect URI."""
_AUTH_OAUTH = 4  # flask_appbuilder.const.AUTH_OAUTH, without importing Flask-AppBuilder into a configuration file
_TIMEOUT = 10.0
"""Seconds that one request to Entra may take; without it, requests waits for ever."""


@lru_cache(maxsize=1)
def sign_on() -> SignOnRules:
    """The sign-on file, read once in a process. Raises RulesError."""
    path = os.environ.get(SIGN_ON)
    if not path:
        raise RulesError(
            f"{SIGN_ON} is not set, so Airflow doesn't know who may sign in; set it to the absolute path of the file "
            "that `airflow-entra render --target roles` wrote"
        )
    return load_rules(path)


def configuration() -> dict[str, Any]:
    """FAB's settings. Raises RulesError, which stops Airflow: there is no other way to sign in to fall back to."""
    from airflow_entra_auth.fab.security_manager import EntraSecurityManager

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


def cookie_path(rules: SignOnRules) -> str:
    """This Airflow's own paths alone, where two share a host."""
    return f"{urlsplit(rules.base_url).path}/"


def cookies(rules: SignOnRules) -> dict[str, Any]:
    """Flask's settings of the session cookie."""
    return {
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_PATH": cookie_path(rules),
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": secure(rules),
    }


def secure(rules: SignOnRules) -> bool:
    """Whether browsers reach this Airflow by https, whatever the connection behind a proxy is."""
    return urlsplit(rules.base_url).scheme == "https"
