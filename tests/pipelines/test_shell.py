"""The workflows' scripts, run: a fork's pull request in a clean clone, and what is said to GitHub by those who may."""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.pipelines.shell import COMMENT, MARKER, Runner, edit, git, needs_jq, unpacked
from tests.pipelines.workflows import PROJECT, env_of, job


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path / "runner")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean clone, as actions/checkout leaves one: origin/main is the target branch."""
    folder = tmp_path_factory.mktemp("clone") / "repository"
    git(PROJECT, "clone", "--quiet", "--shared", str(PROJECT), str(folder))
    git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    return folder


@pytest.fixture
def fork(checkout: Path) -> Iterable[Path]:
    """The clone, to be changed by one test."""
    yield checkout
    git(checkout, "checkout", "--quiet", "--", ".")


def access(runner: Runner, folder: Path, step: str, base: str = "main") -> subprocess.CompletedProcess[str]:
    runner.env |= {"GITHUB_BASE_REF": base, "GITHUB_WORKSPACE": str(folder)}
    runner.env["PATH"] = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    return runner.run(job("preview.yml", "access").step(step)["run"], cwd=folder)


def results(sarif: dict[str, Any]) -> list[dict[str, Any]]:
    return [result for run in sarif["runs"] for result in run["results"]]


def packed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode())).decode()


def test_a_fork_is_told_who_would_gain_access(runner: Runner, fork: Path) -> None:
    edit(
        fork, "prod", "- create: airflow-prod-admins\n", "- create: airflow-prod-admins\n        - create: everybody\n"
    )
    said = access(runner, fork, "Access diff")
    assert said.returncode == 0, said.stderr
    assert "everybody" in runner.summary
    assert "Admin" in runner.summary
    assert runner.summary == said.stdout


def test_a_fork_is_told_what_is_wrong_in_its_stack_file(runner: Runner, fork: Path) -> None:
    edit(fork, "prod", "guests: refuse", "guests: welcome")
    said = access(runner, fork, "Stack files")
    assert said.returncode == 2
    assert "::error file=stacks/Pulumi.prod.yaml,line=" in said.stdout
    sarif = json.loads(unpacked(runner.outputs["sarif"]))
    assert [one["ruleId"] for one in results(sarif) if one["level"] == "error"] == ["settings/not-one-of"]


def test_a_target_branch_that_can_t_be_read_is_no_empty_diff(runner: Runner, fork: Path) -> None:
    assert access(runner, fork, "Access diff", base="nowhere").returncode == 2


def test_stack_files_that_are_right_pass(runner: Runner, fork: Path) -> None:
    said = access(runner, fork, "Stack files")
    assert said.returncode == 0
    assert "::error" not in said.stdout
    levels = {one["level"] for one in results(json.loads(unpacked(runner.outputs["sarif"])))}
    assert levels <= {"warning", "note"}


class GitHub:
    """`gh`, played: answers from a file by the real jq, and writes down what it was told to change."""

    def __init__(self, runner: Runner, answer: Any) -> None:
        self.said = runner.folder / "said"
        self.said.touch()
        (runner.folder / "answer.json").write_text(json.dumps(answer), "utf-8")
        self._runner = runner
        runner.install(
            "gh",
            f"""
            arguments=("$@")
            while [ $# -gt 0 ]; do
              case "$1" in
              --jq) filter=$2 ;;
              --input | --body-file) body=$2 ;;
              esac
              shift
            done
            if [ -n "$filter" ]; then exec jq --raw-output "$filter" {runner.folder}/answer.json; fi
            printf '%s\\n' "${{arguments[*]}}" >> {self.said}
            if [ -n "$body" ]; then cp "$body" {runner.folder}/body; fi
            """,
        )

    @property
    def told(self) -> list[str]:
        return self.said.read_text("utf-8").splitlines()

    @property
    def body(self) -> str:
        return (self._runner.folder / "body").read_text("utf-8")


REPOSITORY = {"GITHUB_REPOSITORY": "contoso/access", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_RUN_ID": "9"}


def comment(runner: Runner, text: str, comments: list[dict[str, Any]]) -> tuple[int, GitHub]:
    github = GitHub(runner, comments)
    step = job("preview.yml", "comment").step("Write the one comment, or write it anew")
    values = {
        "needs.preview.outputs.comment": packed(text),
        "github.token": "t",
        "github.event.pull_request.number": "12",
    }
    return runner.run(step["run"], REPOSITORY | env_of(step, values)).returncode, github


def by(login: str, number: int, body: str) -> dict[str, Any]:
    return {"id": number, "user": {"login": login}, "body": body}


@needs_jq
def test_the_first_comment_is_made(runner: Runner) -> None:
    others = [by("ada", 1, f"quoting {MARKER}"), by("github-actions[bot]", 2, "something else")]
    code, github = comment(runner, COMMENT, others)
    assert code == 0
    assert github.told == ["api --silent --method POST repos/contoso/access/issues/12/comments --input body.json"]
    assert json.loads(github.body) == {"body": COMMENT}


@needs_jq
def test_later_ones_are_written_over_it(runner: Runner) -> None:
    code, github = comment(runner, COMMENT, [by("github-actions[bot]", n, f"older\n{MARKER}") for n in (7, 8)])
    assert code == 0
    assert github.told == ["api --silent --method PATCH repos/contoso/access/issues/comments/7 --input body.json"]


@needs_jq
@pytest.mark.parametrize("text", ["no marker", f"{'x' * 65_536}\n{MARKER}\n", f"{MARKER}\nand more"])
def test_what_no_preview_writes_is_not_posted(runner: Runner, text: str) -> None:
    code, github = comment(runner, text, [])
    assert code != 0
    assert github.told == []


def nightly(runner: Runner, result: str, report: str, issues: list[dict[str, Any]]) -> GitHub:
    github = GitHub(runner, issues)
    step = job("nightly.yml", "issue").step("Open it, write it anew or close it")
    values = {
        "github.token": "t",
        "needs.drift.outputs.report": packed(report) if report else "",
        "needs.drift.result": result,
    }
    done = runner.run(step["run"], REPOSITORY | env_of(step, values))
    assert done.returncode == 0, done.stderr
    return github


RUN = "https://github.com/contoso/access/actions/runs/9"
ISSUES = "repos/contoso/access/issues"
TITLE = "Azure differs from the stack files"
BOT = {"user": {"login": "github-actions[bot]"}}
OURS = {"number": 3, "title": TITLE, **BOT}
OTHERS = [{"number": 1, "title": TITLE, "user": {"login": "ada"}}, {"number": 2, "title": "x", **BOT}]


@needs_jq
@pytest.mark.parametrize(
    ("report", "issues", "told", "body"),
    [
        ("a drift\n", OTHERS, f"POST {ISSUES}", "a drift\n"),
        ("a drift\n", [*OTHERS, OURS], f"PATCH {ISSUES}/3", "a drift\n"),
        ("", [OURS], f"PATCH {ISSUES}/3", f"The comparison did not come to its end: {RUN}\n"),
    ],
)
def test_one_issue_tells_of_drift(
    runner: Runner, report: str, issues: list[dict[str, Any]], told: str, body: str
) -> None:
    github = nightly(runner, "failure", report, issues)
    assert github.told == [f"api --silent --method {told} --input body.json"]
    assert json.loads(github.body) == {"title": TITLE, "body": body}


@needs_jq
def test_the_issue_is_closed_when_nothing_differs_any_more(runner: Runner) -> None:
    assert nightly(runner, "success", "fine\n", [*OTHERS, OURS]).told == [
        f"api --silent --method POST {ISSUES}/3/comments --raw-field body=Nothing differs any more: {RUN}",
        f"api --silent --method PATCH {ISSUES}/3 --raw-field state=closed",
    ]
    assert nightly(Runner(runner.folder / "another"), "success", "fine\n", OTHERS).told == []


@needs_jq
@pytest.mark.parametrize(("newest", "code"), [("c0ffee", 0), ("c0ffef", 1)])
def test_an_older_commit_is_not_deployed_over_a_newer_one(runner: Runner, newest: str, code: int) -> None:
    GitHub(runner, {"sha": newest})
    step = job("deploy-stack.yml", "up").step("Only the newest commit")
    env = {"GITHUB_SHA": "c0ffee", "GITHUB_REF_NAME": "main", "STACK": "prod", **env_of(step, {"github.token": "t"})}
    done = runner.run(step["run"], REPOSITORY | env)
    assert done.returncode == code
    assert ("main is at c0ffef by now" in done.stdout) == bool(code)
