"""The token that a CI system signs for a run of its own, which Entra takes in place of a secret.

It says which repository, and which pull request or environment (GitHub) or service connection (Azure DevOps), the run
belongs to; Entra gives it the identity whose federated credential names just that. It lives for five minutes on GitHub
and ten on Azure DevOps, so it is fetched again while it is in use. No token reaches a message.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_entra.errors import UserError

if TYPE_CHECKING:
    import httpx

AUDIENCE = "api://AzureADTokenExchange"  # what Entra wants to read in it
_TIMEOUT_SECONDS = 30.0
_TRIES = 4
_GITHUB = ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
_AZURE_DEVOPS = ("SYSTEM_OIDCREQUESTURI", "SYSTEM_ACCESSTOKEN", "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID")
GIVEN = "idToken"
"""What AzureCLI@2 puts into its script's environment with `addSpnToEnvironment`: one token, which nothing renews."""

_OF_THE_PLATFORM = "AZURE_FEDERATED_TOKEN_FILE"
"""A runner's own token, which its platform renews: AKS's workload identity names its file so."""

NEVER_HANDED_ON = (*_GITHUB, "SYSTEM_ACCESSTOKEN", GIVEN)
"""With these, whatever runs could ask for more tokens; a command gets the token in a file instead."""

Fetch = Callable[[], str]


def issuer(env: Mapping[str, str], client: httpx.Client, wait: Callable[[float], object] = time.sleep) -> Fetch:
    """A function that asks this run's CI system for a fresh token. Both it and this raise UserError.

    Where the CI system gives none, the runner's own platform may: the way where Entra can't reach the CI system.
    """
    if all(env.get(name) for name in _GITHUB):
        url, bearer = (env[name] for name in _GITHUB)
        return lambda: _asked(client, "GET", url, bearer, {"audience": AUDIENCE}, "value", wait)
    if all(env.get(name) for name in _AZURE_DEVOPS):
        url, bearer, connection = (env[name] for name in _AZURE_DEVOPS)
        query = {"api-version": "7.1", "serviceConnectionId": connection}
        return lambda: _asked(client, "POST", url, bearer, query, "oidcToken", wait)
    if env.get(GIVEN):
        return lambda: env[GIVEN]
    if env.get(_OF_THE_PLATFORM):
        return lambda: _read(Path(env[_OF_THE_PLATFORM]))
    raise UserError(
        "this is no pipeline run that may sign in: on GitHub the job needs `permissions: id-token: write` (a pull "
        "request from a fork never gets it), on Azure DevOps an AzureCLI@2 step with `addSpnToEnvironment: true`, on a "
        f"runner with a workload identity of its own {_OF_THE_PLATFORM}; on your own machine leave `federated --` "
        "away and set the ARM_* variables"
    )


def _asked(
    client: httpx.Client,
    method: str,
    url: str,
    bearer: str,
    query: Mapping[str, str],
    field: str,
    wait: Callable[[float], object],
) -> str:
    import httpx

    from airflow_entra.directory.trouble import silence

    said = ""
    for attempt in range(_TRIES):
        if attempt:
            wait(2.0**attempt)
        try:
            headers = {"Authorization": f"Bearer {bearer}", "Accept": "application/json"}
            whole = httpx.URL(url).copy_merge_params(query)
            response = client.request(method, whole, headers=headers, timeout=_TIMEOUT_SECONDS)
        except httpx.TransportError as error:
            said = silence(error)
            continue
        if response.is_success:
            return _field(response, field)
        said = f"{response.status_code} {response.reason_phrase}"
        if response.status_code not in {408, 429} and response.status_code < 500:
            break
    host = httpx.URL(url).host
    raise UserError(f"the CI system's token service ({host}) gave no token for this run: {said}; run the job again")


def said(token: str) -> str | None:
    """Whose token it is, as Entra will compare it; None where it doesn't say. Its signature is Entra's to check."""
    try:
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        return f"{claims['sub']} of {claims['iss']}"
    except (ValueError, LookupError, TypeError):
        return None


def _read(file: Path) -> str:
    try:
        return file.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{_OF_THE_PLATFORM} names {file}, which holds no token: {type(error).__name__}") from None


def _field(response: httpx.Response, field: str) -> str:
    try:
        token = response.json()[field]
    except (ValueError, KeyError, TypeError):
        token = None
    if not isinstance(token, str) or token.count(".") != 2:
        raise UserError(f"the CI system's token service ({response.url.host}) answered without a token in `{field}`")
    return token
