"""A browser and an application, as far as signing in takes them."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import jwt

from entra_local.wire import JsonObject, Reply
from tests.tenant.world import LOGIN, TENANT, Tenant, body_of

APP: JsonObject = {
    "id": "b1000000-0000-4000-8000-000000000001",
    "appId": "b1000000-0000-4000-8000-000000000002",
    "servicePrincipalId": "b1000000-0000-4000-8000-000000000003",
    "tenantId": TENANT,
    "displayName": "Airflow (test)",
    "secret": "the-secret-of-airflow",
    "web": {
        "redirectUris": ["https://airflow.contoso.example/auth/oauth-authorized/azure"],
        "logoutUrl": "https://airflow.contoso.example/auth/front-channel-logout",
    },
    "delegatedPermissions": ["openid", "profile", "email", "offline_access", "User.Read"],
    "appRoles": [
        {
            "id": f"b1000000-0000-4000-8000-0000000000{number}",
            "displayName": name,
            "description": name,
            "value": name,
            "allowedMemberTypes": ["User"],
        }
        for number, name in enumerate(("Admin", "Viewer"), start=10)
    ],
}
REDIRECT: str = APP["web"]["redirectUris"][0]
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


def person(number: int, name: str, **more: Any) -> JsonObject:
    """A person of the seed."""
    nickname = name.split()[0].lower()
    return {
        "id": f"c0000000-0000-4000-8000-{number:012d}",
        "tenantId": TENANT,
        "displayName": name,
        "userPrincipalName": f"{nickname}@contoso.example",
        "mail": f"{nickname}@contoso.example",
    } | more


class Page(HTMLParser):
    """What a person sees of a page, and what its form would send."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.names: set[str] = set()
        self.buttons: list[str] = []
        self.accounts: list[str] = []
        self.frames: list[str] = []
        self.onward = ""
        self.tags: list[str] = []
        self._shown: list[str] = []
        self._hidden = 0
        self.feed(text)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._shown).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self._hidden += tag in ("style", "script")
        if tag == "form":
            self.action = found.get("action", "")
        elif tag == "iframe":
            self.frames.append(found["src"])
        elif tag == "a":
            self.onward = found["href"]
        elif tag == "button":
            self.buttons.append(found.get("name", ""))
            if found.get("name") == "username":
                self.accounts.append(found["value"])
        elif tag == "input":
            self.names.add(found["name"])
            if found["type"] == "hidden":
                self.fields[found["name"]] = found["value"]

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._shown.append(data)


class Browser:
    """Keeps cookies for one origin and fills in the sign-in form."""

    def __init__(self, tenant: Tenant, application: JsonObject = APP, base: str = LOGIN) -> None:
        self.tenant = tenant
        self.application = application
        self.base = f"{base}/{TENANT}"
        self.cookies: dict[str, str] = {}

    def send(self, method: str, url: str, fields: Mapping[str, str] | Sequence[tuple[str, str]] = ()) -> Reply:
        """A request with the cookies; what the answer sets is kept."""
        header = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = urlencode(fields).encode()
        reply = self.tenant.send(method, url, body, headers={"cookie": header} if header else {})
        if "Set-Cookie" in reply.headers:
            name, _, value = reply.headers["Set-Cookie"].partition(";")[0].partition("=")
            self.cookies[name] = value
        return reply

    def ask(self, **changed: str | None) -> Reply:
        """The application's authorization request; None leaves a parameter out."""
        given = {
            "client_id": self.application["appId"],
            "redirect_uri": REDIRECT,
            "response_type": "code",
            "scope": "openid profile email",
            "state": "the-state",
            "nonce": "the-nonce",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        wanted = {name: value for name, value in (given | changed).items() if value is not None}
        return self.send("GET", f"{self.base}/oauth2/v2.0/authorize?{urlencode(wanted)}")

    def choose(self, page: Reply, username: str, **more: str) -> Reply:
        """Submit a sign-in page."""
        form = page_of(page)
        url = urljoin(self.base, form.action)
        return self.send("POST", url, {**form.fields, "username": username, **more})

    def sign_in(self, username: str, **changed: str | None) -> dict[str, str]:
        """What the application gets back when a person signs in."""
        return answer_of(self.choose(self.ask(**changed), username))

    def redeem(self, code: str, headers: dict[str, str] | None = None, /, **changed: str | None) -> Reply:
        """The application's token request for a code."""
        given = {"code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
        return self.token(headers, **{"grant_type": "authorization_code", **given, **changed})

    def refresh(self, token: str, **changed: str | None) -> Reply:
        return self.token(**{"grant_type": "refresh_token", "refresh_token": token, **changed})

    def token(self, headers: dict[str, str] | None = None, /, **fields: str | None) -> Reply:
        """A token request that authenticates by the secret, unless it says otherwise."""
        given = {"client_id": self.application["appId"], "client_secret": self.application["secret"], **fields}
        body = urlencode({name: value for name, value in given.items() if value is not None})
        return self.tenant.send("POST", f"{self.base}/oauth2/v2.0/token", body.encode(), headers=headers)

    def tokens(self, username: str, **changed: str | None) -> JsonObject:
        """The token response of a whole sign-in."""
        return body_of(self.redeem(self.sign_in(username, **changed)["code"]))

    def claims(self, username: str, **changed: str | None) -> JsonObject:
        """The claims of the verified ID token of a whole sign-in."""
        return self.verified(self.tokens(username, **changed)["id_token"])

    def verified(self, token: str) -> JsonObject:
        """The claims of an ID token, checked as an application checks them."""
        found = body_of(self.tenant.send("GET", f"{self.base}/v2.0/.well-known/openid-configuration"))
        listed = jwt.PyJWKSet.from_dict(body_of(self.tenant.send("GET", found["jwks_uri"])))
        key = listed[jwt.get_unverified_header(token)["kid"]]
        claims: JsonObject = jwt.decode(
            token, key.key, algorithms=["RS256"], audience=self.application["appId"], issuer=found["issuer"]
        )
        return claims


def page_of(reply: Reply) -> Page:
    assert reply.media_type.startswith("text/html"), (reply.status, reply.body)
    assert isinstance(reply.body, str)
    return Page(reply.body)


def answer_of(reply: Reply, uri: str = REDIRECT) -> dict[str, str]:
    """The parameters of a redirect to the application."""
    assert reply.status == 302, (reply.status, page_of(reply).text)
    location = reply.headers["Location"]
    assert location.startswith(f"{uri}?"), location
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query, strict_parsing=True).items()}


def refusal_of(reply: Reply) -> tuple[str, int]:
    """OAuth's error and the AADSTS number of a refused token request."""
    assert isinstance(reply.body, dict)
    assert "error" in reply.body, reply.body
    number = reply.body["error_codes"][0]
    assert reply.body["error_description"].startswith(f"AADSTS{number}: ")
    return reply.body["error"], number
