from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from airflow_entra.directory.credentials import GRAPH, CredentialError, token_source
from airflow_entra.errors import AnswerError

TENANT = "7a0c3f5e-52d1-4b5e-9d0a-6c1f0e8b2a11"
SECRET = "do-not-show-me"


class Entra:
    """The token endpoint: remembers the forms it was sent."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.forms: list[dict[str, str]] = []
        self.expires_in: object = 3600
        self.refusal: httpx.Response | None = None
        self.troubles: list[httpx.Response | httpx.TransportError] = []
        monkeypatch.setattr(httpx, "post", self._post)

    def _post(self, url: str, *, data: dict[str, str], timeout: float) -> httpx.Response:
        assert url == f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"
        assert timeout > 0
        if self.troubles:
            trouble = self.troubles.pop(0)
            if isinstance(trouble, httpx.TransportError):
                raise trouble
            return trouble
        self.forms.append(data)
        return self.refusal or httpx.Response(
            200, json={"access_token": f"token {len(self.forms)}", "expires_in": self.expires_in}
        )


@pytest.fixture
def entra(monkeypatch: pytest.MonkeyPatch) -> Entra:
    return Entra(monkeypatch)


def test_a_client_secret_gets_a_token_once(entra: Entra) -> None:
    token = token_source(GRAPH, TENANT, {"ARM_CLIENT_ID": "c", "ARM_CLIENT_SECRET": SECRET})
    assert [token(), token()] == ["token 1", "token 1"]
    assert entra.forms == [
        {"grant_type": "client_credentials", "client_id": "c", "scope": GRAPH, "client_secret": SECRET}
    ]


@pytest.mark.parametrize("cloud", ["usgovernment", "china", "dod"])
def test_another_cloud_is_refused_before_anything_is_sent(entra: Entra, cloud: str) -> None:
    with pytest.raises(CredentialError, match=f"ARM_ENVIRONMENT is {cloud}: .*take the variable away"):
        token_source(GRAPH, TENANT, env={"ARM_ENVIRONMENT": cloud})
    assert entra.forms == []


@pytest.mark.parametrize("cloud", ["", "public", "Public"])
def test_the_public_cloud_may_be_said(cloud: str) -> None:
    assert callable(token_source(GRAPH, TENANT, env={"ARM_ENVIRONMENT": cloud}))


def test_a_token_near_its_end_is_replaced(entra: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    entra.expires_in = "3600"  # some answers write a text
    token = token_source(GRAPH, TENANT, {"ARM_CLIENT_ID": "c", "ARM_CLIENT_SECRET": SECRET})
    now = time.time()
    assert token() == "token 1"
    monkeypatch.setattr(time, "time", lambda: now + 3200)
    assert token() == "token 1"
    monkeypatch.setattr(time, "time", lambda: now + 3400)
    assert token() == "token 2"


def test_a_federated_token_is_sent_as_an_assertion_and_read_again_each_time(entra: Entra, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")
    entra.expires_in = 0
    token = token_source(GRAPH, TENANT, {"ARM_CLIENT_ID": "c", "ARM_OIDC_TOKEN_FILE_PATH": str(file)})
    token()
    file.write_text("second\n")
    token()
    assert [form["client_assertion"] for form in entra.forms] == ["first", "second"]
    assert entra.forms[0]["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert "client_secret" not in entra.forms[0]


def test_a_federated_token_may_stand_in_the_environment(entra: Entra) -> None:
    token_source(GRAPH, TENANT, {"ARM_CLIENT_ID": "c", "ARM_OIDC_TOKEN": "jwt"})()
    assert entra.forms[0]["client_assertion"] == "jwt"


def test_a_refusal_is_entras_own_first_line_and_holds_no_secret(entra: Entra) -> None:
    description = "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1"
    entra.refusal = httpx.Response(401, json={"error": "invalid_client", "error_description": description})
    with pytest.raises(CredentialError) as caught:
        token_source(GRAPH, TENANT, {"ARM_CLIENT_ID": "c", "ARM_CLIENT_SECRET": SECRET})()
    assert str(caught.value) == (
        f"Entra refused to sign in application c in tenant {TENANT}: AADSTS7000215: Invalid client secret provided."
    )
    assert SECRET not in repr(caught.value)


def test_an_entra_that_is_busy_in_trouble_or_silent_is_asked_again(
    entra: Entra, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    entra.troubles = [httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(504), httpx.ReadError("gone")]
    assert token_source(GRAPH, TENANT, {"ARM_CLIENT_ID": "c", "ARM_CLIENT_SECRET": SECRET})() == "token 1"
    assert pauses[0] == 7
    assert len(pauses) == 3


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(429, headers={"Retry-After": "25"}), "is throttling (HTTP 429); try again in 25 s"),
        (httpx.Response(429), "is throttling (HTTP 429); try again in a few minutes"),
        (httpx.Response(503, text="away"), "is not available (HTTP 503); try again in a few minutes"),
    ],
)
def test_an_entra_that_stays_busy_or_away_has_refused_nothing(
    entra: Entra, monkeypatch: pytest.MonkeyPatch, answer: httpx.Response, said: str
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    entra.refusal = answer
    with pytest.raises(AnswerError) as told:
        token_source(GRAPH, TENANT, {"ARM_CLIENT_ID": "c", "ARM_CLIENT_SECRET": SECRET})()
    assert not isinstance(told.value, CredentialError)
    assert str(told.value) == f"Entra gave application c no token for tenant {TENANT}: it {said}"
    assert 0 < sum(pauses) <= 60


def test_with_no_identity_azures_own_log_is_silent(tmp_path: Path) -> None:
    program = f"""
from airflow_entra.directory.credentials import GRAPH, CredentialError, token_source
try:
    token_source(GRAPH, {TENANT!r}, {{}})()
except CredentialError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=True
    )
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


def test_with_no_identity_at_all_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no `az` here
    with pytest.raises(CredentialError, match=r"set ARM_CLIENT_ID .* or sign in with `az login`"):
        token_source(GRAPH, TENANT, {})()


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="Please log in to our network"),
        httpx.Response(200, json=["access_token"]),
        httpx.Response(200, json={"access_token": "t"}),
        httpx.Response(200, json={"access_token": "t", "expires_in": "soon"}),
    ],
    ids=["no JSON", "no object", "no end", "no number"],
)
def test_what_is_no_answer_of_entras_is_told(entra: Entra, answer: httpx.Response) -> None:
    entra.refusal = answer
    with pytest.raises(CredentialError, match="gave no token for application c"):
        token_source(GRAPH, TENANT, {"ARM_CLIENT_ID": "c", "ARM_CLIENT_SECRET": SECRET})()


@pytest.mark.parametrize("body", ["<html>Forbidden", "[]"])
def test_a_refusal_without_a_reason_is_told(entra: Entra, body: str) -> None:
    entra.refusal = httpx.Response(403, text=body, headers={"content-type": "application/json"})
    with pytest.raises(CredentialError, match=r"HTTP 403$"):
        token_source(GRAPH, TENANT, {"ARM_CLIENT_ID": "c", "ARM_CLIENT_SECRET": SECRET})()


def test_a_certificate_that_is_none_is_told_without_its_text(tmp_path: Path) -> None:
    file = tmp_path / "certificate.pem"
    file.write_text(f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n")
    with pytest.raises(CredentialError, match="ARM_CLIENT_CERTIFICATE_PATH can't be used") as refused:
        token_source(GRAPH, TENANT, {"ARM_CLIENT_ID": "c", "ARM_CLIENT_CERTIFICATE_PATH": str(file)})()
    assert SECRET not in str(refused.value)
