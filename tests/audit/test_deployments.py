"""Who deployed what, by which pull request, and who approved it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_entra.audit.deployments import deployments, pull_requests
from airflow_entra.errors import UserError
from airflow_entra.settings.history import Commit
from tests.audit.stack import NOW

HEAD = "c0ffee" + 34 * "0"


def update(**more: Any) -> dict[str, Any]:
    said = {"git.head": HEAD, "git.author": "Ada"}
    known = {"kind": "update", "result": "succeeded", "startTime": "2026-11-20T10:00:00.000Z", "environment": said}
    return known | {"endTime": "2026-11-20T10:01:02.000Z", "resourceChanges": {"create": 2, "same": 9}} | more


def commit(subject: str, approved_by: str = "") -> dict[str, Commit]:
    return {HEAD: Commit(HEAD, "Ada <ada@contoso.com>", NOW, subject, approved_by)}


GITHUB = json.dumps([{
    "number": 12, "url": "https://github.com/c/a/pull/12", "mergeCommit": {"oid": HEAD},
    "reviews": [
        {"author": {"login": "grace"}, "state": "APPROVED"}, {"author": {"login": "eve"}, "state": "COMMENTED"},
    ],
}])  # fmt: skip
AZURE = json.dumps([{
    "pullRequestId": 12, "url": "https://dev.azure.com/c/_apis/git/pullRequests/12",
    "lastMergeCommit": {"commitId": HEAD},
    "reviewers": [{"displayName": "Grace", "vote": 10}, {"displayName": "Eve", "vote": -10}],
}])  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "approved", "pulls", "expected"),
    [
        ("Merge pull request #12 from c/more", "", "[]", ("#12", "not known")),
        ("Merged PR 12: More", "", "[]", ("#12", "not known")),
        ("More (#12)", "Grace", "[]", ("#12", "Grace")),
        ("More", "", "[]", ("not known", "not known")),
        ("More (#12)", "", GITHUB, ("https://github.com/c/a/pull/12", "grace")),
        ("More", "", AZURE, ("https://dev.azure.com/c/_apis/git/pullRequests/12", "Grace")),
    ],
    ids=["merge commit", "azure's merge", "squash with a trailer", "nothing", "github's list", "azure's list"],
)
def test_the_pull_request_and_who_approved_it(
    subject: str, approved: str, pulls: str, expected: tuple[str, str]
) -> None:
    (found,) = deployments([update()], commit(subject, approved), pull_requests(pulls, "pulls.json"))
    assert (found.pull_request, found.approved_by) == expected
    assert (found.commit, found.by, found.what) == (HEAD, "Ada", "update succeeded: 2 create")
    assert found.at.isoformat() == "2026-11-20T10:01:02+00:00"


def test_from_a_folder_without_git_nothing_is_known_of_it() -> None:
    (found,) = deployments([update(environment={}, resourceChanges={"same": 3})], {})
    assert (found.commit, found.by, found.pull_request, found.approved_by) == ("not known",) * 4
    assert found.what == "update succeeded: no change"


def test_what_was_not_committed_is_said() -> None:
    (found,) = deployments([update(environment={"git.head": HEAD, "git.dirty": "true"})], {})
    assert found.commit == f"{HEAD}-dirty"


def test_a_preview_or_refresh_deploys_nothing() -> None:
    assert list(deployments([update(kind="refresh"), update(kind="preview")], {})) == []


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"url": ""}]', "null"])
def test_another_file_is_refused_with_the_command_that_makes_one(text: str) -> None:
    with pytest.raises(UserError, match="gh pr list --state merged"):
        pull_requests(text, "pulls.json")
