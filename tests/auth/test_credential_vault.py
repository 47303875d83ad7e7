"""The client secret in a key vault: read seldom, read again when Entra refuses it."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import pytest

from airflow_entra_auth import vault
from airflow_entra_auth.credential import ClientCredential, CredentialError
from airflow_entra_auth.rules import VaultSecret
from airflow_entra_auth.vault import CachedSecret, read_vault

DECLARED = VaultSecret("https://kv-airflow.vault.azure.net", "airflow-client-secret")


class Vault:
    """What the vault says next, and how often it was asked; a clock that tests move."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers, self.asked, self.now = list(answers), 0, 1000.0

    def read(self, secret: VaultSecret) -> str:
        assert secret == DECLARED
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def secret(self) -> CachedSecret:
        return CachedSecret(DECLARED, self.read, lambda: self.now)


def test_the_vault_is_asked_once_in_five_minutes() -> None:
    store = Vault("one", "two")
    secret = store.secret()
    assert [secret.value() for _ in range(3)] == ["one"] * 3
    store.now += 299
    assert secret.value() == "one"
    store.now += 2
    assert secret.value() == "two"
    assert store.asked == 2


def test_a_refused_secret_is_read_again_at_once() -> None:
    store = Vault("old", "new")
    secret = store.secret()
    assert secret.value() == "old"
    assert secret.refused("old")
    assert secret.value() == "new"
    store.now += vault.KEEP_AFTER_REFUSAL
    assert not secret.refused("new")
    assert store.asked == 3


def test_two_sign_ins_meet_one_rotation() -> None:
    """Both were refused with the old secret: the second finds what the first read, and reads nothing."""
    store = Vault("old", "new")
    secret = store.secret()
    secret.value()
    assert secret.refused("old")
    assert secret.refused("old")
    assert store.asked == 2


def test_sign_ins_that_are_all_refused_dont_ask_the_vault_each() -> None:
    store = Vault("wrong")
    secret = store.secret()
    secret.value()
    assert not any(secret.refused("wrong") for _ in range(100))
    assert store.asked == 2
    store.answers = ["right"]
    store.now += vault.KEEP_AFTER_REFUSAL
    assert secret.refused("wrong")


def test_a_vault_that_is_down_after_a_refusal_is_said_and_asked_by_the_next_sign_in() -> None:
    store = Vault("old", CredentialError("the vault is down"), "new")
    secret = store.secret()
    secret.value()
    with pytest.raises(CredentialError, match="down"):
        secret.refused("old")
    assert not secret.refused("old")
    assert secret.value() == "new"
    assert secret.refused("old")


def test_each_thread_is_refused_for_what_it_sent_itself() -> None:
    store = Vault("old", "new", "newer")
    credential, client = ClientCredential.of(DECLARED, read_secret=store.read), SimpleNamespace(client_id="id")
    sent, rotated, answers = threading.Event(), threading.Event(), []

    def slow() -> None:
        credential(client, "POST", "https://h/t", {}, "")
        sent.set()
        assert rotated.wait(10)
        answers.append(credential.refused())

    thread = threading.Thread(target=slow)
    thread.start()
    assert sent.wait(10)
    credential(client, "POST", "https://h/t", {}, "")
    answers.append(credential.refused())
    credential(client, "POST", "https://h/t", {}, "")
    rotated.set()
    thread.join(10)
    assert answers == [True, True]
    assert store.asked == 2


def test_a_vault_that_is_down_does_not_end_sign_ins(caplog: pytest.LogCaptureFixture) -> None:
    store = Vault("one", CredentialError("the vault is down"), "two")
    secret = store.secret()
    secret.value()
    store.now += 301
    with caplog.at_level(logging.WARNING):
        assert secret.value() == "one"
    assert "the vault is down" in caplog.text
    assert "one" not in caplog.text.replace("The secret that was read before is used on", "")
    assert secret.value() == "one"
    assert store.asked == 2
    store.now += 31
    assert secret.value() == "two"


def test_a_vault_that_never_answered_is_said() -> None:
    with pytest.raises(CredentialError, match="down"):
        Vault(CredentialError("the vault is down")).secret().value()


def test_the_secret_reaches_the_form_and_nothing_else() -> None:
    credential = ClientCredential.of(DECLARED, read_secret=Vault("s3cret", "n3w").read)
    client = SimpleNamespace(client_id="id")
    assert credential(client, "POST", "https://h/t", {}, "")[2] == "client_id=id&client_secret=s3cret"
    assert credential.refused()
    assert credential(client, "POST", "https://h/t", {}, "")[2] == "client_id=id&client_secret=n3w"
    assert repr(credential) == "ClientCredential(secret in https://kv-airflow.vault.azure.net)"


class Answers(BaseHTTPRequestHandler):
    status: ClassVar[int] = 200
    value: ClassVar[str] = "s3cret"
    seen: ClassVar[list[tuple[str, str]]] = []

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers["Authorization"]))
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(json.dumps({"value": self.value}).encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[type[Answers], VaultSecret]]:
    """A vault on loopback, and an Azure identity that gives the token `t`."""
    scopes: list[str] = []

    class Identity:
        def __enter__(self) -> Identity:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def get_token(self, scope: str) -> SimpleNamespace:
            scopes.append(scope)
            return SimpleNamespace(token="t")

    monkeypatch.setattr("azure.identity.DefaultAzureCredential", Identity)
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    handler = type("Handler", (Answers,), {"seen": [], "scopes": scopes})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield handler, VaultSecret(f"http://127.0.0.1:{server.server_port}", "the-secret")
        server.shutdown()


def test_the_vault_is_asked_with_azures_identity(answers: tuple[type[Answers], VaultSecret]) -> None:
    handler, secret = answers
    assert read_vault(secret) == "s3cret"
    assert handler.seen == [("/secrets/the-secret?api-version=7.4", "Bearer t")]


@pytest.mark.parametrize(
    ("status", "fix"),
    [(401, "another tenant"), (403, "Key Vault Secrets User"), (404, "deploy the stack"), (429, "in a minute")],
)
def test_a_refusal_of_the_vault_names_the_fix(
    answers: tuple[type[Answers], VaultSecret], status: int, fix: str
) -> None:
    handler, secret = answers
    handler.status, handler.value = status, "hunter2"
    with pytest.raises(CredentialError) as caught:
        read_vault(secret)
    says = str(caught.value)
    assert f"The secret the-secret in {secret.vault_url} can't be read (HTTP {status})" in says
    assert fix in says
    assert "hunter2" not in says


def test_an_empty_secret_is_none(answers: tuple[type[Answers], VaultSecret]) -> None:
    handler, secret = answers
    handler.value = ""
    with pytest.raises(CredentialError, match="is empty"):
        read_vault(secret)


def test_a_vault_that_cannot_be_reached_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(_: VaultSecret) -> str:
        raise ConnectionError("no route to host")

    monkeypatch.setattr(vault, "_get", unreachable)
    with pytest.raises(CredentialError, match=r"\(ConnectionError\): see that Airflow's host reaches the vault"):
        read_vault(DECLARED)


class Backend:
    """Stands where Airflow's AzureKeyVaultBackend does."""

    def __init__(self, **options: Any) -> None:
        self.client = self
        self.options = options

    def get_secret(self, name: str, **patience: float) -> SimpleNamespace:
        assert patience["read_timeout"] <= 10
        return SimpleNamespace(value=f"{name} by the backend with {self.options['tenant_id']}")


def airflow_with(monkeypatch: pytest.MonkeyPatch, backend: str, options: dict[str, Any]) -> None:
    settings = {"backend": backend, "backend_kwargs": json.dumps(options)}
    module = ModuleType("airflow.configuration")
    module.conf = SimpleNamespace(  # type: ignore[attr-defined]
        get=lambda section, key, fallback: settings.get(key, fallback), getimport=lambda section, key: Backend
    )
    monkeypatch.setitem(sys.modules, "airflow", ModuleType("airflow"))
    monkeypatch.setitem(sys.modules, "airflow.configuration", module)


AZURE = "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend"


def test_airflows_own_backend_is_used_where_it_reads_this_vault(monkeypatch: pytest.MonkeyPatch) -> None:
    airflow_with(monkeypatch, AZURE, {"vault_url": DECLARED.vault_url.upper() + "/", "tenant_id": "t"})
    assert read_vault(DECLARED) == "airflow-client-secret by the backend with t"


@pytest.mark.parametrize(
    ("backend", "url"),
    [(AZURE, "https://another.vault.azure.net"), ("airflow.secrets.local.LocalBackend", DECLARED.vault_url), ("", "")],
)
def test_a_backend_of_another_vault_is_left_alone(monkeypatch: pytest.MonkeyPatch, backend: str, url: str) -> None:
    airflow_with(monkeypatch, backend, {"vault_url": url})
    monkeypatch.setattr(vault, "_get", lambda secret: "asked directly")
    assert read_vault(DECLARED) == "asked directly"
