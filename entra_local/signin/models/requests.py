"""The authorization request: which application asks, where the answer may go, and in which form."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from entra_local.signin import exceptions as errors
from entra_local.signin import refusals
from entra_local.signin.models import scopes
from entra_local.signin.models.clients import Client, find_client
from entra_local.store import Directory
from entra_local.wire import JsonObject

PARAMETERS = (
    *("client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce"),
    *("code_challenge", "code_challenge_method", "prompt", "login_hint"),
)
"""What is read; the others (`domain_hint`, `claims`, ...) change nothing here."""

PLATFORMS = ("web", "spa", "publicClient")
_MODES = ("query", "fragment", "form_post")
_PROMPTS = ("", "none", "login", "select_account", "consent")
_CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True, slots=True)
class Reply:
    """Where an answer goes: a registered redirect URI, with the state that the application sent."""

    client: Client
    redirect_uri: str
    mode: str
    state: str | None


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request that may be answered with a code."""

    reply: Reply
    scope: str
    scopes: scopes.Scopes
    nonce: str | None
    challenge: str | None
    challenge_method: str
    prompt: str
    login_hint: str

    @property
    def client(self) -> Client:
        return self.reply.client


def find_reply(directory: Directory, given: Mapping[str, str]) -> Reply:
    """The application, and its redirect URI. Raises SignInError, which is for the person's eyes alone."""
    if not given.get("client_id"):
        raise errors.MissingParameter("client_id")
    client = find_client(directory, given["client_id"])
    uri = given.get("redirect_uri") or _only(client)
    if not is_registered(client.application, uri):
        raise refusals.RedirectMismatch(uri, client.app_id)
    mode = given.get("response_mode") or "query"
    return Reply(client, uri, mode if mode in _MODES else "query", given.get("state"))


def read(directory: Directory, given: Mapping[str, str], reply: Reply) -> AuthorizationRequest:
    """The request. Raises SignInError, which the application may be told."""
    for required in ("response_type", "scope"):
        if not given.get(required):
            raise errors.MissingParameter(required)
    _check_response(given["response_type"], given.get("response_mode") or "query")
    prompt = given.get("prompt", "")
    if prompt not in _PROMPTS:
        raise refusals.UnsupportedPrompt(prompt)
    challenge, method = given.get("code_challenge"), given.get("code_challenge_method") or "plain"
    if method not in ("S256", "plain"):
        raise refusals.InvalidChallengeMethod
    if challenge is None and platform_of(reply.client.application, reply.redirect_uri) != "web":
        raise refusals.PkceRequired
    if challenge is not None and not _CHALLENGE.fullmatch(challenge):
        raise refusals.InvalidChallengeSize
    return AuthorizationRequest(
        reply=reply,
        scope=given["scope"],
        scopes=scopes.read(directory, given["scope"]),
        nonce=given.get("nonce"),
        challenge=challenge,
        challenge_method=method,
        prompt=prompt,
        login_hint=given.get("login_hint", ""),
    )


def is_registered(application: JsonObject, uri: str) -> bool:
    """Whether this is one of the application's redirect URIs."""
    return platform_of(application, uri) is not None


def platform_of(application: JsonObject, uri: str) -> str | None:
    """The platform that a redirect URI is registered for. They compare exactly, but for the port of localhost."""
    for platform in PLATFORMS:
        if any(_same(uri, registered) for registered in application[platform]["redirectUris"]):
            return platform
    return None


def _same(uri: str, registered: str) -> bool:
    return uri == registered or (_portless(uri) == _portless(registered) is not None)


def _portless(uri: str) -> str | None:
    """A localhost URI without its port; None for any other."""
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return None
    plain = "localhost" if port is None else f"localhost:{port}"
    if parts.scheme not in ("http", "https") or parts.netloc != plain:
        return None
    return uri.replace(parts.netloc, "localhost", 1)


def _only(client: Client) -> str:
    known = [uri for platform in PLATFORMS for uri in client.application[platform]["redirectUris"]]
    return str(known[0]) if len(known) == 1 else ""


def _check_response(kind: str, mode: str) -> None:
    kinds = set(kind.split())
    if kinds != {"code"}:
        for disabled in ("id_token", "token"):
            if disabled in kinds and kinds <= {"code", "id_token", "token"}:
                raise refusals.ResponseTypeDisabled(disabled)
        raise refusals.UnsupportedResponseType(kind)
    if mode not in _MODES:
        raise refusals.UnsupportedResponseMode(mode)
