"""The local tenant over HTTP within this process, and what a person gets who signs in there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import jwt

from airflow_entra_auth.claims import Admitted, GroupsNeeded, decide
from airflow_entra_auth.overage import groups_of
from airflow_entra_auth.rules import SignOnRules, scopes
from entra_local.hosts import service_for
from entra_local.service import World
from entra_local.wire import Call, Reply
from tests.directory.random_tenants import REDIRECT, SECRET

_FIELD = re.compile(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"')
_NUMBER = re.compile(r"AADSTS(\d+)")


class LocalTenant(httpx.BaseTransport):
    """Azure's names, answered by a tenant in this process: to a client's requests, and by `send` at once."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._one = Lock()  # the store has one connection

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        reply = self._answer(request.method, str(request.url), headers, request.read())
        return httpx.Response(
            reply.status, headers={**reply.headers, "Content-Type": reply.media_type}, content=reply.encoded()
        )

    def send(self, method: str, url: str, form: Mapping[str, str], cookie: str = "") -> Reply:
        """A browser's or an application's request."""
        query = f"?{urlencode(form)}" if method == "GET" else ""
        body = b"" if query else urlencode(form).encode()
        kind = "application/x-www-form-urlencoded"
        return self._answer(method, url + query, {"content-type": kind, "cookie": cookie}, body)

    def _answer(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        parts = urlsplit(url)
        call = Call(method, parts.netloc, parts.path, dict(parse_qsl(parts.query, True)), headers, body)
        service = service_for(call)
        assert service is not None, url
        with self._one:
            return service.answer(call, self.world)


@dataclass(frozen=True)
class Arrival:
    """What a real sign-in came to: roles, or the number of Entra's refusal. `refresh_token` where one was asked for."""

    roles: frozenset[str] = frozenset()
    refused_by_entra: int = 0
    refresh_token: str = ""
    overage: bool = False


def sign_in(entra: LocalTenant, rules: SignOnRules, user_name: str) -> Arrival:
    """From the application's request to what Airflow decides, by OpenID Connect."""
    base = f"https://login.microsoftonline.com/{rules.tenant_id}/oauth2/v2.0"
    wanted = {
        "client_id": rules.client_id,
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": " ".join(scopes(rules.roles_from, rules.revocation)),
        "state": "s",
        "nonce": "n",
    }
    page = entra.send("GET", f"{base}/authorize", wanted)
    form = {name: unescape(value) for name, value in _FIELD.findall(str(page.body))}
    if "ticket" not in form:
        return Arrival(refused_by_entra=_number(page))
    browser = page.headers["Set-Cookie"].partition(";")[0]
    answer = entra.send("POST", f"{base}/authorize", {**form, "username": user_name}, browser)
    given = dict(parse_qsl(urlsplit(answer.headers.get("Location", "")).query))
    if "code" not in given:
        return Arrival(refused_by_entra=_number(answer))
    proof = {"client_id": rules.client_id, "client_secret": SECRET}
    redeemed = {"grant_type": "authorization_code", "code": given["code"], "redirect_uri": REDIRECT}
    tokens = _object(entra.send("POST", f"{base}/token", redeemed | proof))
    claims: Mapping[str, Any] = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    decided = decide(claims, rules)
    if isinstance(decided, GroupsNeeded):
        decided = decide(claims, rules, groups_of(tokens["access_token"], rules.graph, entra))
    roles = frozenset(decided.roles) if isinstance(decided, Admitted) else frozenset[str]()
    return Arrival(roles, refresh_token=tokens.get("refresh_token", ""), overage="_claim_names" in claims)


def application_token(entra: LocalTenant, tenant_id: str, client_id: str) -> str:
    """An application's own token for Graph."""
    asked = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": SECRET,
        "scope": "https://graph.microsoft.com/.default",
    }
    answer = entra.send("POST", f"https://login.microsoftonline.com/{tenant_id}/oauth2/v2.0/token", asked)
    return str(_object(answer)["access_token"])


def _object(reply: Reply) -> Mapping[str, Any]:
    assert isinstance(reply.body, dict), reply
    assert reply.status == 200, reply
    return reply.body


def _number(page: Reply) -> int:
    found = _NUMBER.search(str(page.body))
    assert found, page
    return int(found[1])
