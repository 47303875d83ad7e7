"""Who may do what in the GitHub workflows: read as an attacker would who opens a pull request."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.pipelines.linter import actionlint
from tests.pipelines.stacks import tracked
from tests.pipelines.workflows import FOLDER, PROJECT, Job, job, jobs, names, workflow

PINNED = re.compile(r"[\w.-]+(/[\w.-]+)+@[0-9a-f]{40}")
ALL = list(jobs())
SIGNING_IN = [one for one in ALL if one.permissions.get("id-token") == "write"]
DEPLOYER = re.compile(r"vars\.AZURE_CLIENT_ID\b(?!_)")


def of(file: str) -> list[Job]:
    return [one for one in ALL if one.workflow == file]


def test_actionlint_has_nothing_to_say() -> None:
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        print("shellcheck is not installed: actionlint leaves the scripts out")  # noqa: T201
    done = subprocess.run(
        [actionlint(), "-no-color", "-shellcheck", shellcheck or "", *FOLDER.iterdir()],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_actionlint_finds_what_is_wrong(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text((FOLDER / "nightly.yml").read_text("utf-8").replace("needs.drift.result", "needs.drft.result"))
    done = subprocess.run([actionlint(), "-shellcheck", "", broken], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert 'property "drft" is not defined' in done.stdout


@pytest.mark.parametrize("file", names())
def test_no_right_is_given_to_a_whole_workflow(file: str) -> None:
    assert workflow(file)["permissions"] == {}


@pytest.mark.parametrize("one", ALL, ids=str)
def test_each_job_has_the_rights_that_are_told_of_it_and_no_others(one: Job) -> None:
    read_and_sign_in = {"contents": "read", "id-token": "write"}
    rights = {
        "ci.yml: test": {"contents": "read"},
        "deploy-stack.yml: preview": read_and_sign_in,
        "deploy-stack.yml: up": read_and_sign_in,
        "deploy.yml: development": read_and_sign_in,
        "deploy.yml: production": read_and_sign_in,
        "deploy.yml: staging": read_and_sign_in,
        "nightly.yml: audit": read_and_sign_in,
        "nightly.yml: drift": read_and_sign_in,
        "nightly.yml: issue": {"issues": "write"},
        "preview.yml: access": {"contents": "read"},
        "preview.yml: code-scanning": {"security-events": "write"},
        "preview.yml: comment": {"pull-requests": "write"},
        "preview.yml: preview": read_and_sign_in,
        "rotate-stack.yml: due": read_and_sign_in,
        "rotate-stack.yml: rotate": read_and_sign_in,
        "rotate.yml: development": read_and_sign_in,
        "rotate.yml: production": read_and_sign_in,
        "rotate.yml: staging": read_and_sign_in,
    }
    assert one.permissions == rights[str(one)]


@pytest.mark.parametrize("file", names())
def test_no_secret_is_read(file: str) -> None:
    text = (FOLDER / file).read_text("utf-8")
    assert [one for one in re.findall(r"\$\{\{.*?\}\}", text, re.DOTALL) if re.search(r"\bsecrets\b", one)] == []
    assert not re.search(r"^\s*secrets:", text, re.MULTILINE)


@pytest.mark.parametrize("one", ALL, ids=str)
def test_every_action_is_pinned_by_its_commit(one: Job) -> None:
    used = [step["uses"] for step in one.steps if "uses" in step]
    assert [uses for uses in used if not PINNED.fullmatch(uses)] == []
    own = one.content.get("uses")
    assert own is None or (own.startswith("./.github/workflows/") and (PROJECT / own).is_file())


def test_an_action_s_version_stands_beside_its_commit() -> None:
    for file in FOLDER.iterdir():
        for line in file.read_text("utf-8").splitlines():
            if "uses:" in line and "@" in line:
                assert re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), f"{file.name}: {line}"


@pytest.mark.parametrize("one", ALL, ids=str)
def test_no_expression_stands_in_a_script(one: Job) -> None:
    """What a stranger wrote (a branch's name, a title) would be run as a command; it goes through the environment."""
    assert [step["run"] for step in one.steps if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("file", sorted({one.workflow for one in ALL if one.steps}))
def test_a_failure_before_a_pipe_fails_the_step(file: str) -> None:
    assert workflow(file)["defaults"] == {"run": {"shell": "bash"}}  # else GitHub starts bash without pipefail


@pytest.mark.parametrize("one", ALL, ids=str)
def test_no_token_stays_in_a_checkout(one: Job) -> None:
    for step in one.steps:
        if "actions/checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False
            assert "ref" not in step["with"]


@pytest.mark.parametrize("one", ALL, ids=str)
def test_who_may_write_runs_nothing_of_the_repository(one: Job) -> None:
    writes = {right for right, level in one.permissions.items() if level == "write"} - {"id-token"}
    if writes:
        assert not one.checks_out
        assert "airflow-entra " not in "".join(step["run"] for step in one.steps)
        assert "id-token" not in one.permissions
        assert len(writes) == 1


def test_the_token_of_the_job_is_nowhere_near_code_of_a_pull_request() -> None:
    for one in ALL:
        if "github.token" in one.text:
            before = one.steps[: next(i for i, step in enumerate(one.steps) if "github.token" in str(step)) + 1]
            assert not any("uses" in step for step in before), str(one)


def test_a_pull_request_never_gets_the_repository_s_rights() -> None:
    for file in names():
        assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(workflow(file)["on"])


@pytest.mark.parametrize("one", [one for one in ALL if "pull_request" in workflow(one.workflow)["on"]], ids=str)
def test_a_pull_request_has_no_environment_and_no_deployer(one: Job) -> None:
    assert "environment" not in one.content
    assert not DEPLOYER.search(one.text)
    assert "uses" not in one.content  # nor by way of another workflow


@pytest.mark.parametrize("one", ALL, ids=str)
def test_the_deployer_is_only_where_an_environment_approves(one: Job) -> None:
    if DEPLOYER.search(one.text):
        assert one.content["environment"] == "${{ inputs.environment }}"


@pytest.mark.parametrize("one", [one for one in SIGNING_IN if one.steps], ids=str)
def test_each_signing_in_names_its_identity(one: Job) -> None:
    reading = "AZURE_CLIENT_ID_PREVIEW" in one.text
    assert reading != bool(DEPLOYER.search(one.text))
    if reading and "pull_request" not in workflow(one.workflow)["on"]:
        assert one.content["environment"] == "drift"  # the subject that Entra knows the reader by


@pytest.mark.parametrize("one", [one for one in of("preview.yml") if one.name not in ("access", "comment")], ids=str)
def test_a_fork_gets_the_offline_answers_alone(one: Job) -> None:
    assert "github.event.pull_request.head.repo.full_name == github.repository" in one.content["if"]
    assert job("preview.yml", "comment").content["needs"] == "preview"
    access = job("preview.yml", "access")
    assert "if" not in access.content
    assert "vars." not in access.text


@pytest.mark.parametrize("file", ["deploy.yml", "rotate.yml"])
def test_every_tracked_stack_is_deployed_in_its_environment_and_nothing_else(file: str) -> None:
    deployed = {
        stack: one.content["with"]["environment"]
        for one in of(file)
        for stack in one.content["strategy"]["matrix"]["stack"]
    }
    assert deployed == tracked()


def test_every_tracked_stack_is_audited() -> None:
    assert job("nightly.yml", "audit").content["strategy"]["matrix"]["stack"] == sorted(tracked())


def test_environments_follow_one_another() -> None:
    needed = {one.name: one.content.get("needs") for one in of("deploy.yml")}
    assert needed == {"development": None, "staging": "development", "production": "staging"}
    assert all(one.content["with"]["environment"] == one.name for one in of("deploy.yml"))


def test_a_deployment_is_never_cancelled_half_way() -> None:
    up = job("deploy-stack.yml", "up")
    assert up.content["concurrency"] == {"group": "up-${{ inputs.stack }}", "cancel-in-progress": False}
    assert up.content["needs"] == "preview"
    assert job("rotate-stack.yml", "rotate").content["concurrency"] == up.content["concurrency"]
    assert "concurrency" not in workflow("deploy.yml")


def test_what_an_interrupted_run_left_is_settled_before_the_next() -> None:
    runs = [step.get("run", "") for step in job("deploy-stack.yml", "up").steps]
    order = [next(i for i, run in enumerate(runs) if what in run) for what in ("stack select", "recover", "pulumi up")]
    assert order == sorted(order)


@pytest.mark.parametrize("one", ALL, ids=str)
def test_no_job_runs_for_ever(one: Job) -> None:
    assert "uses" in one.content or one.content["timeout-minutes"] <= 120


def test_the_page_names_each_workflow() -> None:
    page = (PROJECT / "docs" / "pipelines.md").read_text("utf-8")
    assert [name for name in names() if name not in page] == []
