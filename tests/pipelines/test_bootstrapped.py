"""What `airflow-entra bootstrap` makes is what the pipelines ask for: subjects, service connections and variables."""

from __future__ import annotations

import re

import pytest

from airflow_entra.access.ci_variables import variables
from airflow_entra.access.pipeline import Pipeline, pipeline
from airflow_entra.access.repository import github
from airflow_entra.settings import load
from tests.access.pipelines import PROJECT as DEVOPS_PROJECT
from tests.access.pipelines import connected
from tests.pipelines import azure_pipelines
from tests.pipelines.stacks import tracked
from tests.pipelines.workflows import FOLDER, PROJECT, jobs

STACKS = {name: load(PROJECT / "stacks" / f"Pulumi.{name}.yaml") for name in tracked()}
OPTIONAL = {"CODE_SCANNING", "PREVIEW_STACKS"}


@pytest.fixture(scope="module")
def on_github() -> Pipeline:
    return pipeline(github("contoso/access", "repo:contoso/access"), STACKS)


@pytest.fixture(scope="module")
def on_azure_devops() -> Pipeline:
    return pipeline(DEVOPS_PROJECT, STACKS, trusts=connected("production", "staging", "development"))


here = pytest.mark.skipif(not FOLDER.is_dir(), reason="this project doesn't run on GitHub")
there = pytest.mark.skipif(not azure_pipelines.PIPELINES, reason="this project doesn't run on Azure DevOps")


@here
def test_each_job_that_signs_in_has_a_subject_that_an_identity_trusts(on_github: Pipeline) -> None:
    trusted = {trust.subject for one in on_github.identities for trust in one.trusts}
    asked = set()
    for one in jobs():
        if one.permissions.get("id-token") == "write" and one.steps:
            environment = one.content.get("environment")
            asked |= (
                {"pull_request"}
                if environment is None
                else {f"environment:{each}" for each in tracked().values()}
                if environment == "${{ inputs.environment }}"
                else {f"environment:{environment}"}
            )
    assert {f"repo:contoso/access:{one}" for one in asked} == trusted


@there
def test_each_service_connection_is_named_as_an_identity(on_azure_devops: Pipeline) -> None:
    used = {
        azure_pipelines.connection(step)
        for name in azure_pipelines.PIPELINES
        for job in azure_pipelines.jobs(azure_pipelines.pipeline(name))
        for step in azure_pipelines.steps(job)
    }
    assert used - {None} == {one.name for one in on_azure_devops.identities}


@here
def test_the_variables_are_those_that_bootstrap_sets_and_those_that_may_be_set(on_github: Pipeline) -> None:
    told = variables(on_github, {}, {}, {})
    used = {name for file in FOLDER.iterdir() for name in re.findall(r"vars\.(\w+)", file.read_text("utf-8"))}
    assert used == {one.name for one in told} | OPTIONAL
    page = (PROJECT / "docs" / "pipelines.md").read_text("utf-8")
    assert [name for name in used if f"`{name}`" not in page] == []


@here
def test_what_belongs_to_an_environment_is_read_in_its_jobs_alone(on_github: Pipeline) -> None:
    own = {one.name for one in variables(on_github, {}, {}, {}) if one.environment}
    for one in jobs():
        if any(re.search(rf"vars\.{name}\b(?!_)", one.text) for name in own):
            assert one.content["environment"] == "${{ inputs.environment }}"
