"""Downloads one file: through the user's proxy, with the system's certificates, and with no long wait in silence."""

from __future__ import annotations

import ipaddress
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING
from urllib.request import getproxies, proxy_bypass

if TYPE_CHECKING:
    import ssl

    import httpx

_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 10.0
"""From the start to the answer's first line. Looking up a name has no time limit of its own, and may take a minute."""
_SILENCE_SECONDS = 15.0
_PROGRESS_SECONDS = 5.0
_MB = 1_000_000


class DownloadError(Exception):
    """The file is not to be had; the message says why, in words that fit behind a colon."""


class UnsafeAddressError(DownloadError):
    """The address is neither https nor http on this machine."""


def require_safe(address: str) -> None:
    """Raise UnsafeAddressError unless the address is https, or http on loopback."""
    import httpx

    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise UnsafeAddressError(f"{without_credentials(address)} is no address: {error}") from None
    if not url.host or (url.scheme != "https" and not (url.scheme == "http" and _is_loopback(url.host))):
        raise UnsafeAddressError(f"{without_credentials(address)} is not https")


def without_credentials(address: str) -> str:
    """The address as it may be shown: without a user name and password, and without a query, which may be signed."""
    scheme, slashes, rest = address.partition("?")[0].partition("//")
    host, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}"


def download(address: str, target: Path, progress: Callable[[str], None]) -> None:
    """Write what the address answers to `target`; `progress` gets "34 of 98 MB, 0:05" every few seconds.

    HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR count, as with other programs.
    Raises DownloadError, after 10 s without an answer at the latest, and OSError where `target` can't be written.
    """
    require_safe(address)
    transfer = _Transfer(address, target)
    # A thread can be left behind: neither a name's look-up nor a wait for a proxy can be cancelled.
    thread = Thread(target=transfer.run, name="download", daemon=True)
    began = time.monotonic()
    thread.start()
    try:
        if not transfer.answered.wait(_ANSWER_SECONDS):
            host = _host(address) + _by_way_of(address)
            raise DownloadError(f"{host} does not answer within {_ANSWER_SECONDS:.0f} s")
        thread.join(_PROGRESS_SECONDS)
        while thread.is_alive():
            minutes, seconds = divmod(int(time.monotonic() - began), 60)
            progress(f"{transfer.so_far()}, {minutes}:{seconds:02}")
            thread.join(_PROGRESS_SECONDS)
    finally:
        transfer.abandoned.set()
    if transfer.failure is not None:
        raise transfer.failure


class _Transfer:
    def __init__(self, address: str, target: Path) -> None:
        self.address = address
        self.target = target
        self.answered = Event()
        """Set at the answer's first line, and at the end whatever it is."""
        self.abandoned = Event()
        self.received = 0
        self.length: int | None = None
        self.failure: DownloadError | OSError | None = None

    def so_far(self) -> str:
        of = f" of {self.length / _MB:.0f}" if self.length else ""
        return f"{self.received / _MB:.0f}{of} MB"

    def run(self) -> None:
        try:
            self._receive()
        except (DownloadError, OSError) as error:
            self.failure = error
        finally:
            self.answered.set()

    def _receive(self) -> None:
        import httpx

        timeout = httpx.Timeout(_SILENCE_SECONDS, connect=_CONNECT_SECONDS)
        try:
            with (
                httpx.Client(
                    verify=_trusted(),
                    timeout=timeout,
                    follow_redirects=True,
                    event_hooks={"request": [lambda request: require_safe(str(request.url))]},
                ) as client,
                client.stream("GET", self.address, headers={"Accept-Encoding": "identity"}) as answer,
            ):
                if answer.status_code != httpx.codes.OK:
                    host = _host(str(answer.url))
                    raise DownloadError(f"{host} answers {answer.status_code} {answer.reason_phrase}".rstrip())
                self.length = int(answer.headers.get("content-length", 0)) or None
                self.answered.set()
                self._write(answer)
        except (httpx.HTTPError, httpx.InvalidURL, ImportError, ValueError) as error:
            raise DownloadError(self._why(error)) from error
        except OSError as error:
            if self.answered.is_set():
                raise  # the disk's
            raise DownloadError(self._why(error)) from error

    def _write(self, answer: httpx.Response) -> None:
        with self.target.open("wb") as file:
            for piece in answer.iter_raw():
                if self.abandoned.is_set():
                    return
                file.write(piece)
                self.received += len(piece)

    def _why(self, error: Exception) -> str:
        import httpx

        host = _host(self.address) + _by_way_of(self.address)
        match error:
            case httpx.ConnectTimeout():
                return f"{host} does not answer within {_CONNECT_SECONDS:.0f} s"
            case httpx.ConnectError() if "CERTIFICATE_VERIFY_FAILED" in str(error):
                return f"{host}: the certificate is not trusted here; SSL_CERT_FILE names a file with your own CA's"
            case httpx.ConnectError():
                return f"{host} can't be reached: {error}"
            case httpx.InvalidURL():  # it quotes a part of the address, a password's too
                return (
                    f"{host}: the address of the proxy or of a redirect is none; a password in one is percent-encoded"
                )
            case httpx.ReadTimeout() if self.received:
                return f"the transfer from {host} stood still for {_SILENCE_SECONDS:.0f} s after {self.so_far()}"
            case httpx.TransportError() if self.received:
                return f"the transfer from {host} broke off after {self.so_far()}"
        return f"{host}: {str(error) or type(error).__name__}"


def _trusted() -> ssl.SSLContext:
    """The system's certificates, which hold a company's own CA, or SSL_CERT_FILE's; the public ones beside them.

    Not httpx's way, which knows the public ones alone: a Python that was installed apart from the system has no others.
    """
    import ssl

    import certifi

    context = ssl.create_default_context()
    if not (os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR")):
        context.load_verify_locations(certifi.where())
    return context


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _host(address: str) -> str:
    return without_credentials(address).partition("//")[2].partition("/")[0]


def _by_way_of(address: str) -> str:
    scheme, host = address.partition(":")[0], _host(address)
    proxies = getproxies()
    proxy = proxies.get(scheme) or proxies.get("all")
    if not proxy or proxy_bypass(host):
        return ""
    # A password with a slash in it is wrong, and not to be shown either.
    shown = re.sub(r"//.*@", "//", proxy)
    return f" (through the proxy {without_credentials(shown)})"
