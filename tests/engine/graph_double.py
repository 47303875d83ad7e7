"""A Graph of a few dozen lines, only as clever as the recorded exchanges need, behind an httpx transport.

It gives the IDs that the recording has, and knows nothing of the stand-ins that it tests.
"""

import base64
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import httpx

Json = dict[str, Any]

CALLER = "c00c7622-8bee-4a55-986b-2a0f18096191"
ADA = "8e22b8fc-6a6d-42b2-a018-25afbbf1a731"
GRAPH_PRINCIPAL = "d60e551c-1eab-46bb-a80c-61a439093e1f"
SECRET = "the-generated-secret"


@dataclass
class Call:
    method: str
    host: str
    path: str
    query: str
    body: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path}{'?' + self.query if self.query else ''}"


@dataclass
class GraphDouble:
    ids: dict[str, str] = field(default_factory=dict)
    """The ID that the object of this display name, app ID or collection gets."""
    calls: list[Call] = field(default_factory=list)
    objects: dict[str, dict[str, Json]] = field(default_factory=dict)
    links: dict[str, list[str]] = field(default_factory=dict)
    refusals: list[Callable[[Call], httpx.Response | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.add("users", {"id": ADA, "userPrincipalName": "ada@contoso.com", "@odata.type": "#microsoft.graph.user"})
        graph = {
            "id": GRAPH_PRINCIPAL,
            "appId": "00000003-0000-0000-c000-000000000000",
            "displayName": "Microsoft Graph",
        }
        self.add("servicePrincipals", graph)

    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self._answer))

    def add(self, collection: str, item: Json) -> Json:
        self.objects.setdefault(collection, {})[item["id"]] = item
        return item

    def graph_calls(self) -> list[Call]:
        return [call for call in self.calls if call.host == "graph.microsoft.com"]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        content = request.content.decode()
        is_json = "json" in request.headers.get("content-type", "")
        body = json.loads(content) if content and is_json else (parse_qs(content) or None)
        url = request.url
        call = Call(request.method, url.host, url.path, url.query.decode(), body)
        self.calls.append(call)
        for refuse in self.refusals:
            if response := refuse(call):
                return response
        if url.host == "login.microsoftonline.com":
            claims = base64.urlsafe_b64encode(json.dumps({"oid": CALLER}).encode()).decode().rstrip("=")
            return httpx.Response(200, json={"access_token": f"e30.{claims}.x", "expires_in": 3600})
        parts = url.path.strip("/").split("/")[1:]
        if parts[:2] == ["identity", "conditionalAccess"]:
            parts = parts[2:]
        return self._graph(request.method, parts, parse_qs(call.query), body)

    def _graph(self, method: str, parts: list[str], query: dict[str, list[str]], body: Any) -> httpx.Response:
        match parts:
            case ["directoryObjects", object_id]:
                found = next((items[object_id] for items in self.objects.values() if object_id in items), None)
                return httpx.Response(200, json=found) if found else missing(parts)
            case [collection] if method == "POST":
                return self._create(collection, body)
            case [collection]:
                return listing(list(self.objects.get(collection, {}).values()), query)
            case [collection, object_id]:
                return self._one(method, self.objects.get(collection, {}), object_id, body, parts)
            case ["applications", object_id, "addPassword"]:
                key = {**body["passwordCredential"], "keyId": self.ids.get("password", str(uuid.uuid4()))}
                self.objects["applications"][object_id].setdefault("passwordCredentials", []).append(key)
                return httpx.Response(200, json={**key, "secretText": SECRET})
            case ["applications", object_id, "removePassword"]:
                app = self.objects["applications"][object_id]
                app["passwordCredentials"] = [
                    key for key in app["passwordCredentials"] if key["keyId"] != body["keyId"]
                ]
                return httpx.Response(204)
            case [_, _, ("owners" | "members"), "$ref"]:
                self.links.setdefault("/".join(parts[:3]), []).append(body["@odata.id"].split("/")[-1])
                return httpx.Response(204)
            case [_, _, ("owners" | "members"), object_id, "$ref"]:
                self.links["/".join(parts[:3])].remove(object_id)
                return httpx.Response(204)
            case [_, _, ("owners" | "members" | "memberOf")]:
                return listing([{"id": item} for item in self.links.get("/".join(parts), [])], query)
            case [_, object_id, ("appRoleAssignedTo" | "federatedIdentityCredentials") as collection]:
                return self._create(collection, body, under=object_id)
            case [_, object_id, ("appRoleAssignedTo" | "federatedIdentityCredentials") as collection, item]:
                return self._one(method, self.objects.get(f"{object_id}/{collection}", {}), item, body, parts)
        return missing(parts)

    def _create(self, collection: str, body: Json, under: str = "") -> httpx.Response:
        key = next((body[name] for name in ("displayName", "appId") if body.get(name) in self.ids), collection)
        item = {**body, "id": self.ids.get(key, str(uuid.uuid4()))}
        if collection == "applications":
            item["appId"] = self.ids.get("clientId", str(uuid.uuid4()))
        owners = item.pop("owners@odata.bind", [])
        self.links[f"{collection}/{item['id']}/owners"] = [owner.split("/")[-1] for owner in owners]
        self.add(f"{under}/{collection}" if under else collection, item)
        return httpx.Response(201, json=item)

    def _one(self, method: str, items: dict[str, Json], object_id: str, body: Any, parts: list[str]) -> httpx.Response:
        if object_id not in items:
            return missing(parts)
        if method == "PATCH":
            items[object_id].update(body)
            return httpx.Response(204)
        if method == "DELETE":
            del items[object_id]
            return httpx.Response(204)
        return httpx.Response(200, json=items[object_id])


def listing(items: list[Json], query: dict[str, list[str]]) -> httpx.Response:
    for condition in query.get("$filter", [""])[0].split(" and "):
        name, _, value = condition.partition(" eq ")
        if value.startswith("'"):
            items = [item for item in items if item.get(name) == value.strip("'").replace("''", "'")]
    return httpx.Response(200, json={"value": items})


def missing(parts: list[str]) -> httpx.Response:
    return refusal(404, "Request_ResourceNotFound", f"Resource '{parts[-1]}' does not exist.")


def refusal(status: int, code: str, message: str, **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": code, "message": message}}, headers=headers)
