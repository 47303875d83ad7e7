"""Who can read a vault's secrets, at the vault and by a role above it."""

from __future__ import annotations

from typing import Any

import httpx

from airflow_entra.access.azure_roles import READER, SECRETS_OFFICER, SECRETS_USER, role_definition
from airflow_entra.access.names import role_assignment_name
from airflow_entra.directory.vaults import secret_readers
from airflow_entra_auth.azure import RESOURCE_MANAGER
from airflow_entra_auth.graph import Graph

GROUP = "/subscriptions/s/resourceGroups/g"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"


def assigned(principal: str, role: str, scope: str, name: str = "by-hand") -> dict[str, Any]:
    properties = {"principalId": principal, "roleDefinitionId": role_definition("s", role), "scope": scope}
    return {"name": name, "properties": properties}


def asked(*found: dict[str, Any], status: int = 200) -> Graph:
    def answer(request: httpx.Request) -> httpx.Response:
        assert "roleAssignments" in request.url.path
        return httpx.Response(status, json={"value": list(found)} if status == 200 else {"error": {"code": "no"}})

    client = httpx.Client(transport=httpx.MockTransport(answer))
    return Graph(lambda: "t", base=RESOURCE_MANAGER, client=client, patience=0)


def test_roles_at_the_vault_in_it_and_above_it() -> None:
    arm = asked(
        assigned("a", SECRETS_USER, VAULT.upper(), role_assignment_name(VAULT, "a", SECRETS_USER)),
        assigned("b", SECRETS_USER, f"{VAULT}/secrets/airflow"),
        assigned("c", SECRETS_OFFICER, GROUP),
        assigned("d", SECRETS_USER, f"{VAULT}-of-others"),
        assigned("e", READER, VAULT),
    )
    found = secret_readers(arm, VAULT)
    assert found is not None
    assert [(one.id, one.of_the_vault, one.declared) for one in found] == [
        ("a", True, True),
        ("b", True, False),
        ("c", False, False),
    ]
    assert found[2].may == "may read and write secrets"


def test_what_may_not_be_seen_is_not_nobody() -> None:
    assert secret_readers(asked(status=403), VAULT) is None
    assert secret_readers(asked(), VAULT) == ()
