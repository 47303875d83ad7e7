"""The Azure DevOps pipelines: what Azure would say to them, and who may do what in them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.pipelines.azure_pipelines import FOLDER, PIPELINES, connection, jobs, pipeline, script, steps, wrong
from tests.pipelines.shell import COMMENT, MARKER, Runner, git, needs_jq, shellcheck
from tests.pipelines.stacks import tracked

TEMPLATES = {"deploy-environment.yml", "rotate-stack.yml"}
READER = "airflow-entra-preview"
STEPS = [(name, job, step) for name in PIPELINES for job in jobs(pipeline(name)) for step in steps(job)]


def test_these_are_all() -> None:
    assert {file.name for file in FOLDER.iterdir()} == {*PIPELINES, *TEMPLATES}


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
    for where, _, step in STEPS:
        assert where != name or not re.search(r"\$\((?:[A-Z]\w*\.|[a-z]\w*\.)|\$\{\{", script(step))


@pytest.mark.parametrize("text", sorted({script(step) for _, _, step in STEPS} - {""}))
def test_shellcheck_has_nothing_to_say(text: str) -> None:
    assert shellcheck(text) == ""


@pytest.mark.parametrize("file", ["deploy.yml", "rotate.yml"])
def test_every_tracked_stack_is_deployed_in_its_environment_and_nothing_else(file: str) -> None:
    deployed = {
        step["env"]["STACK"]: job["environment"]
        for name, job, step in STEPS
        if name == file and connection(step) not in (None, READER)
    }
    assert deployed == tracked()


def test_every_tracked_stack_is_audited() -> None:
    (audit,) = (job for job in jobs(pipeline("nightly.yml")) if job["job"] == "audit")
    assert {name: row["STACK"] for name, row in audit["strategy"]["matrix"].items()} == {
        name: name for name in tracked()
    }


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


@pytest.mark.parametrize("name", ["deploy.yml", "rotate.yml"])
def test_what_deploys_waits_for_what_deploys_before_it(name: str) -> None:
    for stage in pipeline(name)["stages"]:
        deploys = any("deployment" in job for job in stage["jobs"])
        assert stage.get("lockBehavior") == ("sequential" if deploys else None)


def test_no_secret_is_read_but_the_token_of_the_job() -> None:
    known = {"Build.ArtifactStagingDirectory", "Pipeline.Workspace", "System.AccessToken"}
    for _, _, step in STEPS:
        beside = {key: value for key, value in step.items() if key not in ("bash", "inputs")}
        assert set(re.findall(r"\$\(([\w.]+)\)", str(beside))) <= known


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


class Repositories(BaseHTTPRequestHandler):
    """The threads of a pull request in Azure Repos, as far as a comment needs them."""

    threads: list[dict[str, Any]]
    told: list[tuple[str, str, Any]]

    def do_GET(self) -> None:
        self._answer({"value": self.threads})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.told.append((self.command, self.path, body))
        self._answer({})

    def do_PATCH(self) -> None:
        self.do_POST()

    def _answer(self, content: Any) -> None:
        allowed = self.headers["Authorization"] == "Bearer of-the-job"
        body = json.dumps(content).encode()
        self.send_response(200 if allowed else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def repositories() -> Iterator[tuple[str, type[Repositories]]]:
    class Handler(Repositories):
        threads: list[dict[str, Any]] = []  # noqa: RUF012 -- one class for each test
        told: list[tuple[str, str, Any]] = []  # noqa: RUF012

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", Handler
        server.shutdown()
        thread.join()


def comment(folder: Path, url: str, text: str) -> int:
    runner = Runner(folder)
    file = folder / "comment.md"
    file.write_text(text, "utf-8")
    env = {
        "COMMENT": str(file),
        "TOKEN": "of-the-job",
        "SYSTEM_COLLECTIONURI": url,
        "SYSTEM_TEAMPROJECTID": "p",
        "BUILD_REPOSITORY_ID": "r",
        "SYSTEM_PULLREQUEST_PULLREQUESTID": "12",
    }
    (job,) = (job for job in jobs(pipeline("preview.yml")) if job["job"] == "comment")
    return runner.run(script(steps(job)[-1]), env).returncode


THREADS = "/p/_apis/git/repositories/r/pullRequests/12/threads"


@needs_jq
def test_the_first_comment_is_a_thread_of_its_own(repositories: tuple[str, type[Repositories]], tmp_path: Path) -> None:
    url, played = repositories
    played.threads += [
        {"id": 1, "comments": [{"content": "hello"}]},
        {"id": 2, "isDeleted": True, "comments": [{"content": COMMENT}]},
        {"id": 3, "comments": []},
    ]
    assert comment(tmp_path, url, COMMENT) == 0
    thread = {"status": "closed", "comments": [{"commentType": "text", "content": COMMENT}]}
    assert played.told == [("POST", f"{THREADS}?api-version=7.1", thread)]


@needs_jq
def test_later_ones_are_written_over_it(repositories: tuple[str, type[Repositories]], tmp_path: Path) -> None:
    url, played = repositories
    played.threads += [{"id": 4, "isDeleted": False, "comments": [{"content": f"older\n{MARKER}"}, {"content": "hm"}]}]
    assert comment(tmp_path, url, COMMENT) == 0
    assert played.told == [("PATCH", f"{THREADS}/4/comments/1?api-version=7.1", {"content": COMMENT})]


@needs_jq
def test_what_no_preview_writes_is_not_posted(repositories: tuple[str, type[Repositories]], tmp_path: Path) -> None:
    url, played = repositories
    assert comment(tmp_path, url, "anything") != 0
    assert played.told == []


@pytest.mark.parametrize("newer", [False, True])
def test_an_older_commit_is_not_deployed_over_a_newer_one(tmp_path: Path, newer: bool) -> None:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@contoso.com")
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    git(tmp_path, "init", "--quiet", "--initial-branch", "main", str(origin))
    git(origin, *who, "commit", "--quiet", "--allow-empty", "-m", "first")
    git(tmp_path, "clone", "--quiet", str(origin), str(clone))
    runner = Runner(tmp_path / "runner")
    head = runner.run("git rev-parse HEAD", cwd=clone).stdout.strip()
    if newer:
        git(origin, *who, "commit", "--quiet", "--allow-empty", "-m", "second")
    (text,) = {script(step) for _, _, step in STEPS if step.get("displayName") == "Only the newest commit"}
    env = {"BUILD_SOURCEBRANCH": "refs/heads/main", "BUILD_SOURCEVERSION": head, "STACK": "prod"}
    done = runner.run(text, env, clone)
    assert done.returncode == int(newer)
    assert ("approve its run" in done.stdout) == newer
