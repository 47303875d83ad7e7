"""A session's refresh token at Entra's token endpoint: new tokens, a refusal, or no answer that says anything."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from airflow_entra_auth.claims import GroupsNeeded
from airflow_entra_auth.credential import CredentialError
from airflow_entra_auth.graph.errors import seconds
from airflow_entra_auth.overage import groups_of
from airflow_entra_auth.rules import SignOnRules, scopes
from airflow_entra_auth.watch.answers import TurnedDown, body_of, turned_down, why
from airflow_entra_auth.watch.token import TokenEndpoint

_KEYS_FRESH = 3600.0
"""Seconds. Then the keys are fetched again, so that one that was withdrawn is believed no longer."""
_KEYS_AGAIN = 60.0
"""Seconds after which a key that isn't known may be asked for: Entra changed its keys, or somebody made one up."""
_LEEWAY = 60
"""Seconds that this machine's clock and Entra's may differ."""


class NoAnswerError(CredentialError):
    """Entra said neither yes nor no. `retry_after`: the seconds that it asked to wait, where it said so."""

    def __init__(self, what: str, retry_after: float | None = None) -> None:
        super().__init__(what)
        self.retry_after = retry_after


@dataclass(frozen=True)
class Renewed:
    """The person's claims now, verified, and the tokens that came with them."""

    claims: Mapping[str, Any]
    access_token: str
    refresh_token: str


def redeemed(endpoint: TokenEndpoint, rules: SignOnRules, refresh_token: str) -> Mapping[str, Any] | TurnedDown:
    """Entra's tokens as they come, unverified, or its refusal. Raises NoAnswerError, CredentialError and
    httpx.HTTPError."""
    scope = " ".join(scopes(rules.roles_from, rules.revocation))
    answer = endpoint.ask(grant_type="refresh_token", refresh_token=refresh_token, scope=scope)
    if answer.is_success:
        return body_of(answer)
    refusal = turned_down(answer)
    if refusal is None:
        raise NoAnswerError(
            f"Entra did not say whether a session goes on: {why(answer)}", seconds(answer.headers.get("Retry-After"))
        )
    return refusal


class Redeemer:
    """Safe for threads. Everything may raise NoAnswerError, CredentialError and httpx.HTTPError."""

    def __init__(self, rules: SignOnRules, endpoint: TokenEndpoint, client: httpx.Client) -> None:
        self._rules, self._endpoint = rules, endpoint
        self._keys = _SigningKeys(rules, client)

    def redeem(self, refresh_token: str) -> Renewed | TurnedDown:
        answer = redeemed(self._endpoint, self._rules, refresh_token)
        if isinstance(answer, TurnedDown):
            return answer
        claims = self._verified(answer.get("id_token"))
        return Renewed(claims, str(answer.get("access_token", "")), str(answer.get("refresh_token") or refresh_token))

    def groups(self, needed: GroupsNeeded, access_token: str) -> frozenset[str]:
        """Of who is in too many for a token. Raises GraphError, KeyError and TypeError too."""
        return groups_of(access_token, self._rules.graph)

    def _verified(self, id_token: object) -> Mapping[str, Any]:
        """As at a sign-in, without the nonce, which answers a browser. What isn't believed says nothing."""
        import jwt

        try:
            key = self._keys.named(jwt.get_unverified_header(str(id_token or "")).get("kid"))
            claims: Mapping[str, Any] = jwt.decode(
                str(id_token),
                key,
                algorithms=["RS256"],
                audience=self._rules.client_id,
                issuer=self._rules.issuer,
                leeway=_LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise NoAnswerError(f"Entra's new ID token was not accepted: {type(error).__name__}: {error}") from error
        return claims


class _SigningKeys:
    """Entra's public keys, by the ids in tokens' headers."""

    def __init__(self, rules: SignOnRules, client: httpx.Client) -> None:
        self._rules, self._client, self._lock = rules, client, threading.Lock()
        self._keys: Mapping[str, Any] = {}
        self._at = float("-inf")

    def named(self, kid: object) -> Any:
        with self._lock:
            age = time.monotonic() - self._at
            if age > _KEYS_FRESH or (kid not in self._keys and age > _KEYS_AGAIN):
                self._keys, self._at = self._fetch(), time.monotonic()
            if kid not in self._keys:
                raise NoAnswerError("Entra's new ID token is signed with a key that Entra doesn't publish")
            return self._keys[str(kid)]

    def _fetch(self) -> Mapping[str, Any]:
        import jwt

        metadata = body_of(self._client.get(self._rules.metadata_url).raise_for_status())
        if metadata.get("issuer") != self._rules.issuer:
            raise NoAnswerError(f"{self._rules.metadata_url}: its issuer is {metadata.get('issuer')!r}")
        published = body_of(self._client.get(str(metadata.get("jwks_uri"))).raise_for_status())
        try:
            keys = jwt.PyJWKSet.from_dict(dict(published)).keys
        except jwt.PyJWTError as error:
            raise NoAnswerError(f"{metadata.get('jwks_uri')}: {error}") from error
        return {key.key_id: key.key for key in keys if key.key_id and key.key_type == "RSA"}
