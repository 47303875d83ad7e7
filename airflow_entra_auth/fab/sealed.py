"""Refresh tokens as they are kept: encrypted with Airflow's own key, the one for connections' passwords."""

from __future__ import annotations

from typing import Any

from airflow_entra_auth.rules import RulesError, SignOnRules


class UnreadableError(Exception):
    """No key of this Airflow opens it."""


def must_seal(rules: SignOnRules) -> None:
    """Raises RulesError where refresh tokens are to be kept and Airflow has no key for it."""
    if rules.revocation == "refresh":
        _fernet()


def seal(token: str) -> str:
    """Raises RulesError."""
    return str(_fernet().encrypt(token.encode()).decode())


def unseal(sealed: str) -> str:
    """Raises UnreadableError and RulesError."""
    from cryptography.fernet import InvalidToken

    try:
        return str(_fernet().decrypt(sealed.encode()).decode())
    except InvalidToken as error:
        raise UnreadableError from error


def _fernet() -> Any:
    from airflow.exceptions import AirflowException
    from airflow.models.crypto import get_fernet

    try:
        fernet = get_fernet()
    except AirflowException as error:
        raise RulesError(f"[core] fernet_key of Airflow is no key: {error}. {_FIX}") from error
    if not fernet.is_encrypted:
        raise RulesError(
            "[core] fernet_key of Airflow is empty, and the refresh tokens of `revocation: refresh` are never kept in "
            f"plain text. {_FIX}"
        )
    return fernet


_FIX = (
    "Set AIRFLOW__CORE__FERNET_KEY to the same key for every process of this Airflow; connections' passwords need it "
    "too: https://airflow.apache.org/docs/apache-airflow/stable/security/secrets/fernet.html"
)
