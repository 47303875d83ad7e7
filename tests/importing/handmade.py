"""An application as somebody clicked it together in the portal: it works, and much about it is wrong."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from airflow_entra_auth.graph import Graph

GRAPH_APP = "00000003-0000-0000-c000-000000000000"
USER_READ = {"id": "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "type": "Scope"}
MAIL_READ = {"id": "810c84a8-4a9e-49e6-bf7d-12d183f40d01", "type": "Role"}
SUBSCRIPTION = "1b2d7c94-0e6f-4a38-8c55-b7f1d3a90c21"
VAULT = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-airflow-local/providers/Microsoft.KeyVault/vaults/kv-by-hand"
SECRET = "airflow-secret"
SCOPE = "6f1d1f5e-0b53-4a0e-8f0e-7c6f5e0f7a11"
POLICY_NAME = "8 hours for Airflow"


@dataclass(frozen=True)
class HandMade:
    """Object ids, but for `client_id`."""

    client_id: str
    object_id: str
    principal_id: str
    roles: dict[str, str]
    groups: dict[str, str]
    person: str
    policy: str


def role(value: str | None, **more: Any) -> dict[str, Any]:
    name = value or "Nobody"
    return {
        "id": str(uuid.uuid4()),
        "value": value,
        "displayName": f"{name} of Airflow",
        "description": f"made by hand: {name}",
        "allowedMemberTypes": ["User"],
        "isEnabled": True,
        **more,
    }


def make(graph: Graph, arm: Graph, tenant_id: str) -> HandMade:
    person, owner, *_ = (user["id"] for user in graph.pages("/users"))
    groups = {
        name: graph.post("/groups", _group(name, **more))["id"]
        for name, more in {
            "Airflow Admins": {},
            "Airflow Operators": {},
            "Night shift": {},
            "Analysts": {
                "groupTypes": ["DynamicMembership"],
                "membershipRule": 'user.department -eq "Data"',
                "membershipRuleProcessingState": "On",
            },
        }.items()
    }
    _refer(graph, f"/groups/{groups['Airflow Operators']}/members", groups["Night shift"])
    roles = [role("airflow_prod_admin"), role("Op"), role("analyst"), role("legacy"), role(None)]
    application = graph.post("/applications", _application(roles))
    here = f"/applications/{application['id']}"
    _refer(graph, f"{here}/owners", owner)
    graph.post(f"{here}/addPassword", {"passwordCredential": {"displayName": "from the wiki"}})
    principal = graph.post("/servicePrincipals", {"appId": application["appId"]})["id"]
    ids = {one["value"] or "": one["id"] for one in application["appRoles"]}
    given = [
        (groups["Airflow Admins"], ids["airflow_prod_admin"]),
        (groups["Airflow Operators"], ids["Op"]),
        (groups["Analysts"], ids["analyst"]),
        (person, ids["airflow_prod_admin"]),
    ]
    for holder, app_role in given:
        body = {"principalId": holder, "resourceId": principal, "appRoleId": app_role}
        graph.post(f"/servicePrincipals/{principal}/appRoleAssignedTo", body)
    return HandMade(
        application["appId"],
        application["id"],
        principal,
        ids,
        groups,
        person,
        _policy(graph, application["id"]) if _vault(arm, tenant_id) else "",
    )


def make_for_one_person(graph: Graph) -> HandMade:
    """The least that somebody clicks together: one app role, and one person who has it without any group."""
    person = next(iter(graph.pages("/users")))["id"]
    body = {
        "displayName": "airflow for Ada",
        "web": {"redirectUris": ["https://ada.contoso.com/auth/oauth-authorized/azure"]},
        "appRoles": [role("Viewer")],
    }
    application = graph.post("/applications", body)
    principal = graph.post("/servicePrincipals", {"appId": application["appId"]})["id"]
    app_role = application["appRoles"][0]["id"]
    given = {"principalId": person, "resourceId": principal, "appRoleId": app_role}
    graph.post(f"/servicePrincipals/{principal}/appRoleAssignedTo", given)
    return HandMade(application["appId"], application["id"], principal, {"Viewer": app_role}, {}, person, "")


def _application(roles: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "displayName": "airflow PROD (new)",
        "signInAudience": "AzureADMyOrg",
        "web": {
            "redirectUris": [
                "https://airflow.contoso.com/data/auth/oauth-authorized/azure",
                "https://airflow-old.contoso.com/oauth-authorized/azuread",
                "https://*.contoso.com/callback",
            ],
            "implicitGrantSettings": {"enableIdTokenIssuance": True, "enableAccessTokenIssuance": False},
        },
        "spa": {"redirectUris": ["http://localhost:3000"]},
        "isFallbackPublicClient": True,
        "groupMembershipClaims": "SecurityGroup",
        "identifierUris": [f"api://{SCOPE}"],
        "api": {"oauth2PermissionScopes": [_scope()], "requestedAccessTokenVersion": 2},
        "optionalClaims": {
            "idToken": [{"name": "ctry"}, {"name": "email"}],
            "accessToken": [{"name": "ipaddr"}],
            "saml2Token": [],
        },
        "notes": "asked for by Bob",
        "info": {"supportUrl": "https://help.contoso.com/airflow"},
        "appRoles": roles,
        "requiredResourceAccess": [{"resourceAppId": GRAPH_APP, "resourceAccess": [USER_READ, MAIL_READ]}],
    }


def _scope() -> dict[str, Any]:
    said = {"adminConsentDisplayName": "Start DAGs", "adminConsentDescription": "Start DAGs for the person"}
    return {"id": SCOPE, "value": "runs.start", "type": "Admin", "isEnabled": True, **said}


def _group(name: str, **more: Any) -> dict[str, Any]:
    nickname = name.replace(" ", "")
    return {"displayName": name, "mailNickname": nickname, "mailEnabled": False, "securityEnabled": True, **more}


def _refer(graph: Graph, path: str, id_: str) -> None:
    graph.post(f"{path}/$ref", {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{id_}"})


def _policy(graph: Graph, application: str) -> str:
    rule = '{"TokenLifetimePolicy":{"Version":1,"AccessTokenLifetime":"8:00:00"}}'
    body = {"displayName": POLICY_NAME, "definition": [rule], "isOrganizationDefault": False}
    policy: str = graph.post("/policies/tokenLifetimePolicies", body)["id"]
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/policies/tokenLifetimePolicies/{policy}"}
    graph.post(f"/applications/{application}/tokenLifetimePolicies/$ref", reference)
    return policy


def _vault(arm: Graph, tenant_id: str) -> bool:
    version = {"api-version": "2023-07-01"}
    sku = {"family": "A", "name": "standard"}
    properties = {"tenantId": tenant_id, "sku": sku, "enableRbacAuthorization": True, "enableSoftDelete": True}
    arm.put(VAULT, {"location": "westeurope", "properties": properties}, version)
    arm.put(f"{VAULT}/secrets/{SECRET}", {"properties": {"value": "from the wiki"}}, version)
    return True
