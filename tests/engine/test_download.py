"""Downloads: what ends them, within which time, and by which way they go."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from engine import download as module
from engine.download import DownloadError, UnsafeAddressError, download, require_safe, without_credentials
from tests.engine.release_host import Proxy, ReleaseHost, certificate, serving

BODY = b"an archive" * 100_000


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def host() -> Iterator[ReleaseHost]:
    with serving(ReleaseHost(BODY)) as server:
        yield server


def fetched(address: str, folder: Path) -> list[str]:
    said: list[str] = []
    download(address, folder / "file", said.append)
    assert (folder / "file").read_bytes() == BODY
    return said


def test_a_file_is_fetched(host: ReleaseHost, tmp_path: Path) -> None:
    fetched(f"{host.base}/file", tmp_path)
    assert host.asked == ["/releases/file"]


def test_a_redirect_is_followed(host: ReleaseHost, tmp_path: Path) -> None:
    with serving(ReleaseHost(b"")) as first:
        first.status, first.location = 302, f"{host.base}/elsewhere"
        fetched(f"{first.base}/file", tmp_path)
    assert host.asked == ["/releases/elsewhere"]


def test_a_redirect_to_http_is_not_followed(tmp_path: Path) -> None:
    with serving(ReleaseHost(b"")) as first:
        first.status, first.location = 302, "http://releases.contoso.com/file?signature=secret"
        with pytest.raises(DownloadError, match=r"^http://releases\.contoso\.com/file is not https$"):
            download(f"{first.base}/file", tmp_path / "file", print)


@pytest.mark.parametrize(
    "address",
    [
        "http://releases.contoso.com",
        "ftp://releases.contoso.com",
        "releases.contoso.com",
        "file:///releases",
        "https:///releases",
        "http://127.0.0.1.contoso.com",
        "https://contoso.com:port",
    ],
)
def test_an_address_that_anybody_could_answer_for_is_refused(address: str) -> None:
    with pytest.raises(UnsafeAddressError):
        require_safe(address)


@pytest.mark.parametrize("address", ["https://contoso.com", "http://127.0.0.1:8", "http://localhost:8", "http://[::1]"])
def test_https_and_loopback_are_asked(address: str) -> None:
    require_safe(address)


def test_a_password_in_an_address_is_not_shown() -> None:
    assert without_credentials("https://ada:s@cret@contoso.com/a@b?signature=secret") == "https://contoso.com/a@b"
    with pytest.raises(UnsafeAddressError) as refused:
        require_safe("http://ada:secret@contoso.com")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("status", [404, 403, 500, 407])
def test_another_answer_is_named(host: ReleaseHost, tmp_path: Path, status: int) -> None:
    host.status = status
    with pytest.raises(DownloadError, match=rf"^127\.0\.0\.1:\d+ answers {status} [A-Z]"):
        download(f"{host.base}/file", tmp_path / "file", print)


def test_a_transfer_that_breaks_off_is_named(host: ReleaseHost, tmp_path: Path) -> None:
    host.length = 98_000_000
    with pytest.raises(DownloadError, match=r"^the transfer from 127\.0\.0\.1:\d+ broke off after 1 of 98 MB$"):
        download(f"{host.base}/file", tmp_path / "file", print)


def test_a_host_that_refuses_is_named_with_the_proxy_on_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{unused.getsockname()[1]}"
    with pytest.raises(DownloadError, match=rf"^{nobody} can't be reached: .*refused"):
        download(f"http://{nobody}/file", tmp_path / "file", print)

    monkeypatch.setenv("HTTPS_PROXY", f"http://ada:secret@{nobody}")
    with pytest.raises(DownloadError, match=r"^releases\.invalid \(through the proxy http://127.*\) can't be") as found:
        download("https://releases.invalid/file", tmp_path / "file", print)
    assert "secret" not in str(found.value)


@pytest.fixture
def silent() -> Iterator[str]:
    """An address where connections are taken and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def hole() -> Iterator[str]:
    """An address where no connection is ever taken: its queue is full."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = []
        for _ in range(4):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(server.getsockname())
            waiting.append(client)
        yield f"127.0.0.1:{server.getsockname()[1]}"
        for client in waiting:
            client.close()


def test_silence_is_not_waited_for(silent: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ANSWER_SECONDS", 0.5)
    with pytest.raises(DownloadError, match=r"^127\.0\.0\.1:\d+ does not answer within 0 s$"):
        download(f"http://{silent}/file", tmp_path / "file", print)


def test_a_black_hole_is_not_waited_for(hole: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CONNECT_SECONDS", 0.5)
    with pytest.raises(DownloadError, match=r"^127\.0\.0\.1:\d+ does not answer within 0 s$"):
        download(f"http://{hole}/file", tmp_path / "file", print)


def test_a_name_that_nobody_looks_up_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking up a name can't be given a time limit, nor be stopped: where no packet comes back it takes a minute."""
    done = Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: done.wait(60) and [])
    monkeypatch.setattr(module, "_ANSWER_SECONDS", 0.5)
    with pytest.raises(DownloadError, match=r"^releases\.invalid does not answer"):
        download("https://releases.invalid/file", tmp_path / "file", print)
    done.set()


def test_a_transfer_that_stands_still_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SILENCE_SECONDS", 1.0)
    monkeypatch.setattr(module, "_PROGRESS_SECONDS", 0.1)
    said: list[str] = []
    over = Event()

    def send_some(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 98000000\r\n\r\n" + b"x" * 3_000_000)
            over.wait(30)

    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=send_some, args=(server,), daemon=True).start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}/file"
        with pytest.raises(DownloadError, match=r"stood still for 1 s after 3 of 98 MB$"):
            download(address, tmp_path / "file", said.append)
        over.set()
    assert said[-1].startswith("3 of 98 MB, 0:0")


def test_a_proxy_leads_there_and_the_system_s_certificates_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, ca = certificate(tmp_path, "releases.contoso.com")
    with serving(ReleaseHost(BODY, tls)) as host, serving(Proxy(host.server_address[1])) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.address)
        with pytest.raises(DownloadError, match=r"the certificate is not trusted here; SSL_CERT_FILE names"):
            download("https://releases.contoso.com/file", tmp_path / "file", print)

        monkeypatch.setenv("SSL_CERT_FILE", str(ca))
        fetched("https://releases.contoso.com/file", tmp_path)
    assert proxy.asked == ["releases.contoso.com:443"] * 2
    assert host.asked == ["/file"]


def test_a_proxy_that_refuses_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Proxy(0)) as proxy:
        proxy.refuses = True
        monkeypatch.setenv("HTTPS_PROXY", proxy.address)
        with pytest.raises(DownloadError, match=r"^github\.com \(through the proxy http://127.*\): 403 Forbidden$"):
            download("https://github.com/file", tmp_path / "file", print)


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "gopher://127.0.0.1:1"])
def test_a_proxy_of_a_kind_that_is_not_understood_is_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(DownloadError, match=rf"^github\.com \(through the proxy {proxy}\): "):
        download("https://github.com/file", tmp_path / "file", print)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_proxys_password_that_has_a_slash_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:s3cr/et@proxy.contoso.com:8080")
    with pytest.raises(DownloadError, match=r"through the proxy http://proxy\.contoso\.com:8080\)") as found:
        download("https://github.com/archive", tmp_path / "archive", print)
    assert "s3cr" not in str(found.value)
    assert "et@" not in str(found.value)


def test_a_full_disk_is_no_trouble_of_the_network(host: ReleaseHost) -> None:
    with pytest.raises(OSError, match="No space left on device"):
        download(f"{host.base}/file", Path("/dev/full"), print)
