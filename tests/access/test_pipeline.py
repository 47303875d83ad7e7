"""Who runs the pipelines and where the state lies."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra.access.identity_permissions import deploying, previewing
from airflow_entra.access.pipeline import Identity, Pipeline, StatePlace, pipeline
from airflow_entra.access.repository import PipelineError, azure_devops, github
from tests.access.pipelines import EVERYTHING, ISSUER, PROJECT, REPOSITORY, connected, declared, shipped, stack

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
    found = pipeline(PROJECT, {"prod": stack()}, trusts=connected("production"))
    assert [trust.subject for one in found.identities for trust in one.trusts] == [
        "/eid1/c/pub/t/b3V/a/b3Vy/sc/organisation/preview",
        "/eid1/c/pub/t/b3V/a/b3Vy/sc/organisation/production",
    ]
    assert {(trust.issuer, trust.name) for one in found.identities for trust in one.trusts} == {
        (ISSUER, "service-connection")
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
        pipeline(github("contoso/another", "repo:contoso/another"), {"prod": stack()}).state,
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


@pytest.mark.parametrize("text", ["contoso", "contoso/a:b", "c/_a"])
def test_what_is_no_project_is_refused(text: str) -> None:
    with pytest.raises(PipelineError, match=r"^--azure-devops: "):
        azure_devops(text)


@given(st.text(max_size=60))
def test_no_subject_ever_has_a_wildcard_or_a_line_break(text: str) -> None:
    try:
        repository = github(text, f"repo:{text}")
    except PipelineError:
        return
    for trust in (*repository.trusts("preview"), *repository.trusts("production")):
        assert not set(trust.subject) & set("*?\n\r \t")
        assert trust.subject.count(":") in (2, 3)


def by_name(found: Pipeline) -> dict[str, Identity]:
    return {identity.name: identity for identity in found.identities}


def test_a_deployer_may_what_its_own_environment_takes_and_no_others() -> None:
    nothing = dict.fromkeys(EVERYTHING, "request")
    stacks = {
        "prod": stack(manage=nothing | {"groups": "managed"}),
        "prod-2": stack(manage=nothing | {"tokenLifetime": "managed"}),
        "staging": stack("staging", manage=nothing),
    }
    found = by_name(pipeline(REPOSITORY, stacks))
    assert found["airflow-entra-production"].permissions == deploying([stacks["prod"], stacks["prod-2"]])
    assert "Group.ReadWrite.All" in found["airflow-entra-production"].permissions
    assert "Policy.ReadWrite.ApplicationConfiguration" in found["airflow-entra-production"].permissions
    assert found["airflow-entra-staging"].permissions == deploying([stacks["staging"]])
    assert "Group.ReadWrite.All" not in found["airflow-entra-staging"].permissions


@pytest.mark.parametrize("audit", [False, True])
def test_previews_read_what_the_chosen_environments_take_and_no_others(audit: bool) -> None:
    nothing = dict.fromkeys(EVERYTHING, "none")
    stacks = {"prod": stack(), "staging": stack("staging", manage=nothing)}
    both = pipeline(REPOSITORY, stacks, audit=audit)
    assert both.preview.permissions == previewing(stacks.values(), audit=audit)
    one = pipeline(REPOSITORY, stacks, environments=["staging"], audit=audit)
    assert one.preview.permissions == previewing([stacks["staging"]], audit=audit) != both.preview.permissions
    assert one.environments == ("staging",)


def test_an_identity_is_found_again_by_its_tags() -> None:
    """They are in people's tenants: another text would make every identity anew."""
    assert [identity.tags for identity in declared().identities] == [
        ("airflow-entra-bootstrap", f"airflow-entra:bootstrap/contoso/airflow-sign-on/{key}")
        for key in ("preview", "production", "staging")
    ]
    assert [identity.key for identity in declared().identities] == ["preview", "production", "staging"]


def test_what_was_named_is_taken_and_the_rest_has_the_names_that_it_always_had() -> None:
    usual = declared().state
    assert usual == StatePlace(
        subscription=str(stack().subscription_id),
        location=str(stack().location),
        resource_group="rg-airflow-entra",
        account=usual.account,
        vault=usual.vault,
        redundancy="ZRS",
        group_exists=False,
    )
    place = f"{usual.group_id.lower()}\ncontoso/airflow-sign-on"
    digest = hashlib.sha256(place.encode()).hexdigest()[:10]
    assert (usual.account, usual.vault) == (f"stairflow{digest}", f"kv-airflow-{digest}")
    named = declared(
        resource_group="rg", group_exists=True, subscription="s", location="l", account="a", vault="v", redundancy="LRS"
    ).state
    assert named == StatePlace("s", "l", "rg", "a", "v", "LRS", True)


def test_the_state_lies_where_the_most_protected_environment_is() -> None:
    prod, staging = (
        stack(**{"azure-native:location": "westeurope"}),
        stack("staging", **{"azure-native:location": "uksouth"}),
    )
    assert pipeline(REPOSITORY, {"a": staging, "b": prod}).state.location == "westeurope"
    with pytest.raises(PipelineError, match=r"^--location: no stack file says it; .*; give --location$"):
        pipeline(REPOSITORY, {"dev": shipped()["dev"]}, subscription="s")


def test_owners_and_hidden_environments_are_kept_once_in_order() -> None:
    found = declared(owners=["b", "a", "b"], without_preview=["staging", "production"])
    assert (found.owners, found.without_preview) == (("a", "b"), ("production", "staging"))
    assert (declared().owners, declared().without_preview) == ((), ())
    assert found.tenant == stack().tenant_id


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"environments": ["prod", "x"]},
            "--environments: prod, x is no environment; an environment is what a stack file says under "
            "airflow-entra:environment: production or staging; name those that this repository deploys",
        ),
        (
            {"environments": ["development", "local", "production"]},
            "--environments: no stack file is of environment development, local; the stack files are of production or "
            "staging; write the stack file first: what the identity may do follows from it",
        ),
        (
            {"without_preview": ["local", "development", "production"]},
            "--without-preview: there is no environment development, local here; it is one of production or staging; "
            "name one of them, or leave it out",
        ),
    ],
)
def test_a_refusal_names_all_of_it(options: dict[str, Any], said: str) -> None:
    with pytest.raises(PipelineError) as refused:
        declared(**options)
    assert str(refused.value) == said


def test_each_environment_has_a_key_of_its_own() -> None:
    state = declared().state
    group = f"/subscriptions/{stack().subscription_id}/resourceGroups/rg-airflow-entra"
    vault = f"{group}/providers/Microsoft.KeyVault/vaults/{state.vault}"
    assert state.group_id == group
    assert state.key_id("production") == f"{vault}/keys/state-production"
    assert state.key_id("staging") == f"{vault}/keys/state-staging"


def test_nobody_s_sign_ins_are_read_unless_it_is_asked_for() -> None:
    assert "AuditLog.Read.All" not in declared().preview.permissions
    assert "AuditLog.Read.All" in declared(audit=True).preview.permissions


def test_a_long_name_is_cut_and_the_stacks_are_named() -> None:
    with pytest.raises(PipelineError, match=f"^--environments: {'x' * 100} is no environment"):
        declared(environments=["x" * 101])
    with pytest.raises(PipelineError, match=r"^stacks: no stack file is of an environment"):
        pipeline(REPOSITORY, {"local": stack("local")})
    other = stack("staging", **{"azuread:tenantId": ORGANISATION})
    said = rf"^stacks: they are of 2 tenants: prod \({stack().tenant_id}\), staging \({ORGANISATION}\); "
    with pytest.raises(PipelineError, match=said):
        pipeline(REPOSITORY, {"prod": stack(), "staging": other})
