"""What GitHub and Azure DevOps say about their tokens is taken as they say it, and never made up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_entra.access.pipeline import pipeline
from airflow_entra.access.repository import PipelineError, connections, github, workload
from tests.access.pipelines import ISSUER, PROJECT, connected, stack

HERE = "contoso/airflow"
QUESTION = "gh api repos/contoso/airflow/actions/oidc/customization/sub"


def answer(**said: Any) -> str:
    """GitHub's, with fields beside those that are read."""
    return json.dumps({"use_default": True, "use_immutable_subject": False} | said)


def test_without_github_s_answer_nothing_is_trusted_and_the_question_is_said() -> None:
    with pytest.raises(PipelineError) as unasked:
        github(HERE).trusts("production")
    assert f'--subject-prefix "$({QUESTION})"' in str(unasked.value)


@pytest.mark.parametrize(
    ("said", "subject"),
    [
        ("repo:contoso/airflow", "repo:contoso/airflow:environment:production"),
        ("repo:contoso@12/airflow@345\n", "repo:contoso@12/airflow@345:environment:production"),
        (answer(sub_claim_prefix="repo:contoso/airflow"), "repo:contoso/airflow:environment:production"),
        # use_immutable_subject may lag behind the prefix, which is what the tokens have.
        (answer(sub_claim_prefix="repo:contoso@1/airflow@2"), "repo:contoso@1/airflow@2:environment:production"),
        (
            answer(
                use_default=False, include_claim_keys=["repo", "context"], sub_claim_prefix="repo:contoso@1/airflow@2"
            ),
            "repo:contoso@1/airflow@2:environment:production",
        ),
        (
            "repository_owner_id:12:{context}:job_workflow_ref:contoso/shared/.github/workflows/up.yml@refs/heads/main",
            "repository_owner_id:12:environment:production:job_workflow_ref:contoso/shared/.github/workflows/up.yml"
            "@refs/heads/main",
        ),
    ],
)
def test_each_form_of_an_answer_becomes_the_subject_that_the_tokens_have(said: str, subject: str) -> None:
    (trust,) = github(HERE, said).trusts("production")
    assert (trust.subject, trust.issuer) == (subject, "https://token.actions.githubusercontent.com")


def test_a_preview_s_two_purposes_stand_where_the_context_does() -> None:
    subjects = [trust.subject for trust in github(HERE, "repository_id:7:{context}:ref_type:branch").trusts("preview")]
    assert subjects == [
        "repository_id:7:pull_request:ref_type:branch",
        "repository_id:7:environment:drift:ref_type:branch",
    ]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("repo:contoso/airflow:environment:production", "is no beginning of a subject"),
        ("repo:contoso/*", "is no beginning of a subject"),
        ("", "is no beginning of a subject"),
        ("repo:{context}:{context}", "is no beginning of a subject"),
        ("repo:Contoso/airflow", "is not of contoso/airflow"),
        ("repo:contoso@12/airflow", "is not of contoso/airflow"),
        (answer(sub_claim_prefix="repo:contoso/renamed"), "is not of contoso/airflow"),
        (answer(), "doesn't hold all that its tokens say; .*--subject-prefix repo:contoso/airflow"),
        ("{not json", "doesn't hold all that its tokens say"),
        (answer(use_default=False, include_claim_keys=["repository_owner"]), "every job could sign in as the deployer"),
        (
            answer(use_default=False, include_claim_keys=["repository_id", "context"]),
            r"--subject-prefix 'repository_id:<repository_id>:\{context\}'",
        ),
    ],
)
def test_what_leaves_the_subject_open_is_refused_with_the_way_to_know_it(said: str, words: str) -> None:
    with pytest.raises(PipelineError, match=words):
        github(HERE, said)


@pytest.mark.parametrize(
    ("issuer", "host"),
    [
        ("https://token.actions.githubusercontent.com/contoso-group", ""),
        ("https://token.actions.contoso.ghe.com", " --hostname contoso.ghe.com"),
        ("https://git.contoso.com/_services/token", " --hostname git.contoso.com"),
    ],
)
def test_an_enterprise_has_an_issuer_and_a_host_of_its_own(issuer: str, host: str) -> None:
    found = github(HERE, "repo:contoso/airflow", issuer)
    assert {trust.issuer for trust in found.trusts("preview")} == {issuer}
    assert found.question == QUESTION.replace("gh api", f"gh api{host}")


@pytest.mark.parametrize(
    "issuer",
    [
        "https://token.actions.githubusercontent.com/",
        "https://github.com",
        "token.actions.githubusercontent.com",
        ISSUER,
    ],
)
def test_an_issuer_that_github_never_writes_is_refused(issuer: str) -> None:
    with pytest.raises(PipelineError, match=r"^--issuer: "):
        github(HERE, "repo:contoso/airflow", issuer)


def test_azure_devops_is_asked_once_its_connections_are_there_and_each_that_lacks_is_named() -> None:
    with pytest.raises(PipelineError) as unasked:
        pipeline(PROJECT, {"prod": stack(), "staging": stack("staging")}, trusts=connected())
    said = str(unasked.value)
    assert "of the service connections airflow-entra-production, airflow-entra-staging say" in said
    assert PROJECT.question in said
    assert "az devops service-endpoint list --organization https://dev.azure.com/contoso --project 'data platform'" in (
        PROJECT.question
    )
    assert "--trust production ISSUER SUBJECT" in said


def test_what_azure_devops_lists_is_taken_by_the_identity_s_name() -> None:
    subject = "/eid1/c/pub/t/b3V/a/b3Vy/sc/0f3c1f44-6f43-4b8e-a5f0-1c7d2f7f9a10/6d0f"
    listed = [
        {"name": "airflow-entra-preview", "issuer": ISSUER, "subject": subject},
        {"name": "another-team-s", "issuer": None, "subject": None},
    ]
    found = connections("--connections", json.dumps(listed), ["preview", "production"])
    assert {key: (trust.issuer, trust.subject) for key, trust in found.items()} == {"preview": (ISSUER, subject)}


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"issuer": "x"}]', "null"])
def test_a_file_that_is_no_list_of_connections_is_refused(text: str) -> None:
    with pytest.raises(PipelineError, match=r"^--connections: it is no list of service connections"):
        connections("--connections", text, ["preview"])


@pytest.mark.parametrize(
    ("issuer", "subject"),
    [
        ("http://x", "s"),
        ("https://x?y", "s"),
        ("", "s"),
        (ISSUER, "sc://*"),
        (ISSUER, ""),
        (ISSUER, " s"),
        (ISSUER, "a\nb"),
    ],
)
def test_a_workload_that_no_token_can_be_of_is_refused(issuer: str, subject: str) -> None:
    with pytest.raises(PipelineError, match=r"^--trust: "):
        workload("--trust", "preview", issuer, subject)
