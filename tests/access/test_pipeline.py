"""Who runs the pipelines and where the state lies."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra.access.pipeline import pipeline
from airflow_entra.access.repository import PipelineError, azure_devops, github
from tests.access.pipelines import REPOSITORY, declared, shipped, stack

ORGANISATION = "0f3c1f44-6f43-4b8e-a5f0-1c7d2f7f9a10"


def test_previews_trust_pull_requests_and_drift_and_each_deployment_its_environment_alone() -> None:
    found = declared()
    subjects = {one.name: [trust.subject for trust in one.trusts] for one in found.identities}
    assert subjects == {
        "airflow-entra-preview": [
            "repo:contoso/airflow-sign-on:pull_request",
            "repo:contoso/airflow-sign-on:environment:drift",
        ],
        "airflow-entra-production": ["repo:contoso/airflow-sign-on:environment:production"],
        "airflow-entra-staging": ["repo:contoso/airflow-sign-on:environment:staging"],
    }
    issuers = {trust.issuer for one in found.identities for trust in one.trusts}
    assert issuers == {"https://token.actions.githubusercontent.com"}
    assert found.preview.previews
    assert not any(one.previews for one in found.deployers)


def test_azure_devops_has_one_service_connection_for_each() -> None:
    project = azure_devops("contoso/data platform", ORGANISATION.upper())
    found = pipeline(project, {"prod": stack()})
    assert [trust.subject for one in found.identities for trust in one.trusts] == [
        "sc://contoso/data platform/airflow-entra-preview",
        "sc://contoso/data platform/airflow-entra-production",
    ]
    assert {trust.issuer for one in found.identities for trust in one.trusts} == {
        f"https://vstoken.dev.azure.com/{ORGANISATION}"
    }


def test_the_shipped_stacks_need_three_deployers_and_lie_where_production_is() -> None:
    found = pipeline(REPOSITORY, shipped())
    assert found.environments == ("production", "staging", "development")  # the local one is nobody's pipeline
    assert found.state.subscription == shipped()["prod"].subscription_id
    assert found.state.backend == f"azblob://state?storage_account={found.state.account}"


def test_names_that_are_unique_everywhere_follow_from_where_and_whose() -> None:
    first = declared().state
    assert declared().state == first
    assert len(first.account) <= 24
    assert len(first.vault) <= 24
    others = [
        declared(resource_group="rg-other").state,
        pipeline(github("contoso/another"), {"prod": stack()}).state,
        declared(subscription=ORGANISATION).state,
    ]
    assert len({one.account for one in (first, *others)}) == 4
    assert declared(account="mine", vault="kv-mine").state.account == "mine"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"environments": ["prod"]}, "--environments: prod is no environment; "),
        ({"environments": ["development"]}, "no stack file is of environment development; .*production or staging"),
        ({"without_preview": ["local"]}, "--without-preview: there is no environment local here"),
    ],
)
def test_what_can_t_be_is_said_with_what_there_is(options: dict[str, Any], said: str) -> None:
    with pytest.raises(PipelineError, match=said):
        declared(**options)


def test_stacks_of_two_tenants_need_two_calls() -> None:
    other = stack("staging", **{"azuread:tenantId": ORGANISATION})
    with pytest.raises(PipelineError, match=r"they are of 2 tenants: .*--environments"):
        pipeline(REPOSITORY, {"prod": stack(), "staging": other})
    assert pipeline(REPOSITORY, {"prod": stack(), "staging": other}, environments=["staging"]).tenant == ORGANISATION


def test_without_a_stack_that_pipelines_deploy_or_a_place_for_the_state_it_says_so() -> None:
    with pytest.raises(PipelineError, match="no stack file is of an environment that pipelines deploy"):
        pipeline(REPOSITORY, {"local": stack("local")})
    homeless = shipped()["dev"]
    with pytest.raises(PipelineError, match="--subscription: no stack file says it"):
        pipeline(REPOSITORY, {"dev": homeless})
    assert pipeline(REPOSITORY, {"dev": homeless}, subscription="s", location="l").state.location == "l"


@pytest.mark.parametrize(
    "text",
    ["contoso", "contoso/", "/x", "a/b/c", "-a/b", "a--b/c", "a/..", "a/b.git", "a/b c", "a/*", "https://x/y", ""],
)
def test_what_is_no_repository_is_refused(text: str) -> None:
    with pytest.raises(PipelineError, match=r"^--github: .*OWNER/REPOSITORY"):
        github(text)


@pytest.mark.parametrize(("text", "id_"), [("contoso", ORGANISATION), ("contoso/a:b", ORGANISATION), ("c/_a", "x")])
def test_what_is_no_project_is_refused(text: str, id_: str) -> None:
    with pytest.raises(PipelineError, match=r"^--azure-devops: "):
        azure_devops(text, id_)


@pytest.mark.parametrize("id_", [None, "contoso", ORGANISATION[:-1]])
def test_an_issuer_needs_the_organisation_s_id(id_: str | None) -> None:
    with pytest.raises(PipelineError, match="_apis/connectionData"):
        azure_devops("contoso/data", id_)


@given(st.text(max_size=60))
def test_no_subject_ever_has_a_wildcard_or_a_line_break(text: str) -> None:
    try:
        repository = github(text)
    except PipelineError:
        return
    for trust in (*repository.previews(), *repository.deploys("production")):
        assert not set(trust.subject) & set("*?\n\r \t")
        assert trust.subject.count(":") in (2, 3)
