"""The sign-on file that AIRFLOW_ENTRA_SIGN_ON names, and what it says of this Airflow's cookies."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from airflow_entra_auth.rules import RulesError, SignOnRules, load_rules
from airflow_entra_auth.variables import SIGN_ON


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
