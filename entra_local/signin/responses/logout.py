"""Sign-out: the browser's session ends, its applications are told, and the browser goes where it may."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlencode, urlsplit

import jwt

from entra_local.service import Request
from entra_local.signin import pages
from entra_local.signin.addresses import issuer
from entra_local.signin.exceptions import SignInError
from entra_local.signin.models import sessions
from entra_local.signin.models.clients import Client, find_client
from entra_local.signin.models.requests import is_registered
from entra_local.signin.models.tenants import find_tenant
from entra_local.signin.responses.authorize import SESSION
from entra_local.signin.responses.common import NO_STORE, ascii_uri, cookie, parameters_of, set_cookie, with_headers
from entra_local.store import Directory
from entra_local.tokens import OWN_TIMES
from entra_local.wire import JsonObject, Reply


def logout(request: Request) -> Reply:
    """End the session of the browser's cookie. It is no error when there is none."""
    with request.world.store.transaction() as store:
        try:
            tenant = find_tenant(store, request["tenant"])
        except SignInError as error:
            return pages.refusal(None, error)
        directory = store.of(tenant["id"])
        session = sessions.find(directory, cookie(request.call, SESSION))
        frames = list(_front_channel(directory, session)) if session else []
        if session:
            sessions.end(directory, session)
        onward = _onward(request, directory, parameters_of(request.call))
    if onward and not frames:
        page = Reply(302, None, {"Location": ascii_uri(onward), **NO_STORE})
    else:
        page = pages.signed_out(tenant, frames, onward)
    return with_headers(page, set_cookie(request.call, request["tenant"], SESSION, ""))


def _front_channel(directory: Directory, session: JsonObject) -> Iterator[str]:
    """The address by which each application that the session signed in to is told that it is over."""
    for app_id in session["applications"]:
        try:
            url = find_client(directory, app_id).application["web"]["logoutUrl"]
        except SignInError:
            continue
        if url and urlsplit(url).scheme in ("http", "https"):
            query = urlencode({"iss": issuer(directory.tenant), "sid": session["sid"]})
            yield f"{url}{'&' if '?' in url else '?'}{query}"


def _onward(request: Request, directory: Directory, given: Mapping[str, str]) -> str | None:
    """Where the application wants the browser next, if that is one of its redirect URIs."""
    uri = given.get("post_logout_redirect_uri", "")
    client = _client(request, directory, given)
    if client is None or not is_registered(client.application, uri):
        return None
    if "state" in given:
        uri += ("&" if "?" in uri else "?") + urlencode({"state": given["state"]})
    return uri


def _client(request: Request, directory: Directory, given: Mapping[str, str]) -> Client | None:
    """The application that asks, by its id or by an ID token that was issued to it, however old."""
    app_id = given.get("client_id", "")
    hint = given.get("id_token_hint")
    if hint:
        claims = _claims(request, directory, hint)
        if claims is None or app_id not in ("", claims["aud"]):
            return None
        app_id = claims["aud"]
    try:
        return find_client(directory, app_id)
    except SignInError:
        return None


def _claims(request: Request, directory: Directory, token: str) -> JsonObject | None:
    try:
        key = request.world.keys.public(jwt.get_unverified_header(token).get("kid"))
        if key is None:
            return None
        claims: JsonObject = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            issuer=issuer(directory.tenant),
            options={**OWN_TIMES, "verify_aud": False, "require": ["aud"]},
        )
    except jwt.InvalidTokenError:
        return None
    return claims
