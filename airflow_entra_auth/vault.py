"""Reads the client secret from its key vault, and keeps it for as long as that is wise."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit

from airflow_entra_auth.ending import StopError
from airflow_entra_auth.rules import VaultSecret
from airflow_entra_auth.trust import FIX

KEEP = 300.0  # seconds: a rotation's overlap is days, a refused secret is read again at once
KEEP_AFTER_FAILURE = 30.0  # seconds until a vault that did not answer is asked again
KEEP_AFTER_REFUSAL = 5.0  # seconds until it is asked again after a refused secret: whoever corrects one is waiting
TIMEOUT = 10.0  # seconds that a person who signs in waits for the vault
_PATIENCE = {"connection_timeout": TIMEOUT, "read_timeout": TIMEOUT, "retry_total": 1}

log = logging.getLogger(__name__)


class CredentialError(StopError):
    """Airflow can't prove itself to Entra. Names the variable, file or vault and the fix; never a value."""


class CachedSecret:
    """One secret, read at most every five minutes. `value` and `read` raise CredentialError. Safe for threads."""

    def __init__(
        self,
        secret: VaultSecret,
        read: Callable[[VaultSecret], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._secret, self._read, self._clock = secret, read, clock
        self._lock = threading.Lock()
        self._value: str | None = None
        self._until = self._again = 0.0

    def value(self) -> str:
        """The secret. A vault that is down does not end sign-ins: what it last said is used until Entra refuses it."""
        with self._lock:
            if self._value is None:
                self._fetch()
            elif self._clock() >= self._until:
                try:
                    self._fetch()
                except CredentialError as error:
                    log.warning("The secret that was read before is used on: %s", error)
                    self._until = self._clock() + KEEP_AFTER_FAILURE
            return cast(str, self._value)

    def refused(self, used: str) -> bool:
        """Entra refused the value `used`: whether there is another by now. Reads the vault where that isn't known."""
        with self._lock:
            if self._value == used and self._clock() >= self._again:
                self._again, self._value = self._clock() + KEEP_AFTER_REFUSAL, None
                self._fetch()
            return self._value not in (None, used)

    def _fetch(self) -> None:
        self._value = self._read(self._secret)
        self._until = self._clock() + KEEP


def read_vault(secret: VaultSecret) -> str:
    """The secret's present version, by Airflow's own secrets backend where that is this vault's, else directly."""
    try:
        client = _airflows_client(secret.vault_url)
        value = client.get_secret(secret.secret_name, **_PATIENCE).value if client else _get(secret)
    except CredentialError:
        raise
    except Exception as error:  # Azure's libraries raise many kinds, and each means the same here
        raise CredentialError(_explain(secret, error)) from error
    if not value:
        raise CredentialError(f"{_name(secret)} is empty: deploy the stack again.")
    return str(value)


def _airflows_client(vault_url: str) -> Any:
    """The client of Airflow's AzureKeyVaultBackend, or None where that isn't configured for this vault."""
    try:
        from airflow.configuration import conf
    except ImportError:
        return None
    if not conf.get("secrets", "backend", fallback="").endswith(".AzureKeyVaultBackend"):
        return None
    options = json.loads(conf.get("secrets", "backend_kwargs", fallback="") or "{}")
    if str(options.get("vault_url", "")).rstrip("/").lower() != vault_url.rstrip("/").lower():
        return None
    return conf.getimport("secrets", "backend")(**options).client


def _get(secret: VaultSecret) -> str:
    import httpx
    from azure.identity import DefaultAzureCredential

    host = urlsplit(secret.vault_url).hostname or ""
    with DefaultAzureCredential() as credential:
        token = credential.get_token(f"https://{host.partition('.')[2]}/.default").token
    response = httpx.get(
        f"{secret.vault_url}/secrets/{secret.secret_name}",
        params={"api-version": "7.4"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=TIMEOUT,
    )
    response.raise_for_status()
    return str(response.json()["value"])


def _explain(secret: VaultSecret, error: Exception) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None) or getattr(error, "status_code", None)
    fix = {
        401: "Airflow's identity is of another tenant than the vault: give it one of the vault's",
        403: "give the identity that Airflow runs as the role Key Vault Secrets User on the vault (`readers` in the "
        "stack file), and let the vault's firewall admit Airflow",
        404: "the vault has no such secret: deploy the stack, or correct secretName",
        429: "the vault is asked too often: try again in a minute",
    }.get(
        status or 0,
        f"see that Airflow's host reaches the vault, and that it has an Azure identity (AZURE_CLIENT_ID); {FIX}",
    )
    answer = f"HTTP {status}" if status else type(error).__name__
    return f"{_name(secret)} can't be read ({answer}): {fix}."


def _name(secret: VaultSecret) -> str:
    return f"The secret {secret.secret_name} in {secret.vault_url}"
