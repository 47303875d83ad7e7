"""A directory with people and several applications, asked through Graph as each of them."""

import json
from typing import Any
from urllib.parse import urlencode

from entra_local.wire import JsonObject
from tests.tenant.world import GRAPH, TENANT, Tenant

OTHER_TENANT = "44444444-4444-4444-8444-444444444444"
ADA = "8e22b8fc-6a6d-42b2-a018-25afbbf1a731"
GRACE = "8e22b8fc-6a6d-42b2-a018-25afbbf1a732"
ON_CALL = "55555555-5555-4555-8555-555555555555"
UNKNOWN = "99999999-9999-4999-8999-999999999999"

ALL_PERMISSIONS = [
    *("Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All"),
    *("Group.ReadWrite.All", "User.ReadWrite.All", "Policy.Read.All", "Policy.ReadWrite.ApplicationConfiguration"),
    *("Policy.ReadWrite.ConditionalAccess", "Directory.Read.All", "Policy.ReadWrite.Authorization"),
    "Policy.ReadWrite.SecurityDefaults",
]


def _application(number: int, name: str, *permissions: str, tenant: str = TENANT) -> JsonObject:
    return {
        "id": f"66666666-6666-4666-8666-66666666666{number}",
        "appId": f"77777777-7777-4777-8777-77777777777{number}",
        "servicePrincipalId": f"88888888-8888-4888-8888-88888888888{number}",
        "tenantId": tenant,
        "displayName": name,
        "secret": f"the-secret-of-{name}",
        "permissions": list(permissions),
    }


ADMIN = _application(1, "admin", *ALL_PERMISSIONS)
OWNED_BY = _application(2, "owned-by", "Application.ReadWrite.OwnedBy")
NOBODY = _application(3, "nobody")
STRANGER = _application(4, "stranger", *ALL_PERMISSIONS, tenant=OTHER_TENANT)

SEED: JsonObject = {
    "tenants": [{"id": OTHER_TENANT, "displayName": "Fabrikam", "domain": "fabrikam.example"}],
    "users": [
        {
            "id": ADA,
            "tenantId": TENANT,
            "userPrincipalName": "ada@contoso.com",
            "displayName": "Ada Lovelace",
            "mail": "ada@contoso.com",
            "department": "Data",
        },
        {"id": GRACE, "tenantId": TENANT, "userPrincipalName": "grace@contoso.example", "displayName": "Grace Hopper"},
    ],
    "groups": [
        {
            "id": ON_CALL,
            "tenantId": TENANT,
            "displayName": "platform-on-call",
            "mailNickname": "on-call",
            "members": [ADA],
            "owners": [GRACE],
        }
    ],
    "applications": [ADMIN, OWNED_BY, NOBODY, STRANGER],
}


class Graph:
    """Graph as one application sees it. A call's status must be the expected one."""

    def __init__(self, tenant: Tenant, application: JsonObject = ADMIN, version: str = "v1.0") -> None:
        self.tenant = tenant
        self.version = version
        home = application.get("tenantId", TENANT)
        signed_in = tenant.sign_in(application, tenant=home, scope=f"{GRAPH}/.default")
        assert isinstance(signed_in.body, dict), signed_in
        self.token = str(signed_in.body["access_token"])

    def get(self, path: str, status: int = 200, /, **query: str) -> JsonObject:
        """The body of a GET; `query` holds options without their $."""
        suffix = "?" + urlencode({f"${name}": value for name, value in query.items()}) if query else ""
        return self.request("GET", path + suffix, status)

    def post(self, path: str, body: Any, status: int = 201) -> JsonObject:
        return self.request("POST", path, status, body)

    def patch(self, path: str, body: Any, status: int = 204) -> JsonObject:
        return self.request("PATCH", path, status, body)

    def put(self, path: str, body: Any, status: int = 204) -> JsonObject:
        return self.request("PUT", path, status, body)

    def delete(self, path: str, status: int = 204) -> JsonObject:
        return self.request("DELETE", path, status)

    def refused(self, method: str, path: str, status: int, body: Any = None) -> str:
        """The message of a call that is refused with this status."""
        return str(self.request(method, path, status, body)["error"]["message"])

    def add(self, path: str, id_: str, status: int = 204) -> JsonObject:
        """Add a reference to an object."""
        return self.post(f"{path}/$ref", reference(id_), status)

    def ids(self, path: str, **query: str) -> list[str]:
        """The ids of one page of a list."""
        return [item["id"] for item in self.get(path, 200, **query)["value"]]

    def group(self, name: str, **more: Any) -> JsonObject:
        body = {"displayName": name, "mailNickname": name, "mailEnabled": False, "securityEnabled": True}
        return self.post("/groups", body | more)

    def application(self, name: str = "Airflow", **more: Any) -> JsonObject:
        return self.post("/applications", {"displayName": name, **more})

    def principal(self, application: JsonObject, **more: Any) -> JsonObject:
        return self.post("/servicePrincipals", {"appId": application["appId"], **more})

    def request(
        self, method: str, path: str, status: int, body: Any = None, headers: dict[str, str] | None = None
    ) -> JsonObject:
        """The body of a call that must have this status."""
        content = b"" if body is None else json.dumps(body).encode()
        url = f"{GRAPH}/{self.version}{path}"
        reply = self.tenant.send(method, url, content, self.token, headers)
        assert reply.status == status, f"{method} {path}: {reply.status} {reply.body!r}"
        return reply.body if isinstance(reply.body, dict) else {}


def reference(id_: str) -> JsonObject:
    """The body that names an object."""
    return {"@odata.id": f"{GRAPH}/v1.0/directoryObjects/{id_}"}


def role(name: str = "Admin", number: int = 1, **more: Any) -> JsonObject:
    """An app role."""
    made: JsonObject = {
        "id": f"7b0f5ad4-5b5e-4b1e-9a3a-{number:012d}",
        "displayName": name,
        "description": f"Airflow's {name}",
        "value": name,
        "allowedMemberTypes": ["User", "Application"],
        "isEnabled": True,
    }
    return made | more
