"""What is told of a bootstrap: the same in three forms."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from airflow_entra.access.pipeline import Pipeline, pipeline
from airflow_entra.access.repository import github
from airflow_entra.bootstrap.outcome import outcome
from airflow_entra.report.bootstrap import Bootstrap, Step, conclusion, render
from tests.access.pipelines import PROJECT, REPOSITORY, connected, declared, stack

OUTPUTS = {
    "identities": {
        key: {"name": f"airflow-entra-{key}", "clientId": f"client-of-{key}", "objectId": f"object-of-{key}"}
        for key in ("preview", "production", "staging")
    },
    "secretsProviders": {key: f"azurekeyvault://kv/keys/state-{key}/v1" for key in ("production", "staging")},
}
STACKS = {"prod": stack(), "staging": stack("staging")}
OLD = "https://vstoken.dev.azure.com/0f3c1f44-6f43-4b8e-a5f0-1c7d2f7f9a10"
STEPS = [Step("create", "Application", "application/preview"), Step("create", "Vault", "vault")]


def told(*steps: Step, made: bool = True, **options: list[str]) -> Bootstrap:
    return outcome(declared(**options), STACKS, OUTPUTS if made else {}, steps, applied=made and bool(steps))


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_every_grant_every_subject_and_every_command_is_there(form: str) -> None:
    one = told()
    said = render(one, form)  # type: ignore[arg-type]
    for ask in one.asks:
        assert ask.title in said
        assert ask.permission in said
    for identity in one.pipeline.identities:
        assert all(trust.subject in said for trust in identity.trusts)
    assert "gh variable set AZURE_CLIENT_ID --repo contoso/airflow-sign-on --env production --body client-of-" in said
    assert "secretsprovider: azurekeyvault://kv/keys/state-production/v1" in said
    assert "object-of-production" in said
    assert "<" not in said.replace("<id of Microsoft Graph, from the call above>", "")


def test_markdown_holds_the_calls_and_json_the_same_things() -> None:
    one = told()
    markdown, found = render(one, "markdown"), json.loads(render(one, "json"))
    for ask, shown in zip(one.asks, found["grants"], strict=True):
        assert shown["title"] == ask.title
        assert [f"{call['method']} {call['url']}" for call in shown["calls"]] == [
            f"{call.method} {call.url}" for call in ask.calls
        ]
        assert all(f"{call.method} {call.url}" in markdown for call in ask.calls)
    assert found["repository"] == str(REPOSITORY)
    assert found["state"]["backend"] == one.pipeline.state.backend
    assert found["owners"] == {"production": "object-of-production", "staging": "object-of-staging"}


def test_before_anything_is_made_it_shows_what_would_be_and_no_id() -> None:
    one = told(*STEPS, made=False)
    said = render(one, "text")
    assert conclusion(one) == "2 would be made. Nothing is made yet."
    assert "create  Application  application/preview" in said
    assert "<client id of airflow-entra-production>" in said
    assert "Write into the stack files" not in said


def test_afterwards_it_counts_and_says_when_nothing_changes() -> None:
    assert conclusion(told(*STEPS, Step("update", "Application", "x"))) == "Done: 1 changed, 2 made."
    assert conclusion(told()) == "No changes: everything is as declared."


def test_it_says_by_name_whose_secret_a_preview_can_read() -> None:
    (caution, *_) = told().cautions
    assert "client secret of prod, staging" in caution
    left_out = told(without_preview=["production"])
    assert "client secret of staging" in left_out.cautions[0]
    assert "airflow-entra-preview has no right on its key" in left_out.cautions[1]
    trust = {"issuer": "https://oidc.contoso.com", "subject": "system:serviceaccount:airflow:api"}
    federated: dict[str, Any] = {"credential": {"mode": "federated", "federated": trust}}
    kept = outcome(
        declared(), {"prod": stack(**federated), "staging": stack("staging", **federated)}, {}, (), applied=False
    )
    assert not [caution for caution in kept.cautions if "client secret" in caution]


def cautions_of(pipeline: Pipeline) -> str:
    return "\n".join(outcome(pipeline, STACKS, {}, (), applied=False).cautions)


def test_an_issuer_that_ends_is_told_with_its_end() -> None:
    ends = {key: (replace(trust, issuer=OLD),) for key, (trust,) in connected("production", "staging").items()}
    said = cautions_of(pipeline(PROJECT, STACKS, trusts=ends))
    assert said.count("which Azure DevOps retires on 2027-07-01") == 3
    assert "retires" not in cautions_of(pipeline(PROJECT, STACKS, trusts=connected("production", "staging")))


def test_a_github_server_has_to_be_reached_by_entra_or_the_runner_s_own_platform_signs_in() -> None:
    server = github("contoso/a", "repo:contoso/a", "https://git.contoso.com/_services/token")
    said = cautions_of(pipeline(server, STACKS))
    assert "Entra fetches the keys of https://git.contoso.com/_services/token from the internet" in said
    assert "--trust IDENTITY ISSUER SUBJECT" in said
    for issuer in ("https://token.actions.githubusercontent.com/contoso", "https://token.actions.contoso.ghe.com"):
        assert "from the internet" not in cautions_of(pipeline(github("contoso/a", "repo:contoso/a", issuer), STACKS))


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_the_issuer_stands_beside_the_subject(form: str) -> None:
    said = render(told(), form)  # type: ignore[arg-type]
    assert "https://token.actions.githubusercontent.com" in said
