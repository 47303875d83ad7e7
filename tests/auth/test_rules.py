"""The sign-on file is read whole or not at all."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra_auth import rules as module
from airflow_entra_auth.rules import RulesError, load_rules, parse_rules
from tests.auth.sign_on import CLIENT, GROUPS, TENANT, document, rules


def write(folder: Path, text: str) -> Path:
    file = folder / "sign-on.json"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_file_is_read_with_its_roles_in_order(tmp_path: Path) -> None:
    found = load_rules(write(tmp_path, json.dumps(document())))
    assert (found.tenant_id, found.client_id, found.airflow_session) == (TENANT, CLIENT, 28800)
    assert found.credential == module.EnvironmentSecret("AIRFLOW_ENTRA_CLIENT_SECRET")
    assert list(found.roles) == ["Admin", "Viewer", "finance-editor"]
    assert [role.name for role in found.custom_roles] == ["finance-editor"]
    assert dict(found.roles["finance-editor"].dags) == {"finance_*": ("read", "trigger", "edit")}


def test_the_issuer_is_pinned_whatever_the_authority() -> None:
    local = rules(authority="http://localhost:8400")
    assert local.issuer == f"https://login.microsoftonline.com/{TENANT}/v2.0"
    assert local.metadata_url == f"http://localhost:8400/{TENANT}/v2.0/.well-known/openid-configuration"


def test_ids_are_lower_case_however_they_were_written() -> None:
    roles = {"Admin": {"groups": [GROUPS[0].upper()], "dags": {}}}
    found = rules(tenantId=TENANT.upper(), roles=roles)
    assert found.tenant_id == TENANT
    assert found.roles["Admin"].groups == (GROUPS[0],)


@pytest.mark.parametrize(
    ("credential", "read"),
    [
        (
            {"mode": "vaultSecret", "vaultUrl": "https://kv.vault.azure.net/", "secretName": "s"},
            module.VaultSecret("https://kv.vault.azure.net", "s"),
        ),
        ({"mode": "federated", "tokenFile": None}, module.FederatedToken(None)),
        ({"mode": "federated", "tokenFile": "/var/run/token"}, module.FederatedToken("/var/run/token")),
        (
            {"mode": "certificate", "privateKeyFile": "/k.pem", "certificateFile": "/c.pem"},
            module.Certificate("/k.pem", "/c.pem"),
        ),
    ],
)
def test_every_credential_is_read(credential: dict[str, Any], read: module.Credential) -> None:
    assert rules(credential=credential).credential == read


def test_people_of_other_tenants_come_in_by_tenant_and_for_a_shorter_time() -> None:
    some = rules(guests={"tenants": [TENANT.upper()]}, externalSession=3600)
    assert some.guests == "tenants"
    assert some.home_tenants == {TENANT}
    assert (some.session(guest=True), some.session(guest=False)) == (3600, some.airflow_session)
    assert rules().session(guest=True) == rules().airflow_session


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"schema": 2}, "schema is 2"),
        ({"tenantId": "contoso"}, 'tenantId is "contoso"'),
        ({"tenantId": "00000000-0000-0000-0000-000000000000"}, "object id"),
        ({"authority": "http://login.example.com"}, "authority is"),
        ({"authority": "http://localhost.example.com"}, "authority is"),
        ({"graph": "https://"}, "graph is"),
        ({"rolesFrom": "names"}, "appRoles, assignedGroups, securityGroups is right"),
        ({"rolesFrom": ["appRoles"]}, "rolesFrom is"),
        ({"airflowSession": True}, "airflowSession is true"),
        ({"airflowSession": 5}, "at least 60 seconds"),
        ({"airflowSession": "8h"}, "a whole number is right"),
        ({"contact": 5}, "contact is 5"),
        ({"credential": {"mode": "password"}}, "credential.mode"),
        ({"credential": {"mode": "environment", "variable": "A", "value": "hunter2"}}, "credential.value is unknown"),
        ({"roles": {}}, "nobody could sign in"),
        ({"roles": {"a": {"groups": ["admins"], "dags": {}}}}, 'roles.a.groups is "admins"'),
        ({"roles": {"a": {"groups": [], "dags": {"x": ["write"]}}}}, "roles.a.dags.x"),
        ({"roles": {"a": {"groups": [], "dags": {"x": []}}}}, "roles.a.dags.x"),
        ({"roles": {"a": {"groups": []}}}, "roles.a.dags is null"),
        ({"roles": {"Viewer": {"groups": [], "dags": {"x": ["read"]}}}}, "roles.Viewer.dags"),
        ({"roles": {"x" * 65: {"groups": [], "dags": {}}}}, "1 to 64 characters"),
        ({"sessionLifetime": 1}, "sessionLifetime is unknown"),
        ({"guests": "some"}, "refuse, allow is right"),
        ({"guests": {"tenants": []}}, "guests.tenants names none"),
        ({"guests": {"tenants": ["fabrikam"]}}, 'guests.tenants is "fabrikam"'),
        ({"guests": {"tenants": "x"}}, "guests.tenants"),
        ({"guests": {"tenants": [TENANT], "domains": []}}, "guests.domains is unknown"),
        ({"externalSession": 5}, "at least 60 seconds"),
    ],
)
def test_what_cannot_be_right_is_said_with_its_place(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(RulesError) as caught:
        rules(**changes)
    assert says in str(caught.value)
    assert str(caught.value).startswith("sign-on.json: ")
    assert "airflow-entra render" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("key", list(document()))
def test_nothing_may_be_missing(key: str) -> None:
    with pytest.raises(RulesError, match=key):
        parse_rules({name: value for name, value in document().items() if name != key}, "sign-on.json")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        ("[]", "the file is list"),
        ('{"schema": 1, "schema": 1}', '"schema" is there twice'),
        ("[" * 100_000, "sign-on.json"),
    ],
)
def test_a_file_that_is_no_sign_on_file(tmp_path: Path, text: str, says: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(RulesError) as caught:
        load_rules(file)
    assert says in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_missing_file_is_said_with_the_variable_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match=r"No such file.*AIRFLOW_ENTRA_SIGN_ON"):
        load_rules(tmp_path / "none.json")


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    file = tmp_path / "sign-on.json"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RulesError, match="not UTF-8"):
        load_rules(file)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(key=st.sampled_from(list(document())), value=JSON)
def test_any_value_anywhere_is_read_or_refused(key: str, value: object) -> None:
    with suppress(RulesError):
        parse_rules(document(**{key: value}), "sign-on.json")
