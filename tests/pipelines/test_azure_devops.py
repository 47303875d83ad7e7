"""The Azure DevOps pipelines: what Azure would say to them, and who may do what in them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.pipelines.azure_pipelines import FOLDER, connection, jobs, pipeline, script, steps, wrong
from tests.pipelines.test_github import tracked

PIPELINES = ("preview.yml", "deploy.yml", "nightly.yml")
READER = "airflow-entra-preview"
STEPS = [(name, job, step) for name in PIPELINES for job in jobs(pipeline(name)) for step in steps(job)]


def test_these_are_all() -> None:
    assert {file.name for file in FOLDER.iterdir()} == {*PIPELINES, "deploy-environment.yml"}


@pytest.mark.parametrize("name", PIPELINES)
def test_the_schema_has_nothing_to_say(name: str) -> None:
    assert wrong(pipeline(name)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda step: step.update(pool="x"), "'pool'"),
        (lambda step: step["inputs"].update(scriptType="fish"), "scriptType"),
        (lambda step: step.update(task="AzureCIL@2"), "$.jobs[0].steps[2]"),
    ],
)
def test_the_schema_finds_what_is_wrong(change: Any, said: str) -> None:
    broken = pipeline("nightly.yml")
    change(broken["jobs"][0]["steps"][-1])
    assert said in " ".join(wrong(broken))


def test_a_pull_request_gets_the_reader_alone() -> None:
    for name, job, step in STEPS:
        if name == "preview.yml":
            assert connection(step) in (None, READER)
            assert "deployment" not in job
            assert "environment" not in job


def test_a_deployer_is_only_where_its_environment_approves() -> None:
    for _, job, step in STEPS:
        if connection(step) not in (None, READER):
            assert connection(step) == f"airflow-entra-{job['environment']}"


def test_code_of_a_pull_request_never_has_the_token_of_the_job() -> None:
    """It can't be narrowed for one job: whoever has it may do all that the build identity may."""
    for name, job, step in STEPS:
        if name == "preview.yml" and job["job"] != "comment":
            assert "AccessToken" not in str(step)
            assert step.get("persistCredentials", "false") == "false"


def test_who_writes_the_comment_runs_nothing_of_the_repository() -> None:
    (comment,) = (job for job in jobs(pipeline("preview.yml")) if job["job"] == "comment")
    assert steps(comment)[0] == {"checkout": "none"}
    assert not any(connection(step) for step in steps(comment))
    assert "airflow-entra " not in "".join(script(step) for step in steps(comment))


def test_a_fork_gets_the_offline_answers_alone() -> None:
    access, preview, comment = jobs(pipeline("preview.yml"))
    assert not any(connection(step) for step in steps(access))
    assert preview["condition"] == "ne(variables['System.PullRequest.IsFork'], 'True')"
    assert comment["dependsOn"] == "preview"


@pytest.mark.parametrize("name", PIPELINES)
def test_nothing_is_put_into_a_script_before_the_shell_reads_it(name: str) -> None:
    """`$(Name)` is replaced in a script's text: a branch's name would be run as a command."""
    text = (FOLDER / name).read_text("utf-8") + (FOLDER / "deploy-environment.yml").read_text("utf-8")
    assert "secret" not in text.lower().replace("secrets_provider", "").replace("secrets-provider", "").replace(
        "secrets_manager", ""
    )
    for _, _, step in STEPS:
        assert not re.search(r"\$\((?:[A-Z]\w*\.|[a-z]\w*\.)|\$\{\{", script(step))


def test_every_tracked_stack_is_deployed_in_its_environment_and_nothing_else() -> None:
    deployed = {
        step["env"]["STACK"]: job["environment"]
        for name, job, step in STEPS
        if name == "deploy.yml" and connection(step) not in (None, READER)
    }
    assert deployed == tracked()


def test_environments_follow_one_another_and_each_is_shown_first() -> None:
    order = {stage["stage"]: stage["dependsOn"] for stage in pipeline("deploy.yml")["stages"]}
    assert order == {
        "development_preview": [],
        "development": "development_preview",
        "staging_preview": "development",
        "staging": "staging_preview",
        "production_preview": "staging",
        "production": "production_preview",
    }
    assert all(
        stage.get("lockBehavior") == "sequential"
        for stage in pipeline("deploy.yml")["stages"]
        if not stage["stage"].endswith("_preview")
    )


def test_variables_come_from_the_groups_that_bootstrap_names() -> None:
    for name in PIPELINES:
        assert pipeline(name)["variables"] == [{"group": "airflow-entra"}]
    assert {stage["stage"]: stage.get("variables") for stage in pipeline("deploy.yml")["stages"]} == {
        **dict.fromkeys(("development_preview", "staging_preview", "production_preview")),
        **{
            environment: [{"group": f"airflow-entra-{environment}"}]
            for environment in ("development", "staging", "production")
        },
    }
