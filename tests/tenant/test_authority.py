"""The name-constrained CA: accepted for the tenant's names by strict clients, refused for every other."""

import shutil
import socket
import ssl
import subprocess
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from entra_local.authority import DOMAINS, Authority, issue


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("ca"))
    made.context()
    return made


def server_for(authority: Authority, name: str, folder: Path) -> ssl.SSLContext:
    certificate, key = issue(authority, [name])
    pem = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


def handshake(server: ssl.SSLContext, authority: Authority, name: str) -> None:
    """A strict client's handshake with a server of this name. Raises ssl.SSLError when the client refuses."""
    client = ssl.create_default_context(cafile=authority.ca_file)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    near, far = socket.socketpair()

    def answer() -> None:
        try:
            server.wrap_socket(far, server_side=True).close()
        except OSError:
            far.close()

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        client.wrap_socket(near, server_hostname=name).close()
    finally:
        near.close()
        thread.join()


@pytest.mark.parametrize(
    "name", [*DOMAINS, "kv-airflow.vault.azure.net", "stairflow.blob.core.windows.net", "127.0.0.1"]
)
def test_the_tenants_names_are_accepted(authority: Authority, name: str) -> None:
    handshake(authority.context(), authority, name)


@pytest.mark.parametrize("name", ["example.com", "microsoft.com", "evilgraph.microsoft.com.example"])
def test_a_certificate_for_another_name_is_refused(authority: Authority, name: str, tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        handshake(server_for(authority, name, tmp_path), authority, name)


@pytest.mark.parametrize(("name", "accepted"), [("graph.microsoft.com", True), ("example.com", False)])
def test_openssl_agrees(authority: Authority, name: str, accepted: bool, tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("the openssl command is not installed")
    certificate, _ = issue(authority, [name])
    (tmp_path / "leaf.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    arguments = [openssl, "verify", "-x509_strict", "-CAfile", str(authority.ca_file), str(tmp_path / "leaf.pem")]
    ended = subprocess.run(arguments, capture_output=True, text=True)
    assert (ended.returncode == 0) is accepted
    assert accepted or "permitted subtree violation" in ended.stderr


def test_one_that_was_made_for_fewer_names_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path)
    monkeypatch.setattr("entra_local.authority.DOMAINS", DOMAINS[1:])
    authority.context()
    before = authority.ca_file.read_bytes()
    authority.context()
    assert authority.ca_file.read_bytes() == before
    monkeypatch.undo()
    handshake(authority.context(), authority, DOMAINS[0])
    assert authority.ca_file.read_bytes() != before


def test_it_is_made_once_and_renewed_when_it_is_lost(authority: Authority) -> None:
    before = authority.ca_file.read_bytes()
    authority.context()
    assert authority.ca_file.read_bytes() == before
    (authority.folder / "server.pem").unlink()
    handshake(authority.context(), authority, "localhost")
    assert authority.ca_file.read_bytes() == before


def test_keys_are_their_owners_alone(authority: Authority) -> None:
    assert {path.stat().st_mode & 0o777 for path in authority.folder.glob("*.key")} == {0o600}
