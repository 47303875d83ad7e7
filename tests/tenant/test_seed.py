"""The seed: what it adds, that it takes nothing away, and how it says what is wrong with it."""

import io
import json
import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from entra_local.__main__ import main
from entra_local.seed import SeedError
from entra_local.store import EVERYWHERE
from entra_local.wire import JsonObject
from tests.tenant.azure import VAULT, VAULTS
from tests.tenant.world import DEPLOYER, SEED, SUBSCRIPTION, TENANT, Tenant, body_of

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
USER, GROUP = str(uuid4()), str(uuid4())


def test_a_seed_again_changes_nothing(tenant: Tenant) -> None:
    full = SEED | {
        "users": [{"id": USER, "userPrincipalName": "ada@contoso.example"}],
        "groups": [{"id": GROUP, "displayName": "On call", "mailNickname": "on-call", "members": [USER]}],
        "vaults": [{"id": VAULT, "location": "westeurope"}],
    }
    tenant.seed(full)
    before = _documents(tenant)
    tenant.seed(full)
    assert _documents(tenant) == before


def test_a_seed_leaves_what_it_does_not_name(tenant: Tenant) -> None:
    tenant.seed({"users": [{"id": USER, "userPrincipalName": "ada@contoso.example", "department": "Data"}]})
    tenant.seed({"groups": [{"id": GROUP, "displayName": "On call", "members": [USER]}]})
    tenant.seed({"users": [{"id": USER, "userPrincipalName": "ada@contoso.example", "displayName": "Ada"}]})
    tenant.seed({"groups": [{"id": GROUP, "displayName": "On call, too", "members": []}]})
    directory = tenant.world.store
    with directory.transaction(write=False) as store:
        user, group = (store.of(TENANT).get(*key) for key in (("user", USER), ("group", GROUP)))
        assert user is not None
        assert group is not None
        assert (user.body["department"], user.body["displayName"]) == ("Data", "Ada")
        assert group.body["displayName"] == "On call, too"
        assert store.of(TENANT).targets("members", GROUP) == [USER]


def test_a_changed_secret_is_added_to_the_old_one(tenant: Tenant) -> None:
    tenant.seed({"applications": [DEPLOYER | {"secret": "another-secret-of-the-test"}]})
    assert tenant.sign_in().status == 200
    assert tenant.sign_in(client_secret="another-secret-of-the-test").status == 200


def test_microsoft_graph_is_in_every_tenant(tenant: Tenant) -> None:
    other = str(uuid4())
    tenant.seed({"tenants": [{"id": other, "displayName": "Fabrikam", "domain": "fabrikam.example"}]})
    with tenant.world.store.transaction(write=False) as store:
        for id_ in (TENANT, other):
            (graph,) = store.of(id_).find("servicePrincipal", "appId", GRAPH_APP_ID)
            assert "Application.ReadWrite.OwnedBy" in {role["value"] for role in graph.body["appRoles"]}
            assert "openid" in {scope["value"] for scope in graph.body["oauth2PermissionScopes"]}


def test_a_seeded_vault_can_be_read_and_holds_its_name(tenant: Tenant) -> None:
    tenant.seed({"vaults": [{"id": VAULT, "location": "North Europe", "tenantId": TENANT}]})
    found = body_of(tenant.arm("GET", VAULT))
    assert (found["location"], found["properties"]["enableRbacAuthorization"]) == ("northeurope", True)


def test_a_seeded_group_of_resources_can_be_put_again_as_it_was(tenant: Tenant) -> None:
    group = {"name": "rg-2", "location": "North Europe"}
    tenant.seed({"subscriptions": [{"id": SUBSCRIPTION, "tenantId": TENANT, "resourceGroups": [group]}]})
    path = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-2"
    assert tenant.arm("PUT", path, {"location": "North Europe"}).status == 200


APPLICATION = {"id": str(uuid4()), "appId": str(uuid4()), "servicePrincipalId": str(uuid4()), "displayName": "app"}


@pytest.mark.parametrize(
    ("seed", "words"),
    [
        ({"tenants": [{"id": "x"}]}, "no id that is a UUID"),
        ({"subscriptions": [{"id": SUBSCRIPTION, "tenantId": TENANT, "resourceGroups": [{}]}]}, "no name"),
        ({"subscriptions": [{"id": SUBSCRIPTION, "tenantId": TENANT, "resourceGroups": "rg"}]}, "list of objects"),
        ({"subscriptions": [{"id": SUBSCRIPTION, "resourceGroups": [{"name": "a/b"}]}]}, "a/b"),
        ({"users": [{"id": USER}]}, "no userPrincipalName"),
        ({"users": [{"id": USER, "userPrincipalName": "a@b", "accountEnabled": "yes"}]}, "accountEnabled"),
        ({"groups": [{"id": GROUP, "displayName": "g", "members": [str(uuid4())]}]}, "does not exist"),
        ({"groups": [{"id": GROUP, "displayName": "g", "members": USER}]}, "list of strings"),
        ({"applications": [APPLICATION | {"appId": None}]}, "no appId that is a UUID"),
        ({"applications": [APPLICATION | {"permissions": ["Everything"]}]}, "'Everything' is no permission"),
        ({"applications": [APPLICATION | {"permissions": "Group.Create"}]}, "list of strings"),
        ({"applications": [APPLICATION | {"azureRoles": [{"scope": "/", "role": "King"}]}]}, "'King' is no built-in"),
        ({"applications": [APPLICATION | {"azureRoles": [{"role": "Owner"}]}]}, "no scope"),
        ({"applications": [APPLICATION | {"federatedCredentials": [{"issuer": "https://i"}]}]}, "no subject"),
        (
            {
                "applications": [
                    APPLICATION
                    | {"federatedCredentials": [{"issuer": "https://i", "subject": "s", "audience": "a", "jwks": {}}]}
                ]
            },
            "no set of public keys",
        ),
        ({"vaults": [{"id": "/subscriptions/x"}]}, "not the resource id of a vault"),
        ({"vaults": [{"id": f"{VAULTS}/k"}]}, "not the resource id of a vault"),
        ({"vaults": [{}]}, "no id"),
    ],
)
def test_a_seed_of_the_wrong_shape_is_refused_whole(tenant: Tenant, seed: JsonObject, words: str) -> None:
    before = _documents(tenant)
    good = {"servicePrincipals": [{"id": str(uuid4()), "appId": str(uuid4()), "displayName": "good"}]}
    with pytest.raises(SeedError, match=re.escape(words)):
        tenant.seed(good | seed)
    assert _documents(tenant) == before


def test_with_two_tenants_an_item_says_whose_it_is(tenant: Tenant) -> None:
    tenant.seed({"tenants": [{"id": str(uuid4()), "displayName": "Fabrikam", "domain": "fabrikam.example"}]})
    with pytest.raises(SeedError, match="every item needs a tenantId"):
        tenant.seed({"users": [{"id": USER, "userPrincipalName": "ada@contoso.example"}]})


# the command


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"tenant": []}', "'tenant' is not one of"),
        (b'{"tenants": {}}', "'tenants' is not"),
        (b'{"tenants": [1]}', "'tenants' is not"),
    ],
)
def test_bad_json_is_one_clear_line_and_exit_2(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    content: bytes,
    words: str,
) -> None:
    assert _run(tmp_path, content, monkeypatch) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("entra_local: the seed is wrong: ")
    assert captured.err.count("\n") == 1
    assert words in captured.err


def test_the_command_keeps_no_secret_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _run(tmp_path / "state", json.dumps(SEED).encode(), monkeypatch) == 0
    files = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    content = b"".join(path.read_bytes() for path in files)
    assert DEPLOYER["appId"].encode() in content
    assert DEPLOYER["secret"].encode() not in content
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)
    with closing(sqlite3.connect(tmp_path / "state" / "tenant.sqlite")) as connection:
        assert connection.execute("SELECT count(*) FROM documents WHERE tenant = ?", (EVERYWHERE,)).fetchone()[0] > 0


def _run(state: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    return main(["seed", "--state", str(state)])


def _documents(tenant: Tenant) -> list[Any]:
    """Everything stored but times."""
    rows = tenant.world.store.connection.execute("SELECT tenant, kind, id, body, deleted_at FROM documents").fetchall()
    links = tenant.world.store.connection.execute("SELECT tenant, kind, source, target FROM links").fetchall()
    return [_without_times(row) for row in rows] + links


def _without_times(row: tuple[Any, ...]) -> tuple[Any, ...]:
    body = {name: value for name, value in json.loads(row[3]).items() if name not in ("createdOn", "updatedOn")}
    return (*row[:3], body, row[4])
