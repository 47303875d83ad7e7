"""Deployments of a stack, each with the commit, the pull request and whoever approved it: Pulumi's history, git, and
what the platform says of its pull requests.

Where none of them says who approved a commit, that is "not known".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_entra.audit.population import NOT_KNOWN, Event
from airflow_entra.errors import UserError
from airflow_entra.settings.history import Commit

_MERGED = (
    re.compile(r"^Merge pull request #(\d+) "),  # GitHub, merge commit
    re.compile(r"^Merged PR (\d+)\b"),  # Azure DevOps
    re.compile(r"\(#(\d+)\)$"),  # GitHub, squash
)
_APPROVES = 10, 5
"""Azure DevOps' votes: approved, approved with suggestions."""
_DEPLOYS = frozenset({"update", "destroy", "import", "resource-import"})


@dataclass(frozen=True)
class PullRequest:
    """A merged pull request as its platform says it; `commit` is what it became on the branch."""

    number: str
    url: str
    commit: str
    approved_by: tuple[str, ...]


def pull_requests(text: str, origin: str) -> list[PullRequest]:
    """What `gh pr list --state merged --json number,url,mergeCommit,reviews` or `az repos pr list --status completed`
    printed. Raises UserError."""
    try:
        found = json.loads(text)
        if isinstance(found, list):
            return [_pull_request(one) for one in found]
        raise ValueError
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise UserError(
            f"{origin}: no list of pull requests: give the output of `gh pr list --state merged --limit 1000 --json "
            "number,url,mergeCommit,reviews` or of `az repos pr list --status completed --top 1000`"
        ) from None


def _pull_request(body: Mapping[str, Any]) -> PullRequest:
    if "pullRequestId" in body:
        reviewers = [one["displayName"] for one in body.get("reviewers") or () if one.get("vote") in _APPROVES]
        commit = (body.get("lastMergeCommit") or {}).get("commitId") or ""
        return PullRequest(str(body["pullRequestId"]), str(body.get("url") or ""), commit, tuple(reviewers))
    approved = [
        str((one.get("author") or {}).get("login") or NOT_KNOWN)
        for one in body.get("reviews") or ()
        if one.get("state") == "APPROVED"
    ]
    commit = (body.get("mergeCommit") or {}).get("oid") or ""
    return PullRequest(str(body["number"]), str(body.get("url") or ""), commit, tuple(dict.fromkeys(approved)))


def deployments(
    history: Iterable[Mapping[str, Any]], commits: Mapping[str, Commit], pulls: Iterable[PullRequest] = ()
) -> Iterator[Event]:
    """Of `pulumi stack history --json`; `commits` are those that git knows, by their ids."""
    by_commit = {pull.commit: pull for pull in pulls if pull.commit}
    by_number = {pull.number: pull for pull in by_commit.values()}
    for update in history:
        if update.get("kind") in _DEPLOYS:
            said = update.get("environment") or {}
            commit = commits.get(str(said.get("git.head") or ""))
            yield _event(update, said, commit, by_commit, by_number)


def _event(
    update: Mapping[str, Any],
    said: Mapping[str, str],
    commit: Commit | None,
    by_commit: Mapping[str, PullRequest],
    by_number: Mapping[str, PullRequest],
) -> Event:
    head = str(said.get("git.head") or "")
    number = _number(commit.subject) if commit else ""
    pull = by_commit.get(head) or by_number.get(number)
    approved = ", ".join(pull.approved_by) if pull else ""
    changes = update.get("resourceChanges") or {}
    what = ", ".join(f"{count} {op}" for op, count in changes.items() if op != "same") or "no change"
    return Event(
        _moment(update),
        "deployment",
        f"{update['kind']} {update.get('result') or NOT_KNOWN}: {what}",
        by=str(said.get("git.author") or said.get("git.committer") or NOT_KNOWN),
        approved_by=approved or (commit.approved_by if commit else "") or NOT_KNOWN,
        pull_request=(pull.url or f"#{pull.number}") if pull else f"#{number}" if number else NOT_KNOWN,
        commit=(head + ("-dirty" if said.get("git.dirty") == "true" else "")) or NOT_KNOWN,
        source="Pulumi's history",
    )


def _number(subject: str) -> str:
    return next((found[1] for pattern in _MERGED if (found := pattern.search(subject))), "")


def _moment(update: Mapping[str, Any]) -> datetime:
    """Its end, or its beginning where it never ended; Pulumi writes UTC."""
    return datetime.fromisoformat(str(update.get("endTime") or update["startTime"]))
