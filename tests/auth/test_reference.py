"""What a pod reads from Kubernetes itself: over TLS, as its service account, and with words for what goes wrong."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_entra_auth import keyring as keyring_module
from airflow_entra_auth import reference
from airflow_entra_auth import sign_on as sign_on_module
from airflow_entra_auth.credential import ClientCredential
from airflow_entra_auth.keyring import keyring, parse
from airflow_entra_auth.reference import UnreadError, read
from airflow_entra_auth.rules import ReferredSecret, RulesError
from airflow_entra_auth.sign_on import sign_on
from airflow_entra_auth.variables import SESSION_KEY, SIGN_ON
from tests.auth.authority import authority
from tests.auth.sign_on import CLIENT, document

TOKEN = "not-a-real-token"
KEY = base64.urlsafe_b64encode(b"k" * 32)
OBJECTS: dict[str, dict[str, str]] = {
    "/api/v1/namespaces/data/secrets/airflow-entra-session": {"key": base64.b64encode(KEY).decode()},
    "/api/v1/namespaces/data/configmaps/airflow-entra-sign-on": {"sign-on.json": "{}"},
    "/api/v1/namespaces/data/configmaps/rules": {"sign-on.json": json.dumps(document())},
    "/api/v1/namespaces/data/secrets/broken": {"key": "no base64!"},
}


class Api(BaseHTTPRequestHandler):
    """As much of Kubernetes' API as is asked for: who may get what, and what is there."""

    def do_GET(self) -> None:
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self._answer(401, {})
        if self.path.endswith("/of-others"):
            return self._answer(403, {})
        found = OBJECTS.get(self.path)
        return self._answer(200, {"data": found}) if found else self._answer(404, {})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    """The folder of a service account, and the port of an API that its authority vouches for."""
    folder = tmp_path_factory.mktemp("account")
    certificate, key = authority(folder)
    (folder / "token").write_text(f"{TOKEN}\n")
    (folder / "namespace").write_text("data")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = HTTPServer(("127.0.0.1", 0), Api)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def pod(served: tuple[Path, int], monkeypatch: pytest.MonkeyPatch) -> Path:
    """This process is in a pod; a company's proxy is set, which leads nowhere inside the cluster."""
    folder, port = served
    monkeypatch.setattr(reference, "ACCOUNT", folder)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(port))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    return folder


@pytest.mark.usefixtures("pod")
def test_a_secret_and_a_config_map_are_read_as_the_service_account() -> None:
    assert read("kubernetes:secret/airflow-entra-session/key") == KEY
    assert read("kubernetes:configmap/airflow-entra-sign-on/sign-on.json") == b"{}"


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"s\n")
    assert read(str(tmp_path / "secret")) == b"s\n"


@pytest.mark.usefixtures("pod")
@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("kubernetes:secret/of-others/key", ["HTTP 403", "helm-watcher` writes the Role"]),
        ("kubernetes:secret/absent/key", ["HTTP 404 in the namespace data", "make it"]),
        ("kubernetes:secret/airflow-entra-session/kay", ["no such key in the namespace data"]),
        ("kubernetes:secret/broken/key", ["no such key"]),
        ("kubernetes:secret/../../key", ["kubernetes:secret/NAME/KEY or kubernetes:configmap/NAME/KEY is right"]),
        ("kubernetes:pod/a/b", ["is right"]),
        ("/nowhere/at-all", ["No such file"]),
    ],
)
def test_what_can_t_be_read_is_named_with_the_fix(wanted: str, words: list[str]) -> None:
    with pytest.raises(UnreadError) as caught:
        read(wanted)
    assert str(caught.value).startswith(f"{wanted} can't be read: ")
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert TOKEN not in str(caught.value)


def test_an_authority_that_the_account_doesn_t_name_is_not_believed(
    pod: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import certifi

    for file in ("token", "namespace"):
        (tmp_path / file).write_bytes((pod / file).read_bytes())
    (tmp_path / "ca.crt").write_bytes(Path(certifi.where()).read_bytes())
    monkeypatch.setattr(reference, "ACCOUNT", tmp_path)
    with pytest.raises(UnreadError, match=r"Kubernetes does not answer \(ConnectError\)"):
        read("kubernetes:secret/airflow-entra-session/key")


def test_outside_a_pod_the_message_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "ACCOUNT", tmp_path)
    with pytest.raises(UnreadError, match="run it in a pod, and leave automountServiceAccountToken on"):
        read("kubernetes:secret/airflow-entra-session/key")


@pytest.fixture
def airflow_cfg(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """What `[airflow_entra]` of airflow.cfg says, for a process without variables."""
    said: dict[str, str] = {}
    monkeypatch.setattr(keyring_module, "configured", lambda option: said.get(option, ""))
    monkeypatch.setattr(sign_on_module, "configured", lambda option: said.get(option, ""))
    monkeypatch.delenv(SESSION_KEY, raising=False)
    monkeypatch.delenv(SIGN_ON, raising=False)
    keyring.cache_clear()
    sign_on.cache_clear()
    yield said
    keyring.cache_clear()
    sign_on.cache_clear()


@pytest.mark.usefixtures("pod")
def test_the_session_key_is_the_secret_that_airflow_cfg_names(airflow_cfg: dict[str, str]) -> None:
    airflow_cfg["session_key"] = "kubernetes:secret/airflow-entra-session/key"
    assert keyring().hash_of("handle") == parse(KEY.decode()).hash_of("handle")


@pytest.mark.usefixtures("pod")
def test_a_variable_goes_before_what_airflow_cfg_says(
    airflow_cfg: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    airflow_cfg["session_key"] = "kubernetes:secret/of-others/key"
    monkeypatch.setenv(SESSION_KEY, KEY.decode())
    assert keyring().hash_of("handle") == parse(KEY.decode()).hash_of("handle")


@pytest.mark.usefixtures("pod")
def test_a_key_that_can_t_be_read_stops_the_process(airflow_cfg: dict[str, str]) -> None:
    airflow_cfg["session_key"] = "kubernetes:secret/of-others/key"
    with pytest.raises(RulesError, match=r"people's sessions: kubernetes:secret/of-others/key can't be read: HTTP 403"):
        keyring()


@pytest.mark.usefixtures("pod")
def test_the_sign_on_file_is_the_config_map_that_airflow_cfg_names(airflow_cfg: dict[str, str]) -> None:
    airflow_cfg["sign_on"] = "kubernetes:configmap/rules/sign-on.json"
    assert sign_on().client_id == CLIENT


@pytest.mark.usefixtures("pod")
def test_a_client_secret_may_come_from_kubernetes_and_is_read_anew_each_time() -> None:
    secrets = OBJECTS.setdefault("/api/v1/namespaces/data/secrets/client", {})
    credential = ClientCredential.of(ReferredSecret("kubernetes:secret/client/value"))
    for value in ("first", "second"):
        secrets["value"] = base64.b64encode(f"{value}\n".encode()).decode()
        form = credential(SimpleNamespace(client_id=CLIENT), "POST", "https://entra", {}, "")[2]
        assert f"client_secret={value}" in form.split("&")
