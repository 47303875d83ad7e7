from __future__ import annotations

from pathlib import Path

import httpx
import jwt
import pytest

from airflow_entra.errors import UserError
from airflow_entra.federation.issuer import issuer, said

TOKEN = "head.claims.signature"
GITHUB = {
    "ACTIONS_ID_TOKEN_REQUEST_URL": "https://run.actions.example/idtoken/1?api-version=2.0",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "bearer-of-the-job",
}
AZURE_DEVOPS = {
    "SYSTEM_OIDCREQUESTURI": "https://dev.azure.example/contoso/_apis/distributedtask/oidctoken",
    "SYSTEM_ACCESSTOKEN": "bearer-of-the-job",
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "6d0f",
    "idToken": "given.at.start",
}


class Service:
    """A CI system's token service: gives these answers one after the other, and keeps what it was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []
        self.waited: list[float] = []
        self.client = httpx.Client(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def token(self, env: dict[str, str]) -> str:
        return issuer(env, self.client, self.waited.append)()


def test_github_is_asked_for_the_audience_that_entra_wants() -> None:
    service = Service(httpx.Response(200, json={"value": TOKEN}))
    assert service.token(GITHUB) == TOKEN
    (request,) = service.asked
    assert (request.method, request.url.path) == ("GET", "/idtoken/1")
    assert dict(request.url.params) == {"api-version": "2.0", "audience": "api://AzureADTokenExchange"}
    assert request.headers["Authorization"] == "Bearer bearer-of-the-job"


def test_azure_devops_is_asked_for_the_service_connection() -> None:
    service = Service(httpx.Response(200, json={"oidcToken": TOKEN}))
    assert service.token(AZURE_DEVOPS) == TOKEN
    (request,) = service.asked
    assert request.method == "POST"
    assert dict(request.url.params) == {"api-version": "7.1", "serviceConnectionId": "6d0f"}


def test_where_azure_devops_may_not_be_asked_the_token_of_the_task_is_used() -> None:
    """A pull request's code doesn't get the job's own token, with which more could be done than sign in."""
    service = Service()
    assert service.token({**AZURE_DEVOPS, "SYSTEM_ACCESSTOKEN": ""}) == "given.at.start"


def test_where_the_ci_system_gives_no_token_the_runner_s_own_platform_may(tmp_path: Path) -> None:
    """Its platform renews it, so it is read each time. A job that may ask GitHub asks GitHub."""
    file = tmp_path / "token"
    file.write_text("of.the.cluster\n")
    env = {"AZURE_FEDERATED_TOKEN_FILE": str(file)}
    fetch = issuer(env, Service().client)
    assert fetch() == "of.the.cluster"
    file.write_text("renewed.by.it")
    assert fetch() == "renewed.by.it"
    assert Service(httpx.Response(200, json={"value": TOKEN})).token(env | GITHUB) == TOKEN
    file.unlink()
    with pytest.raises(UserError, match=r"AZURE_FEDERATED_TOKEN_FILE names .*, which holds no token: FileNotF"):
        fetch()


def test_a_token_says_whose_it_is_and_nothing_more_of_it_is_shown() -> None:
    claims = {"iss": "https://token.actions.githubusercontent.com", "sub": "repo:contoso@1/a@2:pull_request"}
    token = jwt.encode(claims | {"aud": "x"}, "a key that signs nothing here" * 2)
    assert said(token) == "repo:contoso@1/a@2:pull_request of https://token.actions.githubusercontent.com"
    for other in ("", "t", TOKEN, "a.e30.c", "a.W10.c"):
        assert said(other) is None


@pytest.mark.parametrize("trouble", [httpx.Response(503), httpx.Response(429), httpx.ConnectError("refused")])
def test_a_passing_trouble_is_waited_out(trouble: httpx.Response | Exception) -> None:
    service = Service(trouble, trouble, httpx.Response(200, json={"value": TOKEN}))
    assert service.token(GITHUB) == TOKEN
    assert service.waited == [2.0, 4.0]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([httpx.Response(403)], "403 Forbidden"),
        ([httpx.ReadTimeout("")] * 4, "it took too long"),
        ([httpx.Response(200, json={"other": TOKEN})], "answered without a token in `value`"),
        ([httpx.Response(200, json={"value": "<html>"})], "answered without a token in `value`"),
        ([httpx.Response(200, text="<html>")], "answered without a token in `value`"),
        ([httpx.Response(200, json=[])], "answered without a token in `value`"),
    ],
)
def test_a_refusal_names_the_service_and_no_token(answers: list[httpx.Response | Exception], said: str) -> None:
    with pytest.raises(UserError, match=r"run\.actions\.example") as refused:
        Service(*answers).token(GITHUB)
    assert said in str(refused.value)
    assert "bearer-of-the-job" not in str(refused.value)


@pytest.mark.parametrize("env", [{}, {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://x"}, {"SYSTEM_ACCESSTOKEN": "x"}])
def test_elsewhere_it_is_said_what_a_job_needs(env: dict[str, str]) -> None:
    with pytest.raises(UserError, match="id-token: write"):
        Service().token(env)
