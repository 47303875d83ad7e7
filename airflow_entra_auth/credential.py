"""What Airflow proves itself to Entra with when it redeems a sign-in: a secret, or a signed assertion and no secret.

A ClientCredential is what Authlib takes as `token_endpoint_auth_method`. Airflow and Azure's libraries are imported
where they are used, so that importing this module costs nothing and needs none of them.
"""

from __future__ import annotations

import base64
import hashlib
import os
import threading
import time
import uuid
from collections.abc import Callable, MutableMapping
from datetime import datetime, timezone
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

from airflow_entra_auth.azure import LOGIN
from airflow_entra_auth.reference import UnreadError, read
from airflow_entra_auth.rules import (
    Certificate,
    Credential,
    EnvironmentSecret,
    FederatedToken,
    ReferredSecret,
    VaultSecret,
)
from airflow_entra_auth.vault import CachedSecret, CredentialError, read_vault

__all__ = ["ClientCredential", "CredentialError", "platform_token"]

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFETIME = 600  # seconds; https://learn.microsoft.com/entra/identity-platform/certificate-credentials

Parameters = dict[str, str]


class _Source(Protocol):
    def parameters(self, client_id: str, token_endpoint: str) -> Parameters: ...

    def refused(self) -> bool: ...


class ClientCredential:
    """Callable as Authlib's authentication at the token endpoint; raises CredentialError. Never shows a secret."""

    def __init__(self, source: _Source, what: str) -> None:
        self._source, self._what = source, what

    @classmethod
    def of(cls, credential: Credential, *, read_secret: Callable[[VaultSecret], str] = read_vault) -> ClientCredential:
        """The credential that the sign-on file declares. Nothing is read until the first sign-in."""
        if isinstance(credential, VaultSecret):
            return cls(_VaultSecret(CachedSecret(credential, read_secret)), f"secret in {credential.vault_url}")
        if isinstance(credential, EnvironmentSecret):
            return cls(_EnvironmentSecret(credential), f"secret in {credential.variable}")
        if isinstance(credential, ReferredSecret):
            return cls(_ReferredSecret(credential), f"secret in {credential.reference}")
        if isinstance(credential, FederatedToken):
            return cls(_FederatedToken(credential), "federated token")
        return cls(_Certificate(credential), f"certificate {credential.certificate_file}")

    def __call__(
        self, client: Any, method: str, uri: str, headers: MutableMapping[str, str], body: str | bytes | None
    ) -> tuple[str, MutableMapping[str, str], str]:
        """Adds the credential to the form that is posted; never to the address, which proxies write down."""
        text = body.decode() if isinstance(body, bytes) else body or ""
        client_id = str(client.client_id)
        proof = {"client_id": client_id, **self._source.parameters(client_id, uri)}
        form = [pair for pair in parse_qsl(text, keep_blank_values=True) if pair[0] not in proof]
        new = urlencode([*form, *proof.items()])
        if "Content-Length" in headers:
            headers["Content-Length"] = str(len(new))
        return uri, headers, new

    def refused(self) -> bool:
        """Entra refused what this thread sent (AADSTS7000215, 7000222): whether another try is worth it."""
        return self._source.refused()

    def __repr__(self) -> str:
        return f"ClientCredential({self._what})"


def platform_token(client_id: str, scope: str) -> tuple[str, float]:
    """A token of the identity `client_id` that the platform gives this process, and when it ends (seconds since 1970).

    The variables AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET where they are this identity's, else a
    managed identity. A pod's federated token needs no library: that is a FederatedToken. Raises CredentialError.
    """
    try:
        from azure.core.exceptions import AzureError
        from azure.identity import EnvironmentCredential, ManagedIdentityCredential
    except ImportError:
        raise CredentialError(
            f"The watcher's identity {client_id} comes from the platform, and nothing here can ask it for a token: "
            "install apache-airflow-providers-microsoft-azure, or airflow-entra-auth[vault], in the watcher's image."
        ) from None
    own_variables = os.environ.get("AZURE_CLIENT_SECRET") and os.environ.get("AZURE_CLIENT_ID", "").lower() == client_id
    try:
        with EnvironmentCredential() if own_variables else ManagedIdentityCredential(client_id=client_id) as identity:
            token = identity.get_token(scope)
    except AzureError as error:
        reason = " ".join(str(error).split())[:300]
        raise CredentialError(
            f"The platform gave no token of the watcher's identity {client_id} ({type(error).__name__}: {reason}). "
            "Assign this identity to what the watcher runs on, or correct airflow-entra:watcher in the stack file."
        ) from error
    return token.token, float(token.expires_on)


class _Fixed:
    """What is read afresh for every sign-in: after a refusal there is nothing newer."""

    def refused(self) -> bool:
        return False


class _VaultSecret:
    def __init__(self, secret: CachedSecret) -> None:
        self._secret, self._used = secret, threading.local()

    def parameters(self, client_id: str, token_endpoint: str) -> Parameters:
        self._used.value = self._secret.value()
        return {"client_secret": self._used.value}

    def refused(self) -> bool:
        return self._secret.refused(self._used.value)


class _EnvironmentSecret(_Fixed):
    def __init__(self, credential: EnvironmentSecret) -> None:
        self._variable = credential.variable

    def parameters(self, client_id: str, token_endpoint: str) -> Parameters:
        value = os.environ.get(self._variable, "").strip()
        if not value:
            raise CredentialError(
                f"The environment variable {self._variable} is {_empty(self._variable)}: set it to the application's "
                "client secret (its value, not its id) where Airflow's web server or API server starts."
            )
        return {"client_secret": value}


class _ReferredSecret(_Fixed):
    def __init__(self, credential: ReferredSecret) -> None:
        self._reference = credential.reference

    def parameters(self, client_id: str, token_endpoint: str) -> Parameters:
        value = _read(self._reference, "client secret", _SECRET_FIX).decode("utf-8", "replace").strip()
        if not value:
            raise CredentialError(f"{self._reference} is empty: {_SECRET_FIX}.")
        return {"client_secret": value}


class _FederatedToken(_Fixed):
    def __init__(self, credential: FederatedToken) -> None:
        self._file = credential.token_file

    def parameters(self, client_id: str, token_endpoint: str) -> Parameters:
        file = self._file or os.environ.get("AZURE_FEDERATED_TOKEN_FILE", "")
        if not file:
            raise CredentialError(
                f"The environment variable AZURE_FEDERATED_TOKEN_FILE is {_empty('AZURE_FEDERATED_TOKEN_FILE')}: label "
                "the pod with azure.workload.identity/use, or write the token's path as tokenFile."
            )
        fix = "mount the platform's token there; workload identity writes it when the pod starts"
        token = _read(file, "federated token", fix).strip()
        if token.count(b".") != 2:
            raise CredentialError(f"{file} holds no token (three parts with dots between them): {fix}.")
        return {"client_assertion_type": JWT_BEARER, "client_assertion": token.decode("ascii", "replace")}


class _Certificate(_Fixed):
    def __init__(self, credential: Certificate) -> None:
        self._key, self._certificate = credential.private_key_file, credential.certificate_file

    def parameters(self, client_id: str, token_endpoint: str) -> Parameters:
        return {
            "client_assertion_type": JWT_BEARER,
            "client_assertion": self._assertion(client_id, token_endpoint),
        }

    def _assertion(self, client_id: str, token_endpoint: str) -> str:
        import jwt
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

        try:
            key = load_pem_private_key(_read(self._key, "private key", _KEY_FIX), password=None)
        except (ValueError, TypeError) as error:
            raise CredentialError(f"{self._key} is no PEM private key without a pass phrase: {_KEY_FIX}.") from error
        try:
            certificate = x509.load_pem_x509_certificate(_read(self._certificate, "certificate", _CERTIFICATE_FIX))
        except ValueError as error:
            raise CredentialError(f"{self._certificate} is no PEM certificate: {_CERTIFICATE_FIX}.") from error
        if not isinstance(key, RSAPrivateKey):
            raise CredentialError(f"{self._key} is not an RSA key, the one kind that Entra takes: make a new pair.")
        if certificate.public_key() != key.public_key():
            raise CredentialError(f"{self._certificate} is not the certificate of the key in {self._key}.")
        if certificate.not_valid_after_utc <= datetime.now(timezone.utc):
            raise CredentialError(
                f"{self._certificate} expired on {certificate.not_valid_after_utc:%Y-%m-%d}: make a new pair, name its "
                "certificate in the stack file, deploy, and mount both here."
            )
        thumbprint = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
        now = int(time.time())
        claims = {
            "aud": LOGIN + urlsplit(token_endpoint).path,
            "iss": client_id,
            "sub": client_id,
            "jti": str(uuid.uuid4()),
            "iat": now,
            "nbf": now,
            "exp": now + ASSERTION_LIFETIME,
        }
        headers = {"x5t#S256": base64.urlsafe_b64encode(thumbprint).rstrip(b"=").decode()}
        return jwt.encode(claims, key, algorithm="PS256", headers=headers)


_SECRET_FIX = "write the application's client secret there (its value, not its id)"  # noqa: S105 -- no secret
_KEY_FIX = "mount the key whose certificate the stack file names, readable by the user that Airflow runs as"
_CERTIFICATE_FIX = "mount the certificate that the stack file names"


def _empty(variable: str) -> str:
    return "empty" if variable in os.environ else "not set"


def _read(reference: str, what: str, fix: str) -> bytes:
    try:
        return read(reference)
    except UnreadError as error:
        raise CredentialError(f"The {what} {reference} can't be read: {error.reason}: {fix}.") from error
