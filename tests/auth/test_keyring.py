"""What the key of an Airflow's sessions keeps safe, and what is said about a wrong one."""

from __future__ import annotations

import base64
import secrets
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra_auth import keyring as keys
from airflow_entra_auth.keyring import Keyring, UnsealedError, parse
from airflow_entra_auth.rules import RulesError
from airflow_entra_auth.variables import SESSION_KEY

OLD, NEW = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
FIELDS = st.lists(st.one_of(st.text(max_size=8), st.integers(), st.none()), max_size=4)


def test_a_handles_hash_is_told_by_the_key_alone() -> None:
    assert parse(NEW).hash_of("h") == parse(NEW).hash_of("h")
    assert parse(NEW).hash_of("h") != parse(OLD).hash_of("h")
    assert parse(NEW).hash_of("h") != parse(NEW).hash_of("g")
    assert len(parse(NEW).hash_of("h")) == 64


@pytest.mark.parametrize("between", [",", " ", ", ", "\n"])
def test_the_first_key_is_used_and_what_the_others_made_holds(between: str) -> None:
    before, during, after = parse(OLD), parse(f"{NEW}{between}{OLD}"), parse(NEW)
    assert during.hash_of("h") == after.hash_of("h")
    assert during.hashes_of("h") == (after.hash_of("h"), before.hash_of("h"))
    assert during.mac("session", 1) == after.mac("session", 1)
    assert during.is_mac(before.mac("session", 1), "session", 1)
    assert not after.is_mac(before.mac("session", 1), "session", 1)
    assert during.unseal("refresh token", before.seal("refresh token", b"t")) == b"t"
    assert after.unseal("refresh token", during.seal("refresh token", b"t")) == b"t"
    assert during.cookie_keys == [*before.cookie_keys, *after.cookie_keys]


def test_what_an_older_release_wrote_into_the_database_still_holds() -> None:
    """Values that a key made once. Another derivation would end every session, and open no refresh token."""
    old = parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")
    assert old.hash_of("handle") == "ec683029dbc6a8bd96d2e0404674c25298398270d965eb4647a8894b108a7e4f"
    assert old.mac("session", 1, "a", None) == "3d42ec84d966d52aa43eeb4d7941dc4d3e892cf1c1f03edf345833370bcdbc46"
    assert old.mac("identity", 1, "ü") == "338c59e4a8ff3ed7c6fe45a1e321ed529dff39b1b60fa498748875bceeaccc7f"
    assert [key.hex() for key in old.cookie_keys] == [
        "df05f0263e75ad4354bba29850aee5d4426abcb6dd5ed46b95165dcee6a21e71"
    ]
    sealed = "gAAAAABrDa-qDkyoh2eHquT9XGvmjT_npIPODTrpu0nMAuBMEwMsrSBvhXW5dFxsdX9uZE7ED6wewpIW8XsnQhSCY4bDbBrbpQ=="
    assert old.unseal("sign-in", sealed) == b"content"


@given(FIELDS, FIELDS, st.sampled_from(["session", "identity"]), st.sampled_from(["session", "identity"]))
def test_a_mac_is_of_one_kind_of_row_and_what_it_says(a: list[object], b: list[object], kind: str, other: str) -> None:
    keyring = parse(NEW)
    mac = keyring.mac(kind, *a)  # type: ignore[arg-type]
    assert keyring.is_mac(mac, other, *b) == ((kind, a) == (other, b))  # type: ignore[arg-type]


@pytest.mark.parametrize("mac", [None, "", 0, b"", "é" * 64, "0" * 64, "0" * 63])
def test_what_is_no_mac_is_none(mac: object) -> None:
    assert not parse(NEW).is_mac(mac, "session", 1)


def test_what_is_sealed_opens_for_its_purpose_in_its_time() -> None:
    keyring = parse(NEW)
    sealed = keyring.seal("sign-in", b"content")
    assert b"content" not in base64.urlsafe_b64decode(sealed)
    assert keyring.unseal("sign-in", sealed, within=60) == b"content"
    with pytest.raises(UnsealedError):
        keyring.unseal("refresh token", sealed)
    with pytest.raises(UnsealedError):
        parse(OLD).unseal("sign-in", sealed)
    with mock.patch("time.time", return_value=4_000_000_000), pytest.raises(UnsealedError):
        keyring.unseal("sign-in", sealed, within=60)


@pytest.mark.parametrize("sealed", ["", "x", "ü", "gAAAA", "\0"])
def test_what_is_not_sealed_opens_nothing(sealed: str) -> None:
    with pytest.raises(UnsealedError):
        parse(NEW).unseal("sign-in", sealed)


def test_each_use_has_a_key_of_its_own() -> None:
    (derived,) = parse(NEW)._keys
    every = {derived.handles, derived.rows, derived.seals, derived.cookies, base64.urlsafe_b64decode(f"{NEW}=")}
    assert len(every) == 5
    assert {len(key) for key in every} == {32}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not set"),
        (" , ", "is not set"),
        ("c2hvcnQ", "key 1 in AIRFLOW_ENTRA_SESSION_KEY has 5 bytes, and fewer than 32 could be guessed"),
        (f"{NEW},{NEW[:42]}", "key 2 in AIRFLOW_ENTRA_SESSION_KEY has 31 bytes"),
        (f"{NEW[:-1]}!", "key 1 in AIRFLOW_ENTRA_SESSION_KEY is not base64url"),
        (f"{NEW}!!!!", "key 1 in AIRFLOW_ENTRA_SESSION_KEY is not base64url"),
        (f"={NEW}", "key 1 in AIRFLOW_ENTRA_SESSION_KEY is not base64url"),
        ("ключ" * 20, "is not base64url"),
    ],
    # the keys differ each time
    ids=["nothing", "separators", "short", "second short", "no base64url", "more than it", "= first", "not ASCII"],
)
def test_a_wrong_key_is_told_with_the_fix_and_never_shown(text: str, says: str) -> None:
    with pytest.raises(RulesError, match=says) as raised:
        parse(text)
    assert "secrets.token_urlsafe(32)" in str(raised.value)
    assert "watcher" in str(raised.value)
    assert raised.value.__cause__ is None
    for word in text.replace(",", " ").split():
        assert word not in str(raised.value)


def test_a_key_may_end_as_base64_does() -> None:
    assert parse(f"{NEW}=").hash_of("h") == parse(NEW).hash_of("h")
    assert parse(f"{'A' * 43}X").hash_of("h") != parse("A" * 43).hash_of("h"), "33 bytes, without any ="


def test_a_key_is_in_no_text_about_it(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = parse(NEW)
    shown = repr(keyring) + repr(keyring._keys) + repr(vars(keyring))
    for secret in (NEW, *(repr(key) for key in keyring.cookie_keys)):
        assert secret not in shown


def test_it_is_read_from_the_environment_once(monkeypatch: pytest.MonkeyPatch) -> None:
    keys.keyring.cache_clear()
    try:
        monkeypatch.setenv(SESSION_KEY, NEW)
        assert isinstance(keys.keyring(), Keyring)
        monkeypatch.setenv(SESSION_KEY, "")
        assert keys.keyring().hash_of("h") == parse(NEW).hash_of("h")
    finally:
        keys.keyring.cache_clear()
