"""Tokens for what this program asks by itself, from the same ARM_* variables that the azuread provider reads.

A client secret and a federated token are one POST, which httpx (needed anyway) does without the half second that
importing azure-identity costs in every preview. Everything else (certificate, managed identity, Azure CLI) is
azure-identity's. No value of these variables reaches a message.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from airflow_entra.directory.trouble import busy
from airflow_entra.errors import AnswerError
from airflow_entra.files import read_text
from airflow_entra_auth import azure

if TYPE_CHECKING:
    import httpx
    from azure.core.credentials import TokenCredential

GRAPH = azure.scope(azure.GRAPH)
ARM = azure.scope(azure.RESOURCE_MANAGER)
_PATIENCE = 60.0  # seconds of waiting for one token, in all
_MARGIN = 300.0  # seconds before its end from which a token is not handed out any more
_PUBLIC = ("", "public", "global")
_NO_LOG = logging.NullHandler()


class CredentialError(AnswerError):
    """There is no identity to sign in with, or Entra refused it: the text says which and what to do."""


def token_source(
    scope: str, tenant_id: str, env: Mapping[str, str] = os.environ, *, client: httpx.Client | None = None
) -> Callable[[], str]:
    """A function that returns an access token for `scope`, fetched at first use and again when nearly over.

    `client` is the way to Entra for a secret or a federated token, where it isn't the environment's. Raises
    CredentialError where the variables name another cloud.
    """
    cloud = env.get("ARM_ENVIRONMENT", "")
    if cloud.lower() not in _PUBLIC:
        raise CredentialError(
            f"ARM_ENVIRONMENT is {cloud}: nothing here was ever proven in another cloud than Azure's public one, whose "
            "sign-in and Microsoft Graph have other addresses; take the variable away"
        )
    fetch = _client_credentials(env, client) or _azure_identity(env)
    cached, until = "", 0.0
    one_at_a_time = Lock()

    def token() -> str:
        nonlocal cached, until
        with one_at_a_time:
            if time.time() > until - _MARGIN:
                cached, until = fetch(scope, tenant_id)
            return cached

    return token


Fetch = Callable[[str, str], tuple[str, float]]


def _client_credentials(env: Mapping[str, str], client: httpx.Client | None) -> Fetch | None:
    if not env.get("ARM_CLIENT_ID"):
        return None
    if env.get("ARM_CLIENT_SECRET"):
        secret = env["ARM_CLIENT_SECRET"]
        return lambda scope, tenant: _post(client, tenant, scope, env["ARM_CLIENT_ID"], client_secret=secret)
    assertion = _federated_token(env)
    if assertion is None:
        return None
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    return lambda scope, tenant: _post(
        client, tenant, scope, env["ARM_CLIENT_ID"], client_assertion_type=kind, client_assertion=assertion()
    )


def _federated_token(env: Mapping[str, str]) -> Callable[[], str] | None:
    if env.get("ARM_OIDC_TOKEN"):
        return lambda: env["ARM_OIDC_TOKEN"]
    if env.get("ARM_OIDC_TOKEN_FILE_PATH"):  # read each time: Kubernetes and GitHub replace it while it is in use
        return lambda: read_text(Path(env["ARM_OIDC_TOKEN_FILE_PATH"])).strip()
    return None


def _post(client: httpx.Client | None, tenant: str, scope: str, client_id: str, **proof: str) -> tuple[str, float]:
    import httpx

    from airflow_entra_auth.graph.errors import seconds

    post = client.post if client else httpx.post
    form = {"grant_type": "client_credentials", "client_id": client_id, "scope": scope, **proof}
    response = _patiently(lambda: post(azure.token_url(tenant), data=form, timeout=30.0))
    try:
        body = response.json()
    except ValueError:
        body = None
    said = body if isinstance(body, dict) else {}
    if not response.is_success:
        if why := busy(response.status_code, seconds(response.headers.get("retry-after"))):
            raise AnswerError(f"Entra gave application {client_id} no token for tenant {tenant}: it {why}")
        # Entra's description names the client and the reason; of the form that was sent it repeats nothing secret.
        reason = str(said.get("error_description") or said.get("error") or f"HTTP {response.status_code}").splitlines()[
            0
        ]
        raise CredentialError(f"Entra refused to sign in application {client_id} in tenant {tenant}: {reason}")
    try:
        return str(said["access_token"]), time.time() + float(said["expires_in"])
    except (KeyError, TypeError, ValueError):
        raise CredentialError(
            f"what answered in place of Entra gave no token for application {client_id} in tenant {tenant}: see where "
            "HTTPS_PROXY leads"
        ) from None


def _patiently(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """The answer; asked again where Entra is busy, in trouble or silent, for as long as a token is worth it."""
    import httpx

    from airflow_entra_auth.graph.errors import seconds
    from airflow_entra_auth.graph.patience import THROTTLED, UNCLEAR, Patience

    patience = Patience(_PATIENCE)
    while True:
        try:
            response = ask()
        except httpx.TransportError:
            if not patience.after_failure():
                raise
            continue
        after = seconds(response.headers.get("retry-after"))
        if response.status_code in THROTTLED and patience.after_throttling(after):
            continue
        if response.status_code not in UNCLEAR or not patience.after_failure():
            return response


def _azure_identity(env: Mapping[str, str]) -> Fetch:
    credentials: dict[str, TokenCredential] = {}

    def fetch(scope: str, tenant: str) -> tuple[str, float]:
        from azure.core.exceptions import ClientAuthenticationError

        if tenant not in credentials:
            try:
                credentials[tenant] = _credential(env, tenant)
            except ValueError:  # its text may hold a part of the file, or of the password
                raise CredentialError(
                    "the certificate in ARM_CLIENT_CERTIFICATE_PATH can't be used: it has to be a PEM or PKCS12 file "
                    "with its private key, and ARM_CLIENT_CERTIFICATE_PASSWORD its password"
                ) from None
        try:
            token = credentials[tenant].get_token(scope)
        except ClientAuthenticationError as error:
            reason = str(error).splitlines()[0]
            raise CredentialError(
                f"no identity to ask tenant {tenant} with: {reason}; set ARM_CLIENT_ID and one of ARM_CLIENT_SECRET, "
                f"ARM_OIDC_TOKEN or ARM_CLIENT_CERTIFICATE_PATH, or sign in with `az login`"
            ) from None
        return token.token, float(token.expires_on)

    return fetch


def _credential(env: Mapping[str, str], tenant: str) -> TokenCredential:
    from azure import identity

    logging.getLogger("azure").addHandler(_NO_LOG)  # it logs beforehand what it raises
    client, certificate = env.get("ARM_CLIENT_ID"), env.get("ARM_CLIENT_CERTIFICATE_PATH")
    if client and certificate:
        password = env.get("ARM_CLIENT_CERTIFICATE_PASSWORD")
        return identity.CertificateCredential(tenant, client, certificate, password=password)
    if env.get("ARM_USE_MSI", "").lower() in {"1", "true"}:
        return identity.ManagedIdentityCredential(client_id=client)
    return identity.AzureCliCredential(tenant_id=tenant)
