"""A tenant in this process, asked as a client would ask it: by URL, with a token that was signed in for."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

from entra_local.hosts import service_for
from entra_local.keys import Keys
from entra_local.seed import apply
from entra_local.service import World
from entra_local.store import Store
from entra_local.wire import Call, JsonObject, Reply

LOGIN = "https://login.microsoftonline.com"
GRAPH = "https://graph.microsoft.com"
ARM = "https://management.azure.com"
VAULT = "https://vault.azure.net"

TENANT = "22222222-2222-2222-2222-222222222222"
SUBSCRIPTION = "33333333-3333-3333-3333-333333333333"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-airflow"
DEPLOYER = {
    "id": "a0000000-0000-0000-0000-000000000001",
    "appId": "a0000000-0000-0000-0000-000000000002",
    "servicePrincipalId": "a0000000-0000-0000-0000-000000000003",
    "displayName": "deployer",
    "secret": "not-a-secret-but-a-test",
}
SEED: JsonObject = {
    "tenants": [{"id": TENANT, "displayName": "Contoso", "domain": "contoso.example"}],
    "subscriptions": [
        {"id": SUBSCRIPTION, "tenantId": TENANT, "resourceGroups": [{"name": "rg-airflow", "location": "westeurope"}]}
    ],
    "applications": [
        DEPLOYER
        | {
            "permissions": ["Application.ReadWrite.All", "Group.ReadWrite.All"],
            "azureRoles": [{"scope": f"/subscriptions/{SUBSCRIPTION}", "role": "Owner"}],
        }
    ],
}


class Tenant:
    """The deployer's view of a seeded tenant."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._tokens: dict[tuple[str, str], str] = {}

    def seed(self, seed: JsonObject) -> None:
        with self.world.store.transaction() as store:
            apply(store, seed)

    def application(self, name: str, **more: Any) -> JsonObject:
        """One more application that can sign in; the roles and permissions are in `more`."""
        made = {"id": str(uuid4()), "appId": str(uuid4()), "servicePrincipalId": str(uuid4()), "displayName": name}
        made |= {"secret": f"the-secret-of-{name}"}
        self.seed({"applications": [made | more]})
        return made

    def sign_in(self, application: JsonObject = DEPLOYER, tenant: str = TENANT, **fields: str) -> Reply:
        """The token endpoint's answer to an application's secret; `fields` override the form, "" leaves one out."""
        form = {
            "grant_type": "client_credentials",
            "client_id": application["appId"],
            "client_secret": application["secret"],
            "scope": f"{ARM}/.default",
        }
        body = urlencode({name: value for name, value in (form | fields).items() if value})
        return self.send("POST", f"{LOGIN}/{tenant}/oauth2/v2.0/token", body.encode())

    def token(self, resource: str, application: JsonObject = DEPLOYER) -> str:
        key = (resource, application["appId"])
        if key not in self._tokens:
            self._tokens[key] = body_of(self.sign_in(application, scope=f"{resource}/.default"))["access_token"]
        return self._tokens[key]

    def arm(self, method: str, path: str, body: Any = None, application: JsonObject = DEPLOYER) -> Reply:
        version = "" if "api-version=" in path else ("&" if "?" in path else "?") + "api-version=2024-11-01"
        return self._signed(method, f"{ARM}{path}{version}", ARM, body, application)

    def graph(self, method: str, path: str, body: Any = None, application: JsonObject = DEPLOYER) -> Reply:
        return self._signed(method, f"{GRAPH}/v1.0{path}", GRAPH, body, application)

    def vault(self, method: str, name: str, path: str, body: Any = None, application: JsonObject = DEPLOYER) -> Reply:
        return self._signed(method, f"https://{name}.vault.azure.net{path}?api-version=7.5", VAULT, body, application)

    def send(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        token: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        parts = urlsplit(url)
        headers = (headers or {}) | ({"authorization": f"Bearer {token}"} if token else {})
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        call = Call(method, parts.netloc, parts.path, query, headers, body)
        service = service_for(call)
        assert service is not None, f"nobody answers for {parts.netloc}"
        return service.answer(call, self.world)

    def _signed(self, method: str, url: str, resource: str, body: Any, application: JsonObject) -> Reply:
        content = b"" if body is None else json.dumps(body).encode()
        return self.send(method, url, content, self.token(resource, application))


def body_of(reply: Reply, status: int = 200) -> JsonObject:
    """The JSON object of a reply that must have this status."""
    assert reply.status == status, (reply.status, reply.body)
    assert isinstance(reply.body, dict)
    return reply.body


def refusal(reply: Reply) -> tuple[int, str, str]:
    """Status, code and message of an error, which every service but sign-in words alike."""
    assert isinstance(reply.body, dict)
    error = reply.body["error"]
    return reply.status, error["code"], error["message"]


@contextmanager
def tenant_in(folder: Path, keys: Keys) -> Iterator[Tenant]:
    """A seeded tenant whose state is in a folder."""
    with closing(Store(folder / "tenant.sqlite")) as store:
        tenant = Tenant(World(store, keys))
        tenant.seed(SEED)
        yield tenant
