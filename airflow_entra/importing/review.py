"""The review file: each Airflow user with a proposal and a place for a person's decision; and what they decided."""

from __future__ import annotations

import io
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from ruamel.yaml import YAML

from airflow_entra.directory.membership import Account
from airflow_entra.errors import UserError
from airflow_entra.escape.configuration import comment, yaml_scalar
from airflow_entra.escape.terminal import line
from airflow_entra.finding import Finding
from airflow_entra.importing.pairing import Pair

LINK, LEAVE = "link", "leave"
_HEADER = """\
# Airflow's users, and who in the directory each of them probably is. Nothing is linked by this file alone.
#
# Write a decision for each: link (it is the one candidate), leave (nobody's, or not worth keeping: it is set aside when
# its person signs in), or the object id of somebody else. An address proves nobody: ask, where you don't know.
# Write your name below, then check it:  airflow-entra import --stack {stack} --users THIS-FILE
"""


@dataclass(frozen=True)
class Link:
    """A decision that a person took: this row of Airflow's users is this person."""

    user_name: str
    email: str
    user_id: int | None
    object_id: str


@dataclass(frozen=True)
class Reviewed:
    """`links` may be used where `findings` is empty."""

    tenant_id: str
    by: str
    links: tuple[Link, ...]
    findings: tuple[Finding, ...]


def review_text(pairs: Sequence[Pair], stack: str, tenant_id: str) -> str:
    """The file that a person fills in."""
    content = {"tenant": tenant_id, "reviewedBy": None, "users": [_entry(pair) for pair in pairs]}
    writer = YAML()
    writer.width = 2**16
    writer.indent(mapping=2, sequence=4, offset=2)
    writer.representer.add_representer(
        type(None), lambda dumper, _: dumper.represent_scalar("tag:yaml.org,2002:null", "")
    )
    stream = io.StringIO()
    writer.dump(content, stream)
    return _HEADER.format(stack=comment(stack)) + stream.getvalue()


def _entry(pair: Pair) -> dict[str, Any]:
    user = pair.user
    said = {
        "userName": yaml_scalar(user.user_name),
        "email": yaml_scalar(user.email),
        "id": user.id,
        "name": _said(user.name) or None,
        "active": user.active,
        "roles": list(map(yaml_scalar, user.roles)),
    }
    candidates = [
        {"id": one.id, "name": _said(one.name), "signInName": _said(one.sign_in_name)} for one in pair.candidates
    ]
    return {
        "user": {key: value for key, value in said.items() if value is not None},
        "proposal": pair.proposal,
        "because": _said(pair.because),
        **({"candidates": candidates} if candidates else {}),
        "decision": None,
    }


def _said(text: str) -> str:
    """What a person reads and no program does."""
    return yaml_scalar(line(text))


def is_review(text: str) -> bool:
    """Whether this is a review file, to be checked, rather than an export, to be paired."""
    return text.lstrip()[:1] not in ("[", "{") and "\nreviewedBy:" in f"\n{text}"


def reviewed(text: str, tenant_id: str, accounts: Sequence[Account]) -> Reviewed:
    """What was decided, checked against the directory. Raises UserError."""
    content = _content(text)
    findings: list[Finding] = []
    by = content.get("reviewedBy")
    if not isinstance(by, str) or not by.strip():
        findings.append(_found("reviewedBy", "nobody has put their name to it", "a person answers for the decisions",
                               "write your name or address there"))  # fmt: skip
    if content.get("tenant") != tenant_id:
        what = f"it is about tenant {line(str(content.get('tenant')))}"
        findings.append(_found("tenant", what, tenant_id, "use the file that was written for this tenant"))
    known = {account.id.lower(): account for account in accounts}
    links: dict[str, Link] = {}
    for number, entry in enumerate(content["users"], 1):
        found, link = _decided(entry, number, known)
        if link and link.object_id in links:
            other = links[link.object_id].user_name
            what = f"is decided to be {link.object_id}, as {line(other)} is"
            found = _found(_where(entry, number), what, "one person has one user", "leave one of the two")
        if found:
            findings.append(found)
        elif link:
            links[link.object_id] = link
    return Reviewed(tenant_id, str(by or "").strip(), tuple(links.values()), tuple(findings))


def _content(text: str) -> dict[str, Any]:
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark else ""
        raise UserError(f"the review file is not YAML{place}; correct it, or write it anew") from None
    if not isinstance(content, dict) or not isinstance(content.get("users"), list):
        raise UserError("the review file has no list `users`; write it anew from an export of Airflow's users")
    return content


def _where(entry: Any, number: int) -> str:
    user = entry.get("user") if isinstance(entry, Mapping) else None
    name = user.get("userName") if isinstance(user, Mapping) else None
    return f"user {line(str(name))}" if name else f"users[{number}]"


def _decided(entry: Any, number: int, known: Mapping[str, Account]) -> tuple[Finding | None, Link | None]:
    where = _where(entry, number)
    user = entry.get("user") if isinstance(entry, Mapping) else None
    if not isinstance(user, Mapping) or not isinstance(user.get("userName"), str):
        return _found(where, "has no user with a userName", "as it was written", "write the file anew"), None
    decision = str(entry.get("decision") or "").strip()
    if not decision:
        return _found(where, "nothing is decided", "link, leave or an object id", "decide it"), None
    if decision == LEAVE:
        return None, None
    object_id = _candidate(entry) if decision == LINK else decision.lower()
    if object_id is None or not _is_id(object_id):
        what = "there is not one candidate to link" if decision == LINK else f"{line(decision)} is no decision"
        return _found(where, what, "link, leave or an object id", "write the object id of the person"), None
    account = known.get(object_id)
    if account is None:
        return _found(where, f"tenant has nobody with the id {object_id}", "an object id of a user", "correct it"), None
    if not account.enabled:
        what = f"the account of {line(account.name)} is disabled"
        return _found(where, what, "who can't sign in needs no user", "write leave"), None
    number_ = user.get("id")
    return None, Link(
        user["userName"], str(user.get("email") or ""), number_ if isinstance(number_, int) else None, object_id
    )


def _candidate(entry: Mapping[str, Any]) -> str | None:
    candidates = entry.get("candidates")
    if isinstance(candidates, list) and len(candidates) == 1 and isinstance(candidates[0], Mapping):
        return str(candidates[0].get("id") or "").lower()
    return None


def _is_id(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _found(where: str, what: str, right: str, fix: str) -> Finding:
    return Finding(where, what, right, fix, id="import/users-review")
