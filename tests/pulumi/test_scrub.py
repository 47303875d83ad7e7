from __future__ import annotations

import base64
import html
import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra.pulumi.scrub import Scrub
from tests.pulumi.chatty_pulumi import ways

# Put together here, so that no scanner takes this file for a leak.
CLIENT_SECRET = "abc" + "8Q~" + "d" * 34
JWT = "eyJhbGciOiJub25l" + "." + "eyJzdWIiOiJhZGEi" + "." + "c2ln"
KEY = "-----BEGIN " + "PRIVATE KEY-----\nMIIE\n-----END " + "PRIVATE KEY-----"
PULUMI = "pul-" + "0123456789abcdef0123" * 2
ACCOUNT = "DefaultEndpointsProtocol=https;AccountKey=" + "A" * 40


@pytest.mark.parametrize("secret", [CLIENT_SECRET, JWT, KEY, PULUMI, ACCOUNT, "https://a/b?sv=1&sig=" + "b" * 30])
def test_what_looks_like_a_secret_is_hidden(secret: str) -> None:
    said = Scrub({}).text(f"before {secret} after")
    assert secret not in said
    assert said.startswith("before ")
    assert said.endswith(" after")


@pytest.mark.parametrize(
    "name", ["ARM_CLIENT_SECRET", "PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE", "AZURE_STORAGE_KEY", "my_password"]
)
def test_variables_that_hold_secrets_are_known_by_their_names(name: str) -> None:
    assert Scrub({name: "correct horse"}).text("a correct horse b") == "a [secret] b"


@pytest.mark.parametrize(
    "variable",
    [
        {"PULUMI_CONFIG_PASSPHRASE_FILE": "/run/passphrase"},
        {"AZURE_FEDERATED_TOKEN": __file__},
        {"SOME_TOKEN_PATH": "/var/run/token"},
        {"ARM_CLIENT_ID": "0d1f7a52-8a4e"},
        {"SOME_TOKEN": "x"},
    ],
)
def test_others_are_shown(variable: dict[str, str]) -> None:
    (value,) = variable.values()
    assert Scrub(variable).text(f"a {value} b") == f"a {value} b"


def test_values_below_keys_that_name_a_secret_are_hidden_whatever_they_are() -> None:
    value = {"clientSecret": ["a", {"x": "b"}], "secretName": "shown", "password": 7, "enabled": True, "id": None}
    assert Scrub({}).value(value) == {
        "clientSecret": "[secret]",
        "secretName": "shown",
        "password": "[secret]",
        "enabled": True,
        "id": None,
    }


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("PULUMI_BACKEND_URL", "postgres://pulumi:c0rrect9horse@db/state", "c0rrect9horse"),
        ("PULUMI_BACKEND_URL", "azblob://state?storage_account=a&sig=c0rrect9horse%3D", "c0rrect9horse%3D"),
        ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql://a:c0rrect9horse@db/a", "c0rrect9horse"),
        ("AIRFLOW_ENTRA_SESSION_KEY", "c0rrect9horse", "c0rrect9horse"),
        ("MY_PASSWORD", "hunter2", "hunter2"),
    ],
)
def test_what_is_secret_in_a_variable_is_found_wherever_it_is_said(name: str, value: str, secret: str) -> None:
    said = Scrub({name: value}).text(f"{value} and '{secret}' alone")
    assert secret not in said
    assert said.endswith(" alone")


def test_a_variable_that_names_a_file_stands_for_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "passphrase").write_text("c0rrect9horse\n")
    scrub = Scrub({"PULUMI_CONFIG_PASSPHRASE_FILE": str(tmp_path / "passphrase")})
    assert scrub.text("a c0rrect9horse b") == "a [secret] b"
    assert str(tmp_path) in scrub.text(f"read {tmp_path}/passphrase")


@pytest.mark.parametrize("name", ["ARM_ACCESS_KEY", "PULUMI_CONFIG_PASSPHRASE", "my_password"])
@pytest.mark.parametrize("value", ["/kQ8zV2m" + "Lx0+4t/==", "/" + "k9/" * 2000, "//c0rrect9horse"])
def test_a_secret_may_begin_as_a_path_does(name: str, value: str) -> None:
    assert Scrub({name: value}).text(f"a {value} b") == "a [secret] b"


def test_a_file_that_never_ends_or_never_begins_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    scrub = Scrub({"A_TOKEN_FILE": str(tmp_path / "pipe"), "B_TOKEN_FILE": "/dev/zero", "C_TOKEN_FILE": "x" * 5000})
    assert scrub.text("a text") == "a text"


def test_what_is_no_text_is_still_a_secret(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xff\xfec0rrect9horse\n")
    said = b"a \xff\xfec0rrect9horse b".decode("utf-8", "replace")
    assert Scrub({"MY_SECRET_FILE": str(tmp_path / "key")}).text(said) == "a [secret] b"
    assert Scrub({"MY_SECRET": os.fsdecode(b"\xff\xfec0rrect9horse")}).text(said) == "a [secret] b"


@pytest.mark.parametrize(
    "write",
    [
        lambda secret: secret.encode().hex(),
        lambda secret: secret.encode().hex().upper(),
        lambda secret: re.sub("%..", lambda code: code.group().lower(), quote(secret, safe="")),
        quote,
        html.escape,
        lambda secret: secret.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&#39;").replace('"', "&#34;"),
        lambda secret: json.dumps(json.dumps(json.dumps(secret))),
        lambda secret: base64.b64encode(f"user:{secret}".encode()).decode(),
        lambda secret: base64.b64encode(f"a user:{secret}:".encode()).decode(),
        lambda secret: base64.urlsafe_b64encode(f"deployer:{secret}?".encode()).decode(),
    ],
)
def test_a_known_secret_is_found_as_hosts_and_headers_write_it(write: Callable[[str], str]) -> None:
    secret = "Tr0ub4dor&3-Zeta%Kappa<Ome'ga\"/+x"
    said = write(secret)
    left = Scrub({"MY_SECRET": secret}).text(f"a {said} b")
    assert "[secret]" in left
    assert len(left) < len("a [secret] b") + 20
    assert left.startswith("a ")
    assert left.endswith(" b")


@pytest.mark.parametrize("between", ["\x1b[31m", "\x1b[0m\x1b[1m", "\u200b", "\n  |  ", "\\\n"])
def test_a_known_secret_is_found_with_colours_and_breaks_in_it(between: str) -> None:
    assert Scrub({"MY_SECRET": "c0rrect9horse"}).text(f"a c0rrect{between}9horse b") == "a [secret] b"


def test_a_password_with_a_slash_is_one_and_a_port_is_none() -> None:
    scrub = Scrub({"DB_URL": "postgresql://u:p%40ss/w0rdxyz@h/db", "A_URL": "https://h:8080/some/path@x"})
    assert scrub.text("for p@ss/w0rdxyz and p%40ss/w0rdxyz") == "for [secret] and [secret]"
    assert scrub.text("for 8080/some/path") == "for 8080/some/path"


def test_a_password_in_a_url_is_known_as_a_program_reads_it_too() -> None:
    scrub = Scrub({"DB_URL": "postgresql://u:p%40ssw0rdxyz@h/db"})
    assert scrub.text("for p@ssw0rdxyz and p%40ssw0rdxyz") == "for [secret] and [secret]"


@pytest.mark.parametrize("said", ["eyJ" * 20_000, "eyJ" * 20_000 + ".", "password=" * 20_000, "a.eyJaaaaaaaa" * 5_000])
def test_a_text_that_almost_looks_like_secrets_takes_no_longer_than_another(said: str) -> None:
    began = time.process_time()
    Scrub({}).text(said)
    assert time.process_time() - began < 1.0  # it took 3.4 s and more


@pytest.mark.parametrize(
    "said",
    [
        "Authorization: Bearer abcdefgh12345678",
        "client_id=a&client_secret=abcdefgh12345678",
        '{"clientSecret": "abcdefgh12345678"}',
        "https://user:abcdefgh12345678@host/path",
        "postgres://user:abcdefgh12345678@host/path",
    ],
)
def test_what_stands_where_a_secret_stands_is_hidden(said: str) -> None:
    assert "abcdefgh12345678" not in Scrub({}).text(said)


@pytest.mark.parametrize(
    "said",
    [
        "error: could not get bearer credentials: WorkloadIdentityCredential",
        "credential.password: missing; a passphrase: none is set",
        "urn:pulumi:prod::airflow-entra::azuread:index/applicationPassword:ApplicationPassword::slot-a",
        "https://kv-airflow-local.vault.azure.net/secrets/airflow-oauth-client-secret",
        "http://localhost:8080/auth/oauth-authorized/azure@here",
    ],
)
def test_ordinary_words_stay(said: str) -> None:
    assert Scrub({"AZURE_TOKEN_CREDENTIALS": "WorkloadIdentityCredential", "A_TOKEN": "none"}).text(said) == said


@pytest.mark.parametrize("way", range(8))
def test_a_known_secret_is_found_however_it_is_written(way: int) -> None:
    secret = 'c0rrect9horse "and" b4ttery\\7staple & ü%'
    said = "".join(Scrub({"A_SECRET": secret}).text([*ways(secret)][way]).split())
    assert not any(piece in said for piece in ("c0rrect9", "horse", "b4tt", "7staple"))


@given(st.text(min_size=8, max_size=40), st.text(), st.text())
def test_a_known_secret_is_found_anywhere(secret: str, before: str, after: str) -> None:
    assert secret not in Scrub({"MY_SECRET": secret}).text(before + secret + after).replace("[secret]", "")


@pytest.mark.parametrize("text", ['{"a": 4711, "b": "4711"}', '{"a": 4711}\n\n{"b": "4711"}\n'])
def test_a_secret_that_is_a_number_breaks_no_json(text: str) -> None:
    masked = Scrub({"PULUMI_CONFIG_PASSPHRASE": "4711"}).data(text)
    assert masked == text.replace('"4711"', '"[secret]"')
