"""The sign-on file that AIRFLOW_ENTRA_SIGN_ON names, and what it says of this Airflow's cookies."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from airflow_entra_auth.reference import KUBERNETES, UnreadError, read
from airflow_entra_auth.rules import RulesError, SignOnRules, load_rules, rules_in
from airflow_entra_auth.variables import SIGN_ON

SECTION = "airflow_entra"
"""Of airflow.cfg: where this Airflow's sign-on file and session key are, unless a variable says it."""


def configured(option: str) -> str:
    """The reference in `[airflow_entra] option` of airflow.cfg; empty where it says none, or where no Airflow is."""
    try:
        from airflow.configuration import conf
    except ImportError:
        return ""
    return str(conf.get(SECTION, option, fallback="") or "").strip()


@lru_cache(maxsize=1)
def sign_on() -> SignOnRules:
    """The sign-on file that the variable names, or else airflow.cfg; read once in a process. Raises RulesError."""
    reference = os.environ.get(SIGN_ON) or configured("sign_on")
    if not reference:
        raise RulesError(
            f"{SIGN_ON} is not set, so Airflow doesn't know who may sign in; set it to the absolute path of the file "
            "that `airflow-entra render --target roles` wrote"
        )
    if not reference.startswith(KUBERNETES):
        return load_rules(reference)
    try:
        return rules_in(read(reference), reference)
    except UnreadError as error:
        raise RulesError(f"The sign-on file {error}") from error


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
