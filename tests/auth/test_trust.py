"""One variable tells httpx, requests and Azure's libraries which certificate authority to trust."""

from __future__ import annotations

import os
import re
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from airflow_entra_auth.trust import one_authority
from tests.auth.authority import authority

ASKED = """
import sys
from airflow_entra_auth.trust import one_authority
if sys.argv[2] == "one":
    one_authority()
import httpx, requests
from azure.core.pipeline.transport import HttpRequest, RequestsTransport
asked = {
    "httpx": lambda url: httpx.get(url).status_code,
    "requests": lambda url: requests.get(url).status_code,
    "azure": lambda url: RequestsTransport().send(HttpRequest("GET", url)).status_code,
}
for name, ask in asked.items():
    try:
        print(name, ask(sys.argv[1]))
    except Exception as error:
        print(name, repr(error)[:300])
"""


class Answer(BaseHTTPRequestHandler):
    """Anything is fine."""

    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a server whose certificate is a company's own, and the file of its authority."""
    certificate, key = authority(tmp_path_factory.mktemp("company"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = HTTPServer(("127.0.0.1", 0), Answer)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}/", certificate
    server.shutdown()
    thread.join()
    server.server_close()


def answers(url: str, how: str, **variables: str) -> dict[str, str]:
    others = re.compile(r"PROXY|CERT|CA_BUNDLE", re.IGNORECASE)
    left = {name: value for name, value in os.environ.items() if not others.search(name)}
    done = subprocess.run(
        [sys.executable, "-c", ASKED, url, how], env=left | variables, capture_output=True, text=True, check=True
    )
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_one_variable_is_enough_for_all(company: tuple[str, Path], variable: str) -> None:
    url, file = company
    assert set(answers(url, "one", **{variable: str(file)}).values()) == {"204"}
    each = answers(url, "each", **{variable: str(file)}).values()
    assert {answer == "204" for answer in each} == {True, False}  # without it, some libraries know it and some don't


@pytest.mark.slow
def test_without_one_nobody_trusts_the_company(company: tuple[str, Path]) -> None:
    assert "204" not in answers(company[0], "one").values()


def test_what_is_set_stays_and_nothing_is_made_up() -> None:
    both = {"SSL_CERT_FILE": "/a", "REQUESTS_CA_BUNDLE": "/b"}
    nothing: dict[str, str] = {"REQUESTS_CA_BUNDLE": ""}
    one_authority(both)
    one_authority(nothing)
    assert both == {"SSL_CERT_FILE": "/a", "REQUESTS_CA_BUNDLE": "/b"}
    assert nothing == {"REQUESTS_CA_BUNDLE": ""}
