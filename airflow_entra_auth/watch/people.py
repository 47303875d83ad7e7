"""What the directory says about people now, and what follows from it in Airflow."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from airflow_entra_auth.claims import Admitted, decide
from airflow_entra_auth.graph import Graph, GraphError, Request
from airflow_entra_auth.rules import SignOnRules

if TYPE_CHECKING:
    from airflow_entra_auth.sessions import WhyEnded  # SQLAlchemy, which this needs not

Status = Literal["enabled", "disabled", "deleted"]
_NO_GROUPS: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Account:
    """One person at one moment. `groups` are those that count: direct ones, or with security groups nested ones too."""

    object_id: str
    status: Status
    guest: bool = False
    groups: frozenset[str] = _NO_GROUPS

    def without(self, groups: Collection[str]) -> Account:
        return replace(self, groups=self.groups.difference(groups)) if groups else self


@dataclass(frozen=True)
class Verdict:
    """What a person has in Airflow from now on. `ends`: why their sessions end; None where they go on."""

    object_id: str
    roles: tuple[str, ...]
    because: str
    ends: WhyEnded | None


def accounts(graph: Graph, people: Sequence[str], *, nested: bool) -> dict[str, Account | GraphError]:
    """What the directory says about these object ids, two questions for each, ten people in a request.

    An answer that says too little is an error: nobody is put out for it. Raises GraphError and httpx.TransportError.
    """
    asked = [request for person in people for request in (_who(person), _where(person, nested))]
    answers = graph.batch(asked)
    return {
        person: _account(graph, person, answers[2 * place], answers[2 * place + 1])
        for place, person in enumerate(people)
    }


def verdict(account: Account, rules: SignOnRules) -> Verdict:
    """By the rule of a sign-in, on the claims that the directory would give."""
    if account.status != "enabled":
        why: WhyEnded = "disabled in the directory" if account.status == "disabled" else "deleted from the directory"
        return Verdict(account.object_id, (), why, why)
    decision = decide(_claims(account, rules), rules)
    if isinstance(decision, Admitted):
        because = "; ".join(f"{role}: {reason}" for role, reason in decision.because.items())
        return Verdict(account.object_id, decision.roles, because, None)
    reason = "a guest, and guests are refused" if account.guest and rules.guests == "refuse" else "in no role's group"
    return Verdict(account.object_id, (), reason, "no role left")


def _claims(account: Account, rules: SignOnRules) -> Mapping[str, Any]:
    claims: dict[str, Any] = {
        "iss": rules.issuer,
        "tid": rules.tenant_id,
        "aud": rules.client_id,
        "ver": "2.0",
        "oid": account.object_id,
        "acct": int(account.guest),
    }
    if rules.roles_from == "appRoles":
        claims["roles"] = [name for name, groups in rules.groups_by_role if not account.groups.isdisjoint(groups)]
    else:
        claims["groups"] = sorted(account.groups & rules.known_groups)
    return claims


def _who(person: str) -> Request:
    return Request("GET", f"/users/{person}?$select=id,accountEnabled,userType")


def _where(person: str, nested: bool) -> Request:
    if nested:
        return Request("POST", f"/users/{person}/getMemberGroups", {"securityEnabledOnly": True}, asks=True)
    return Request("GET", f"/users/{person}/memberOf?$select=id&$top=999")


def _account(graph: Graph, person: str, who: Any, where: Any) -> Account | GraphError:
    if isinstance(who, GraphError):
        return Account(person, "deleted") if _gone(who) else who
    enabled = who.get("accountEnabled") if isinstance(who, dict) else None
    if enabled is False:
        return Account(person, "disabled")
    if enabled is not True:
        return _untold(person, "accountEnabled isn't in the answer: the application lacks User.Read.All")
    if isinstance(where, GraphError):
        return Account(person, "deleted") if _gone(where) else where
    if not isinstance(where, dict) or not isinstance(where.get("value"), list):
        return _untold(person, "the answer doesn't say the groups")
    found = list(where["value"])
    if where.get("@odata.nextLink"):
        try:
            found += graph.pages(where["@odata.nextLink"])
        except GraphError as error:
            return error
    groups = frozenset(str(one["id"] if isinstance(one, dict) else one).lower() for one in found)
    return Account(person, "enabled", who.get("userType") == "Guest", groups)


def _gone(error: GraphError) -> bool:
    """Graph's own word for it: a 404 alone may come from anything on the way."""
    return error.status == 404 and error.code == "Request_ResourceNotFound"


def _untold(person: str, what: str) -> GraphError:
    return GraphError("GET", f"/users/{person}", 200, "NotTold", what, "")
