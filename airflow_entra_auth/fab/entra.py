"""The browser's way to Entra and back, by Authlib, with every check said aloud."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
import requests
from authlib.integrations.base_client import OAuthError
from flask import request

from airflow_entra_auth.claims import GroupsNeeded, display
from airflow_entra_auth.credential import CredentialError
from airflow_entra_auth.fab.begun import Begun
from airflow_entra_auth.graph import GraphError
from airflow_entra_auth.overage import groups_of
from airflow_entra_auth.rules import SignOnRules
from airflow_entra_auth.trust import FIX

log = logging.getLogger(__name__)

"""FAB's name of the provider: it is part of the redirect URI."""
_METADATA_FRESH = 3600
"""Seconds. Then endpoints and keys are fetched again, so that a key that was withdrawn is believed no longer."""
_LEEWAY = 60
"""Seconds that this machine's clock and Entra's may differ."""
_SECRET_REFUSED = ("AADSTS7000215", "AADSTS7000222")
"""A wrong and an expired client secret: https://learn.microsoft.com/entra/identity-platform/reference-error-codes"""
_DESCRIPTION_LENGTH = 1000
"""Entra's have some 400 characters, the trace ids that an administrator of the directory looks up among the last."""


class SignInError(Exception):
    """A sign-in that can't go on. The message is for the person, `fix` for the administrator; both plain text.

    `refusal`: what Entra itself gave was refused, which belongs into the audit log. What a browser says Entra said is
    free text of whoever sits at it, and does not.
    """

    def __init__(self, title: str, message: str, fix: str, status: int = 403, *, refusal: bool = False) -> None:
        super().__init__(message)
        self.title, self.message, self.fix, self.status, self.refusal = title, message, fix, status, refusal


@dataclass(frozen=True)
class Arrival:
    """Somebody came back from Entra: their token's verified claims, their other tokens, where they wanted to go."""

    claims: Mapping[str, Any]
    access_token: str
    next_url: str | None
    refresh_token: str | None = None


class EntraClient:
    """`remote` is the Authlib client that FAB made of the configuration."""

    def __init__(self, remote: Any, rules: SignOnRules) -> None:
        self._remote, self._rules = remote, rules

    def leave(self, next_url: str, prompt: str | None) -> tuple[str, Begun]:
        """The URL that a browser signs in at, and what it has to keep until it is back. Raises SignInError."""
        self._metadata()
        more = {"prompt": prompt} if prompt else {}
        # The declared redirect URI, not one made of the Host header, which anybody can send.
        going = self._remote.create_authorization_url(self._rules.redirect_uri, **more)
        return going["url"], Begun(going["state"], going["nonce"], going["code_verifier"], next_url, time.time())

    def arrive(self, begun: Begun | None) -> Arrival:
        """What the browser brought back, verified; `begun` is what it kept of this sign-in. Raises SignInError."""
        if begun is None:
            raise SignInError(
                "This sign-in can't be finished",
                "It was not started in this browser, or took more than an hour. Start again.",
                "The state of the answer isn't one that this browser's cookies hold.",
            )
        if "error" in request.args:
            raise _refused_by_entra(request.args["error"], request.args.get("error_description", ""))
        self._metadata()
        try:
            token = self._redeem(begun)
            claims = self._claims(token, begun)
        except OAuthError as error:
            # From the token endpoint: the description says what is wrong with the application, not with the person.
            raise _not_exchanged(f"{error.error}: {error.description}") from error
        except requests.RequestException as error:
            raise _unreachable(self._rules, error) from error
        except CredentialError as error:
            raise _not_exchanged(str(error)) from error
        except Exception as error:
            # Authlib and its JOSE library raise a type of their own for each claim, key and algorithm.
            raise _not_believed(f"{type(error).__name__}: {error}") from error
        if not isinstance(claims, Mapping):
            raise _not_believed("the answer has no ID token")
        refresh = token.get("refresh_token") if self._rules.revocation == "refresh" else None
        if self._rules.revocation == "refresh" and not refresh:
            raise _no_refresh_token()
        return Arrival(dict(claims), str(token.get("access_token", "")), begun.next_url, refresh)

    @property
    def credential(self) -> Any:
        """The ClientCredential with which the application proves itself at the token endpoint."""
        return self._remote.client_kwargs["token_endpoint_auth_method"]

    def sign_out_url(self) -> str | None:
        """Where a browser signs out of Entra as well; None where Entra can't be asked."""
        try:
            endpoint = self._metadata().get("end_session_endpoint")
        except SignInError:
            return None
        # No post_logout_redirect_uri: none is registered, and Entra would refuse another.
        return f"{endpoint}?{urlencode({'client_id': self._rules.client_id})}" if endpoint else None

    def groups(self, needed: GroupsNeeded, access_token: str) -> frozenset[str]:
        """The person's groups, asked of Graph with their own token. Raises SignInError."""
        try:
            return groups_of(access_token, self._rules.graph)
        except (GraphError, httpx.HTTPError, KeyError, TypeError) as error:
            raise SignInError(
                "Your groups could not be read",
                "You are in so many groups that the directory had to be asked for them, and it did not answer. "
                f"Try again; if it stays so, ask {self._rules.contact or 'the owners of this Airflow'}.",
                f"Graph refused the person's own token: {error}. Grant the application's declared delegated "
                "permissions admin consent.",
                503,
            ) from error

    def _redeem(self, begun: Begun) -> Mapping[str, Any]:
        """The tokens for the code. Once more with another credential, where a secret was rotated meanwhile."""
        try:
            return self._tokens(begun)
        except OAuthError as error:
            credential = self._remote.client_kwargs["token_endpoint_auth_method"]
            if not any(code in str(error.description) for code in _SECRET_REFUSED) or not credential.refused():
                raise
        return self._tokens(begun)

    def _tokens(self, begun: Begun) -> Mapping[str, Any]:
        tokens: dict[str, Any] = self._remote.fetch_access_token(
            self._rules.redirect_uri,
            code=request.args.get("code"),
            state=begun.state,
            code_verifier=begun.verifier,
        )
        return tokens

    def _claims(self, tokens: Mapping[str, Any], begun: Begun) -> Mapping[str, Any] | None:
        """Of the ID token, verified; None where there is none."""
        claims: Mapping[str, Any] | None = self._remote.parse_id_token(
            tokens, nonce=begun.nonce, claims_options=self._claims_options(), leeway=_LEEWAY
        )
        return claims

    def _claims_options(self) -> dict[str, Any]:
        # Without `aud` here Authlib believes a token for another application if its azp is this one.
        return {
            "iss": {"essential": True, "value": self._rules.issuer},
            "aud": {"essential": True, "value": self._rules.client_id},
            "tid": {"essential": True, "value": self._rules.tenant_id},
            "nonce": {"essential": True},
        }

    def _metadata(self) -> Mapping[str, Any]:
        metadata: dict[str, Any] = self._remote.server_metadata
        if time.time() - metadata.get("_loaded_at", 0) > _METADATA_FRESH:
            metadata.pop("_loaded_at", None)
            metadata.pop("jwks", None)
        try:
            metadata = self._remote.load_server_metadata()
        except (requests.RequestException, ValueError) as error:
            raise _unreachable(self._rules, error) from error
        if metadata.get("issuer") != self._rules.issuer:
            metadata.pop("_loaded_at", None)
            raise _unreachable(self._rules, ValueError(f"its issuer is {metadata.get('issuer')!r}"))
        # Entra signs with RS256 alone: whatever else the metadata says, nothing else is believed.
        metadata["id_token_signing_alg_values_supported"] = ["RS256"]
        return metadata


def _refused_by_entra(error: str, description: str) -> SignInError:
    error, description = display(error), display(description, _DESCRIPTION_LENGTH)
    return SignInError(
        "The directory did not let you in",
        description or f"It said: {error}.",
        f"Entra answered {error} at the sign-in: {description or 'without a description'}",
    )


def _not_exchanged(what: str) -> SignInError:
    return SignInError(
        "The sign-in could not be finished",
        "The directory did not accept this Airflow's own credential, or the sign-in was used twice. Start again; "
        "if it stays so, tell the administrators.",
        f"Entra's token endpoint answered {what}",
        502,
    )


def _no_refresh_token() -> SignInError:
    return SignInError(
        "The sign-in could not be finished",
        "This Airflow isn't allowed what it needs to notice that somebody left. Tell its administrators.",
        "The stack file says `revocation: refresh`, and Entra gave no refresh token: grant the application's declared "
        "delegated permission offline_access admin consent.",
        502,
    )


def _not_believed(what: str) -> SignInError:
    return SignInError(
        "The sign-in could not be verified",
        "What came back is not what the directory gives. Start again from Airflow's own address.",
        f"The ID token was not accepted: {what}",
        refusal=True,
    )


def _unreachable(rules: SignOnRules, error: Exception) -> SignInError:
    return SignInError(
        "The directory can't be reached",
        "Airflow could not ask Microsoft Entra how to sign you in. Try again in a minute.",
        f"{rules.metadata_url}: {type(error).__name__}: {error}. Let this machine reach it: {FIX}.",
        503,
    )
