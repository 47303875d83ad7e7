"""Signing in and trying again: what every call of a stand-in has in common."""

import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from engine.standins.credentials import Credential, Settings
from engine.standins.errors import CancelledError, ProviderError, WireError
from engine.standins.rest import Http, Reply, RetryOn, TokenSource

TENANT, CLIENT = "22222222-2222-2222-2222-222222222222", "11111111-1111-1111-1111-111111111111"
ENVIRONMENT = {"ARM_TENANT_ID": TENANT, "ARM_CLIENT_ID": CLIENT, "ARM_CLIENT_SECRET": "from-the-environment"}
URL = "https://graph.microsoft.com/v1.0/groups?$select=id"


class NoPause(Http):
    """Waits are recorded, not waited."""

    def __init__(self, answers: Iterator[httpx.Response]) -> None:
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []

        def answer(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            return next(answers)

        super().__init__(lambda: httpx.Client(transport=httpx.MockTransport(answer)))

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


def get(http: Http, *retry: RetryOn) -> Reply:
    return http.send("GET", URL, headers=dict, retry=retry)


def graph_error(status: int, message: str = "m", **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": "C", "message": message}}, headers=headers)


def test_throttling_is_waited_out_as_long_as_the_service_says() -> None:
    answers = [
        graph_error(429, **{"Retry-After": "7"}),
        graph_error(503),
        graph_error(504),
        httpx.Response(200, json={}),
    ]
    http = NoPause(iter(answers))
    assert get(http).status == 200
    assert http.pauses == [7.0, 0.2, 0.4]


def test_a_service_that_never_recovers_is_given_up() -> None:
    http = NoPause(graph_error(500) for _ in range(100))
    with pytest.raises(WireError, match=r"GET /v1\.0/groups: 500 C: m"):
        get(http)
    assert len(http.requests) == 9


@pytest.mark.parametrize("status", [400, 403, 404, 409, 501])
def test_a_refusal_is_not_repeated_without_a_rule(status: int) -> None:
    http = NoPause(iter([graph_error(status)]))
    with pytest.raises(WireError):
        get(http)
    assert http.pauses == []


def test_a_rule_names_the_status_and_the_words() -> None:
    rule = RetryOn(400, "Not a valid reference update")
    assert (
        get(NoPause(iter([graph_error(400, "Not a valid reference update"), httpx.Response(204)])), rule).status == 204
    )
    with pytest.raises(WireError, match="another reason"):
        get(NoPause(iter([graph_error(400, "another reason")])), rule)


def test_cancelling_ends_a_wait() -> None:
    stopping = threading.Event()
    http = Http(lambda: httpx.Client(transport=httpx.MockTransport(lambda _: graph_error(429))), stopping)
    stopping.set()
    with pytest.raises(CancelledError):
        get(http)


def test_a_service_that_can_not_be_reached_is_named() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Connection refused")

    http = Http(lambda: httpx.Client(transport=httpx.MockTransport(refuse)))
    with pytest.raises(
        ProviderError, match=r"GET /v1\.0/groups: graph\.microsoft\.com can't be reached: Connection refused"
    ):
        get(http)


@pytest.mark.parametrize(("method", "sent"), [("GET", 2), ("POST", 1)])
def test_where_a_connection_ends_without_an_answer_what_reads_is_sent_once_more(method: str, sent: int) -> None:
    asked: list[httpx.Request] = []

    def disconnect(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")

    http = Http(lambda: httpx.Client(transport=httpx.MockTransport(disconnect)))
    with pytest.raises(ProviderError, match="Server disconnected"):
        http.exchange(method, "https://graph.microsoft.com/v1.0/groups", {})
    assert len(asked) == sent


def token_answer(lifetime: int) -> httpx.Response:
    return httpx.Response(200, json={"access_token": "a.b.c", "expires_in": lifetime})


def form_of(request: httpx.Request) -> Mapping[str, str]:
    return dict(httpx.QueryParams(request.content.decode()))


def test_a_token_is_asked_for_once() -> None:
    http = NoPause(iter([token_answer(3600)]))
    tokens = TokenSource(http, lambda: Credential(TENANT, CLIENT, secret="s"), "https://graph.microsoft.com/.default")
    assert tokens.header() == tokens.header() == {"Authorization": "Bearer a.b.c"}
    (request,) = http.requests
    assert str(request.url) == f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"
    assert form_of(request) == {
        "grant_type": "client_credentials",
        "client_id": CLIENT,
        "client_secret": "s",
        "scope": "https://graph.microsoft.com/.default",
    }


@pytest.mark.parametrize(("lifetime", "renewed_after"), [(3600, 2400), (600, 300)])
def test_a_token_is_renewed_before_it_runs_out(
    lifetime: int, renewed_after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    http = NoPause(iter([token_answer(lifetime)] * 2))
    tokens = TokenSource(http, lambda: Credential(TENANT, CLIENT, secret="s"), "scope")
    tokens.token()
    now += renewed_after - 1
    tokens.token()
    assert len(http.requests) == 1
    now += 1
    tokens.token()
    assert len(http.requests) == 2


def test_a_refused_sign_in_says_why_and_hides_the_secret() -> None:
    body = {
        "error": "invalid_client",
        "error_description": "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1",
    }
    http = NoPause(iter([httpx.Response(401, json=body)]))
    tokens = TokenSource(http, lambda: Credential(TENANT, CLIENT, secret="hunter2"), "scope")
    with pytest.raises(WireError) as caught:
        tokens.token()
    path = f"/{TENANT}/oauth2/v2.0/token"
    assert str(caught.value) == f"POST {path}: 401 invalid_client: AADSTS7000215: Invalid client secret provided."


def test_configuration_wins_over_the_environment() -> None:
    credential = Settings("azuread", {"clientSecret": "configured", "tenantId": "other"}, ENVIRONMENT).credential()
    assert (credential.tenant_id, credential.client_id, credential.secret) == ("other", CLIENT, "configured")


def test_an_oidc_token_is_read_from_its_file_at_every_sign_in(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")
    environment = {
        "ARM_TENANT_ID": TENANT,
        "ARM_CLIENT_ID": CLIENT,
        "ARM_USE_OIDC": "true",
        "ARM_OIDC_TOKEN_FILE_PATH": str(file),
    }
    credential = Settings("azuread", {}, environment).credential()
    assert credential.form()["client_assertion"] == "first"
    file.write_text("second\n")
    assert credential.form() == {
        "client_id": CLIENT,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": "second",
    }
    file.unlink()
    with pytest.raises(ProviderError, match="No such file"):
        credential.form()


@pytest.mark.parametrize(
    ("environment", "missing"),
    [
        ({}, ["ARM_TENANT_ID (or azuread:tenantId)", "ARM_CLIENT_ID", "ARM_CLIENT_SECRET (or azuread:clientSecret)"]),
        ({"ARM_TENANT_ID": TENANT, "ARM_CLIENT_ID": CLIENT, "ARM_OIDC_TOKEN": "t"}, ["ARM_USE_OIDC=true"]),
        ({"ARM_TENANT_ID": TENANT, "ARM_USE_OIDC": "true"}, ["ARM_CLIENT_ID", "ARM_OIDC_TOKEN_FILE_PATH"]),
    ],
)
def test_what_is_missing_for_a_sign_in_is_named(environment: dict[str, str], missing: list[str]) -> None:
    with pytest.raises(ProviderError) as caught:
        Settings("azuread", {}, environment).credential()
    assert all(name in str(caught.value) for name in missing)


def test_secrets_are_not_in_a_repr() -> None:
    for settings in (
        Settings("azuread", {}, ENVIRONMENT),
        Settings("azuread", {"clientSecret": "configured"}, ENVIRONMENT),
    ):
        shown = repr(settings) + repr(settings.credential())
        assert "from-the-environment" not in shown
        assert "configured" not in shown
