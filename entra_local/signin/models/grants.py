"""Codes and refresh tokens: made, redeemed, revoked. Their hashes are kept, never they themselves."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from uuid import uuid4

from entra_local import clock
from entra_local.keys import Keys
from entra_local.revocation import CODE, REFRESH_TOKEN, forget_expired, revoke_grants
from entra_local.signin import exceptions as errors
from entra_local.signin import refusals
from entra_local.signin.models import issued, people, scopes
from entra_local.signin.models.clients import Client
from entra_local.signin.models.requests import AuthorizationRequest, platform_of
from entra_local.store import Directory
from entra_local.wire import JsonObject

CODE_SECONDS = 600
REFRESH_SECONDS = 90 * 24 * 3600


def new_code(directory: Directory, request: AuthorizationRequest, user: JsonObject, session: JsonObject) -> str:
    """A code for a person who may have one. It is good once, for ten minutes."""
    return _keep(
        directory,
        CODE,
        CODE_SECONDS,
        {
            "appId": request.client.app_id,
            "userId": user["id"],
            "redirectUri": request.reply.redirect_uri,
            "scope": request.scope,
            "nonce": request.nonce,
            "challenge": request.challenge,
            "challengeMethod": request.challenge_method,
            "sid": session["sid"],
            "authTime": session["authTime"],
            "family": str(uuid4()),
            "redeemed": False,
        },
    )


def redeem_code(directory: Directory, keys: Keys, client: Client, form: Mapping[str, str]) -> JsonObject:
    """The token response to a code. Raises SignInError; a code that comes twice takes its refresh tokens with it."""
    for required in ("code", "redirect_uri"):
        if not form.get(required):
            raise errors.MissingParameter(required)
    id_, grant = _find(directory, CODE, form["code"], client)
    if grant["redeemed"]:
        revoke_grants(directory, "family", grant["family"])
        raise refusals.CodeRedeemed
    _check_times(directory, grant)
    if form["redirect_uri"] != grant["redirectUri"]:
        raise refusals.ReplyAddressMismatch(form["redirect_uri"], grant["redirectUri"])
    _check_verifier(client, grant, form.get("code_verifier"))
    directory.put(CODE, id_, grant | {"redeemed": True})
    return _answer(directory, keys, client, grant, form.get("scope"))


def redeem_refresh_token(directory: Directory, keys: Keys, client: Client, form: Mapping[str, str]) -> JsonObject:
    """The token response to a refresh token, with a new one; the old one stays good. Raises SignInError."""
    if not form.get("refresh_token"):
        raise errors.MissingParameter("refresh_token")
    _, grant = _find(directory, REFRESH_TOKEN, form["refresh_token"], client)
    _check_times(directory, grant)
    # A refreshed ID token answers no request of a browser: it has no nonce.
    return _answer(directory, keys, client, grant | {"nonce": None}, form.get("scope"))


def _answer(directory: Directory, keys: Keys, client: Client, grant: JsonObject, narrowed: str | None) -> JsonObject:
    user = people.load_user(directory, grant["userId"])
    people.check_access(directory, client, user)
    asked = scopes.read(directory, narrowed or grant["scope"])
    granted = scopes.consented(directory, client, asked, user["id"])
    answer = issued.tokens(directory, keys, client, user, asked, granted, grant)
    if "offline_access" in scopes.read(directory, grant["scope"]):
        kept = {name: grant[name] for name in ("appId", "userId", "scope", "sid", "authTime", "family")}
        answer["refresh_token"] = _keep(directory, REFRESH_TOKEN, REFRESH_SECONDS, kept)
    return answer


def _keep(directory: Directory, kind: str, seconds: int, grant: JsonObject) -> str:
    forget_expired(directory, kind)
    value = f"1.{secrets.token_urlsafe(48)}"
    now = clock.seconds()
    directory.put(kind, _id(value), grant | {"issued": now, "expires": now + seconds, "revoked": False})
    return value


def _find(directory: Directory, kind: str, value: str, client: Client) -> tuple[str, JsonObject]:
    found = directory.get(kind, _id(value))
    if found is None:
        raise refusals.MalformedGrant
    if found.body["appId"] != client.app_id:
        raise refusals.ForeignGrant
    return found.id, found.body


def _check_times(directory: Directory, grant: JsonObject) -> None:
    """Raises GrantRevoked or GrantExpired."""
    if grant["revoked"]:
        user = directory.get("user", grant["userId"])
        raise refusals.GrantRevoked(grant, user.body["signInSessionsValidFromDateTime"] if user else None)
    if clock.seconds() >= grant["expires"]:
        raise refusals.GrantExpired


def _check_verifier(client: Client, grant: JsonObject, verifier: str | None) -> None:
    challenge = grant["challenge"]
    if challenge is None:
        if platform_of(client.application, grant["redirectUri"]) != "web":
            raise refusals.PkceRequired
        if verifier:
            # Somebody took the challenge out of the authorization request.
            raise refusals.VerifierMissing
        return
    if not verifier:
        raise refusals.VerifierMissing
    proof = verifier
    if grant["challengeMethod"] == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    if not secrets.compare_digest(proof.encode(), challenge.encode()):
        raise refusals.VerifierMismatch


def _id(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
