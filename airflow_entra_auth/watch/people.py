"""What the directory says about people now, and what follows from it in Airflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from airflow_entra_auth.claims import Admitted
from airflow_entra_auth.graph import Graph, GraphError, Request
from airflow_entra_auth.issuance import (
    Account,
    Application,
    Denial,
    NoToken,
    decision,
    declared,
    is_external,
    sources,
)
from airflow_entra_auth.rules import SignOnRules

if TYPE_CHECKING:
    from airflow_entra_auth.sessions import WhyEnded  # SQLAlchemy, which this needs not

_SELECT = "id,accountEnabled,userType,identities,signInSessionsValidFromDateTime"


@dataclass(frozen=True)
class Found:
    """What Graph says about a person. Sessions that began at `valid_from` or before are void: somebody revoked them, or
    there is a new password. Seconds since 1970 by Entra's clock; 0 where nothing is said."""

    account: Account
    valid_from: int = 0


@dataclass(frozen=True)
class Verdict:
    """What a person has in Airflow from now on.

    `ends`: why their sessions end, None where they go on. `revoked_until`: sessions that began then or before end in
    any case. `only_lowers`: no role comes that the person hasn't got, because it isn't known who is assigned; `for_now`
    until the next round alone, so that somebody whom this leaves without a role stays in their session.
    """

    object_id: str
    roles: tuple[str, ...]
    because: str
    ends: WhyEnded | None
    revoked_until: int = 0
    only_lowers: bool = False
    for_now: bool = False


def ask(
    graph: Graph, people: Sequence[str], application: Application | None, rules: SignOnRules
) -> dict[str, Found | GraphError]:
    """What the directory says about these object ids: two or three questions for each, twenty in a request.

    An answer that says too little is an error: nobody is put out for it. Raises GraphError and httpx.TransportError.
    """
    known = application or declared(rules)
    questions: list[Callable[[str], Request]] = [_person]
    if known.assignment_required or "ApplicationGroup" in known.group_claims or rules.roles_from == "appRoles":
        questions.append(_direct)
    if known.group_claims & {"SecurityGroup", "All"} or rules.roles_from == "securityGroups":
        questions.append(_all_groups if "All" in known.group_claims else _security_groups)
    answers = graph.batch([question(person) for person in people for question in questions])
    found: dict[str, Found | GraphError] = {}
    for place, person in enumerate(people):
        mine = answers[place * len(questions) : (place + 1) * len(questions)]
        found[person] = _found(graph, person, dict(zip(questions, mine, strict=True)))
    return found


def verdict(found: Found, application: Application | None, rules: SignOnRules, *, doubtful: bool = False) -> Verdict:
    """What a sign-in of this person would come to. Without an application it isn't known who is assigned: then nobody
    has more than the sign-on file's groups give, or than they have already. `doubtful`: no more than they have, either.
    """
    account = found.account
    decided = decision(application or declared(rules), account, rules)
    if isinstance(decided, Admitted):
        because = "; ".join(f"{role}: {_source(role, application, account, rules)}" for role in decided.roles)
        return Verdict(
            account.object_id,
            decided.roles,
            because,
            None,
            found.valid_from,
            only_lowers=application is None or doubtful,
            for_now=doubtful,
        )
    if isinstance(decided, NoToken):
        because, why = _DENIED[decided.reason]
        return Verdict(account.object_id, (), because, why)
    because = {
        "guest": "a guest or another tenant's, and those are refused",
        "too_many_groups": "in too many groups that are assigned to the application",
    }.get(decided.reason, "in no group that gives a role")
    return Verdict(account.object_id, (), because, "no role left")


_DENIED: Mapping[Denial, tuple[str, WhyEnded]] = {
    "application_disabled": ("application disabled in the directory", "application disabled in the directory"),
    "application_deleted": ("application deleted from the directory", "application disabled in the directory"),
    "disabled": ("disabled in the directory", "disabled in the directory"),
    "deleted": ("deleted from the directory", "deleted from the directory"),
    "not_assigned": ("not assigned to the application", "no role left"),
}


def moment(text: object) -> int:
    """Seconds since 1970 of a time as Graph writes it, in UTC and mostly in whole seconds; 0 where there is none."""
    if not isinstance(text, str) or not text:
        return 0
    try:
        at = datetime.strptime(text.rstrip("Z").partition(".")[0], "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        return 0
    return int(at.replace(tzinfo=timezone.utc).timestamp())


def _source(role: str, application: Application | None, account: Account, rules: SignOnRules) -> str:
    """What gives the role, for Airflow's audit log."""
    given = sources(application or declared(rules), account, role, rules)
    groups = ", ".join(sorted(given - {account.object_id}))
    if rules.roles_from == "appRoles" and application is not None:
        through = [f"member of {groups}, which is assigned the app role {role}"] if groups else []
        return " and ".join(through + (["assigned in person"] if account.object_id in given else []))
    return f"member of {groups}"


def _person(person: str) -> Request:
    return Request("GET", f"/users/{person}?$select={_SELECT}")


def _direct(person: str) -> Request:
    return Request("GET", f"/users/{person}/memberOf?$select=id&$top=999")


def _security_groups(person: str) -> Request:
    return Request("POST", f"/users/{person}/getMemberGroups", {"securityEnabledOnly": True}, asks=True)


def _all_groups(person: str) -> Request:
    return Request("POST", f"/users/{person}/getMemberGroups", {"securityEnabledOnly": False}, asks=True)


def _found(graph: Graph, person: str, answers: Mapping[Callable[[str], Request], Any]) -> Found | GraphError:
    who = answers[_person]
    if isinstance(who, GraphError):
        return Found(Account(person, "deleted")) if _gone(who) else who
    enabled = who.get("accountEnabled") if isinstance(who, dict) else None
    if enabled is False:
        return Found(Account(person, "disabled"))
    if enabled is not True:
        return _untold(person, "accountEnabled isn't in the answer: the permission User.Read.All is missing")
    groups: dict[bool, frozenset[str]] = {True: frozenset(), False: frozenset()}
    for question, answer in answers.items():
        if question is _person:
            continue
        listed = _ids(graph, person, answer)
        if isinstance(listed, GraphError):
            return Found(Account(person, "deleted")) if _gone(listed) else listed
        groups[question is _direct] = listed
    guest, external = who.get("userType") == "Guest", is_external(who)
    account = Account(person, "enabled", guest, direct=groups[True], security=groups[False], external=external)
    return Found(account, moment(who.get("signInSessionsValidFromDateTime")))


def _ids(graph: Graph, person: str, answer: Any) -> frozenset[str] | GraphError:
    """The ids of all pages of a list of groups."""
    if isinstance(answer, GraphError):
        return answer
    if not isinstance(answer, dict) or not isinstance(answer.get("value"), list):
        return _untold(person, "the answer doesn't say the groups")
    found = list(answer["value"])
    if answer.get("@odata.nextLink"):
        try:
            found += graph.pages(answer["@odata.nextLink"])
        except GraphError as error:
            return error
    return frozenset(str(group["id"] if isinstance(group, dict) else group).lower() for group in found)


def _gone(error: GraphError) -> bool:
    """Graph's own word for it: a 404 alone may come from anything on the way."""
    return error.status == 404 and error.code == "Request_ResourceNotFound"


def _untold(person: str, what: str) -> GraphError:
    return GraphError("GET", f"/users/{person}", 200, "NotTold", what, "")
