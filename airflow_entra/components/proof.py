"""A new client secret goes into the vault once Entra takes it, not before.

Entra says that it made a secret before every one of its servers knows it; some refuse it as wrong (AADSTS7000215) for 4
to 18 seconds (measured in https://github.com/microsoftgraph/microsoft-graph-docs/issues/17966), and nobody promises
how long. An Airflow that read it from the vault just then could let nobody in.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pulumi

from airflow_entra.directory.credentials import GRAPH
from airflow_entra.variables import PROVE
from airflow_entra_auth.azure import token_url

if TYPE_CHECKING:
    import httpx

PATIENCE = 300.0  # seconds
PAUSE = 2.0  # seconds between two tries; each goes over a new connection, so that several servers are met
_NOT_KNOWN_YET = ("AADSTS7000215", "AADSTS700016")
"""A wrong secret, an unknown application: https://learn.microsoft.com/entra/identity-platform/reference-error-codes"""

Ask = Callable[[str, str, str], "httpx.Response"]


def proven(secret: pulumi.Output[str], client_id: pulumi.Output[str], tenant_id: str) -> pulumi.Output[str]:
    """The secret; in an update by `airflow-entra rotate`, not before Entra takes it."""
    times = os.environ.get(PROVE, "")
    if not times.isdecimal() or pulumi.runtime.is_dry_run():
        return secret
    return pulumi.Output.all(secret, client_id).apply(
        lambda it: asyncio.to_thread(wait_until_taken, it[0], it[1], tenant_id, int(times))
    )


def wait_until_taken(
    secret: str,
    client_id: str,
    tenant_id: str,
    times: int,
    *,
    ask: Ask | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """The secret, when Entra has taken it `times` times in a row. Raises RunError where it doesn't within `PATIENCE`.

    Any other refusal than of the secret (Conditional Access, a disabled application) is no reason to wait.
    """
    deadline, taken = clock() + PATIENCE, 0
    while taken < times:
        refusal = _refusal(ask or _ask, secret, client_id, tenant_id)
        taken = 0 if refusal else taken + 1
        if refusal and clock() >= deadline:
            raise pulumi.RunError(
                f"Entra has not taken the new client secret of application {client_id} for {PATIENCE:.0f} s "
                f"({refusal}). The vault keeps the one before, which works; run `airflow-entra rotate` again: it goes "
                "on from here; if it stays so, with --now"
            )
        if taken < times:
            sleep(PAUSE)
    return secret


def _refusal(ask: Ask, secret: str, client_id: str, tenant_id: str) -> str:
    """Why the secret isn't taken yet; empty where it is. Never holds the secret, nor anything that Entra wrote."""
    import httpx

    try:
        response = ask(tenant_id, client_id, secret)
    except httpx.TransportError as error:
        return f"no answer: {type(error).__name__}"
    if response.is_success:
        return ""
    if response.status_code == 429 or response.status_code >= 500:
        return f"HTTP {response.status_code}"
    return next((code for code in _NOT_KNOWN_YET if code in response.text), "")


def _ask(tenant_id: str, client_id: str, secret: str) -> httpx.Response:
    """A token of the application's own for Graph: whatever it may do there, nothing is done with it."""
    import httpx

    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret, "scope": GRAPH}
    return httpx.post(token_url(tenant_id), data=form, timeout=30.0)
