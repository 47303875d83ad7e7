"""Resource Manager and a vault's data plane in memory, only as clever as the azure-native stand-in's tests need."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

import httpx

Json = dict[str, Any]

CALLER = "c00c7622-8bee-4a55-986b-2a0f18096191"


@dataclass
class ArmDouble:
    resources: dict[str, Json] = field(default_factory=dict)
    deleted_secrets: dict[str, Json] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)
    slow: bool = False
    """PUT and DELETE are accepted, and an operation has to be followed."""
    outcome: str = "Succeeded"
    pending: int = 0
    vault_resource: str = "https://vault.azure.net"

    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        host, path = request.url.host, request.url.path
        if host == "login.microsoftonline.com":
            self.scopes.append(httpx.QueryParams(request.content.decode())["scope"])
            claims = base64.urlsafe_b64encode(json.dumps({"oid": CALLER}).encode()).decode().rstrip("=")
            return httpx.Response(200, json={"access_token": f"e30.{claims}.x", "expires_in": 3600})
        self.calls.append(f"{request.method} {host}{path}?{request.url.query.decode()}")
        if host.endswith(".vault.azure.net"):
            return self._vault(request, path)
        if path == "/operations/1":
            self.pending -= 1
            status = "InProgress" if self.pending > 0 else self.outcome
            error = {"error": {"code": "VaultNameTaken", "message": "no"}} if self.outcome != "Succeeded" else {}
            return httpx.Response(200, json={"status": status, **error})
        return self._arm(request.method, path, json.loads(request.content) if request.content else None)

    def _arm(self, method: str, path: str, body: Any) -> httpx.Response:
        if method == "PUT":
            self.bodies.append(body)
            if path.rsplit("/", 1)[-1] in self.deleted_secrets:
                return _error(409, "Conflict", "Secret is currently in a deleted but recoverable state")
            self.resources[path] = self._complete(path, body)
        elif path not in self.resources:
            return _error(404, "ResourceNotFound", f"The Resource '{path}' was not found.")
        found = self.resources[path]
        if method == "DELETE":
            del self.resources[path]
        if self.slow and method != "GET":
            self.pending = 2
            where = "https://management.azure.com/operations/1?api-version=1"
            return httpx.Response(202, headers={"azure-asyncoperation": where}, json={})
        return httpx.Response(200 if method != "DELETE" else 204, json=found)

    def _complete(self, path: str, body: Json) -> Json:
        name, kind = path.rsplit("/", 1)[-1], "/".join(path.split("/")[-3:-1])
        properties = dict(body.get("properties") or {})
        properties.pop("value", None)
        properties.pop("createMode", None)
        if "/secrets/" in path:
            vault = path.split("/vaults/")[1].split("/")[0]
            properties["secretUri"] = f"https://{vault}.vault.azure.net/secrets/{name}"
            properties["attributes"] = {"created": 1, "enabled": True, **properties.get("attributes", {})}
        elif "/roleAssignments/" in path:
            properties["scope"] = path.split("/providers/Microsoft.Authorization")[0]
        elif "/vaults/" in path:
            properties |= {"vaultUri": f"https://{name}.vault.azure.net/", "provisioningState": "Succeeded"}
        return {**body, "id": path, "name": name, "type": kind, "properties": properties, "etag": "never shown"}

    def _vault(self, request: httpx.Request, path: str) -> httpx.Response:
        if "authorization" not in request.headers:
            challenge = f'Bearer authorization="https://login.microsoftonline.com/t", resource="{self.vault_resource}"'
            return httpx.Response(401, headers={"www-authenticate": challenge})
        name = path.removesuffix("/recover").rsplit("/", 1)[-1]
        secret = next((key for key in self.resources if key.endswith(f"/secrets/{name}")), None)
        if request.method == "DELETE" and secret:
            self.deleted_secrets[name] = self.resources.pop(secret)
            return httpx.Response(200, json={"recoveryId": "x"})
        if path.startswith("/deletedsecrets/") and name in self.deleted_secrets:
            if request.method == "POST":
                del self.deleted_secrets[name]
            return httpx.Response(200, json={"recoveryId": "x"})
        return _error(404, "SecretNotFound", f"A secret with (name/id) {name} was not found")


def _error(status: int, code: str, message: str) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": code, "message": message}})
