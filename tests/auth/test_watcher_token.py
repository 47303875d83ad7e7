"""The watcher's token for Graph is its own identity's, whatever it proves itself with."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from airflow_entra_auth import credential as credentials
from airflow_entra_auth.credential import ClientCredential, CredentialError
from airflow_entra_auth.rules import RulesError, WatcherIdentity
from airflow_entra_auth.watch import token as tokens
from airflow_entra_auth.watch.token import AppToken, TokenEndpoint
from tests.auth.sign_on import CLIENT, rules

WATCHER = "77777777-1111-4222-8333-444455556666"
SECRET = {"mode": "environment", "variable": "WATCHER_SECRET"}


class Entra:
    def __init__(self) -> None:
        self.asked: list[Mapping[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append({key: values[0] for key, values in parse_qs(request.content.decode()).items()})
        return httpx.Response(200, json={"access_token": "t", "expires_in": 3599})


def app_token(entra: Entra, proof: Mapping[str, Any] | None) -> AppToken:
    found = rules(**({"watcher": {"clientId": WATCHER.upper(), "credential": proof}} if proof else {}))
    client = httpx.Client(transport=httpx.MockTransport(entra))
    return AppToken(found, ClientCredential.of(found.credential), client)


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_ENTRA_CLIENT_SECRET", "the application's")
    monkeypatch.setenv("WATCHER_SECRET", "the watcher's")
    for name in ("AZURE_FEDERATED_TOKEN_FILE", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)


def test_it_is_the_watchers_with_the_watchers_secret() -> None:
    entra = Entra()
    assert app_token(entra, SECRET)() == "t"
    (asked,) = entra.asked
    assert (asked["client_id"], asked["client_secret"]) == (WATCHER, "the watcher's")
    assert asked["grant_type"] == "client_credentials"


def test_a_file_of_an_older_release_goes_on_with_the_applications_own() -> None:
    entra = Entra()
    assert app_token(entra, None)() == "t"
    assert (entra.asked[0]["client_id"], entra.asked[0]["client_secret"]) == (CLIENT, "the application's")


def test_what_people_signed_in_with_is_redeemed_as_the_application_all_the_same() -> None:
    entra = Entra()
    found = rules(watcher={"clientId": WATCHER, "credential": SECRET})
    client = httpx.Client(transport=httpx.MockTransport(entra))
    TokenEndpoint(found, ClientCredential.of(found.credential), client).ask(grant_type="refresh_token")
    assert (entra.asked[0]["client_id"], entra.asked[0]["client_secret"]) == (CLIENT, "the application's")


@pytest.mark.parametrize("mode", ["federated", "platform"])
def test_a_pods_token_is_sent_as_it_is(mode: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    entra, file = Entra(), tmp_path / "token"
    file.write_text("a.b.c")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(file))
    proof = {"mode": mode} | ({"tokenFile": None} if mode == "federated" else {})
    assert app_token(entra, proof)() == "t"
    assert (entra.asked[0]["client_id"], entra.asked[0]["client_assertion"]) == (WATCHER, "a.b.c")


def test_an_identity_of_the_platform_is_asked_for_again_before_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    def platform(client_id: str, scope: str) -> tuple[str, float]:
        asked.append((client_id, scope))
        return f"t{len(asked)}", time.time() + (200 if len(asked) == 1 else 3600)

    monkeypatch.setattr(tokens, "platform_token", platform)
    entra = Entra()
    token = app_token(entra, {"mode": "platform"})
    assert [token(), token(), token()] == ["t1", "t2", "t2"]
    assert asked[0] == (WATCHER, "https://graph.microsoft.com/.default")
    assert not entra.asked


def test_where_nothing_can_ask_the_platform_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "azure.identity", None)
    with pytest.raises(CredentialError, match="apache-airflow-providers-microsoft-azure"):
        credentials.platform_token(WATCHER, "scope")


@pytest.mark.parametrize("own", [True, False])
def test_variables_are_the_identitys_only_where_they_name_it(monkeypatch: pytest.MonkeyPatch, own: bool) -> None:
    import azure.identity

    class Identity:
        def __init__(self, **options: str) -> None:
            self.options = options

        def __enter__(self) -> Identity:
            return self

        def __exit__(self, *_: object) -> None: ...

        def get_token(self, scope: str) -> Any:
            from azure.core.credentials import AccessToken

            return AccessToken(f"{type(self).__name__} {self.options} {scope}", 5)

    class Managed(Identity): ...

    monkeypatch.setattr(azure.identity, "EnvironmentCredential", Identity)
    monkeypatch.setattr(azure.identity, "ManagedIdentityCredential", Managed)
    monkeypatch.setenv("AZURE_CLIENT_ID", WATCHER if own else CLIENT)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "s")
    token, ends = credentials.platform_token(WATCHER, "scope")
    assert (token, ends) == ("Identity {} scope" if own else f"Managed {{'client_id': '{WATCHER}'}} scope", 5.0)


def test_a_platform_that_gives_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import azure.identity
    from azure.core.exceptions import ClientAuthenticationError

    def none(**_: str) -> Any:
        raise ClientAuthenticationError("no\nmanaged identity endpoint found")

    monkeypatch.setattr(azure.identity, "ManagedIdentityCredential", none)
    with pytest.raises(CredentialError, match=f"{WATCHER}.*no managed identity endpoint found.*airflow-entra:watcher"):
        credentials.platform_token(WATCHER, "scope")


@pytest.mark.parametrize(
    ("watcher", "says"),
    [
        (None, "watcher is null"),
        ({"clientId": "me", "credential": SECRET}, "an object id"),
        ({"clientId": WATCHER}, "watcher.credential"),
        ({"clientId": WATCHER, "credential": {"mode": "password"}}, "watcher.credential.mode"),
        (
            {"clientId": WATCHER, "credential": {"mode": "platform", "secret": "x"}},
            "watcher.credential.secret is unknown",
        ),
        ({"clientId": WATCHER, "credential": SECRET, "more": 1}, "watcher.more is unknown"),
    ],
)
def test_a_watcher_that_cannot_be_right_is_said_with_its_place(watcher: object, says: str) -> None:
    with pytest.raises(RulesError, match=says):
        rules(watcher=watcher)


def test_nobody_signs_in_with_an_identity_of_the_platform() -> None:
    with pytest.raises(RulesError, match=r"credential\.mode"):
        rules(credential={"mode": "platform"})


def test_a_file_without_it_is_read_as_before() -> None:
    assert rules().watcher is None
    found = rules(watcher={"clientId": WATCHER, "credential": SECRET}).watcher
    assert isinstance(found, WatcherIdentity)
    assert found.client_id == WATCHER
