"""Who would have which Airflow role at the next sign-in, through which group, and why not.

Builds the claims that Entra would put into each person's token and lets the rule that runs inside Airflow decide:
what is said here is what Airflow does.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from airflow_entra.access import AccessPlan
from airflow_entra.access.sign_on_rules import rules as rules
from airflow_entra.directory import membership
from airflow_entra.directory.membership import Account, Members, Registration
from airflow_entra.settings.model import StackSettings
from airflow_entra_auth.claims import Admitted, Refused, decide
from airflow_entra_auth.rules import SignOnRules

if TYPE_CHECKING:
    from airflow_entra_auth.graph import Graph

Why = Literal["disabled", "not_assigned", "guest", "no_role", "wrong_token", "no_object_id", "malformed"]


@dataclass(frozen=True)
class Directory:
    """What the tenant says about one stack; groups by object id."""

    people: Sequence[Account]
    registration: Registration
    groups: Mapping[str, Members]


@dataclass(frozen=True)
class Held:
    """A role that a person has, and the names of the groups that give it; none where they are assigned in person."""

    role: str
    through: tuple[str, ...]


@dataclass(frozen=True)
class Missed:
    """A role that a person seems to have and hasn't, and why."""

    role: str
    why: str


@dataclass(frozen=True)
class Standing:
    """How one person stands. `refused` is None for who may sign in, with `roles`; `why` says more about a refusal."""

    person: Account
    roles: tuple[Held, ...] = ()
    refused: Why | None = None
    why: str = ""
    missed: tuple[Missed, ...] = ()


class UnknownPersonError(Exception):
    """Nobody in the tenant is called that; the message names who is meant perhaps."""


def read(graph: Graph, settings: StackSettings, plan: AccessPlan) -> tuple[Directory, SignOnRules]:
    """What the tenant and the stack file say. Raises NotDeployedError, GraphError."""
    registration = membership.registration(graph, plan.stack)
    ids = membership.group_ids(graph, plan, {assigned.principal for assigned in registration.assigned})
    wanted = {*ids.values(), *(assigned.principal for assigned in registration.assigned)}
    directory = Directory(membership.accounts(graph), registration, membership.members(graph, wanted))
    return directory, rules(settings, plan, registration.client_id, ids)


def who(directory: Directory, rules: SignOnRules, people: Sequence[Account]) -> list[Standing]:
    """The standing of these people, by name."""
    ordered = sorted(people, key=lambda person: (person.name.casefold(), person.sign_in_name))
    return [standing(person, directory, rules) for person in ordered]


def select(people: Sequence[Account], text: str) -> list[Account]:
    """Who is meant by an object id, a sign-in name with or without its domain, a mail address or a display name.

    Raises UnknownPersonError.
    """
    wanted = text.casefold()
    found = [person for person in people if wanted in _handles(person)]
    if found:
        return found
    handles = {handle: person for person in people for handle in _handles(person)}
    close = [handles[handle] for handle in difflib.get_close_matches(wanted, handles, n=3, cutoff=0.6)]
    close += [person for person in people if wanted in person.name.casefold()]
    suggested = ", ".join(dict.fromkeys(f"{person.name} ({person.sign_in_name})" for person in close))
    raise UnknownPersonError(
        f"nobody in the tenant is {text!r}; "
        + (f"is {suggested} meant?" if suggested else "leave it out to see everybody")
    )


def standing(person: Account, directory: Directory, rules: SignOnRules) -> Standing:
    """What Entra and then Airflow would say to this person."""
    missed = tuple(_missed(person, directory, rules))
    if not person.enabled:
        return Standing(person, (), "disabled", "the account is disabled", missed)
    if directory.registration.assignment_required and not _is_assigned(person, directory):
        return Standing(person, (), "not_assigned", "in no group that is assigned to the application", missed)
    decision = decide(_claims(person, directory, rules), rules)
    if isinstance(decision, Admitted):
        held = tuple(Held(role, tuple(_through(role, person, directory, rules))) for role in decision.roles)
        others = tuple(one for one in missed if one.role not in decision.roles)
        return Standing(person, held, missed=others)
    if not isinstance(decision, Refused):
        raise AssertionError("no claim of ours says that groups are missing")
    why = {
        "guest": "a guest, and the stack file says guests: refuse",
        "no_role": "in no group that gives a role",
    }.get(decision.reason, decision.fix)
    return Standing(person, (), decision.reason, why, missed)


def _claims(person: Account, directory: Directory, rules: SignOnRules) -> dict[str, Any]:
    """The claims of the ID token that the person would get."""
    given = (
        {"roles": sorted(_app_roles(person, directory))}
        if rules.roles_from == "appRoles"
        else {"groups": sorted(_groups(person, directory, rules))}
    )
    return {
        "iss": rules.issuer,
        "tid": rules.tenant_id,
        "aud": rules.client_id,
        "ver": "2.0",
        "oid": person.id.lower(),
        "name": person.name,
        "preferred_username": person.sign_in_name,
        "acct": int(person.guest),
        **({"email": person.mail} if person.mail else {}),
        **given,
    }


def _app_roles(person: Account, directory: Directory) -> set[str]:
    return {
        one.role for one in directory.registration.assigned if one.role and _holds(person, one.principal, directory)
    }


def _groups(person: Account, directory: Directory, rules: SignOnRules) -> set[str]:
    """The object ids that the token's `groups` would name, of the groups that matter here."""
    if rules.roles_from == "securityGroups":
        return {
            id_
            for id_, group in directory.groups.items()
            if group.security_enabled and (person.id in group.direct or _inner(person, group))
        }
    assigned = {one.principal for one in directory.registration.assigned}
    return {id_ for id_, group in directory.groups.items() if id_ in assigned and person.id in group.direct}


def _is_assigned(person: Account, directory: Directory) -> bool:
    return any(_holds(person, one.principal, directory) for one in directory.registration.assigned)


def _holds(person: Account, principal: str, directory: Directory) -> bool:
    """Whether the person is the principal, or a direct member of it: assignments don't nest."""
    return principal == person.id or (principal in directory.groups and person.id in directory.groups[principal].direct)


def _through(role: str, person: Account, directory: Directory, rules: SignOnRules) -> list[str]:
    if rules.roles_from == "appRoles":
        return [
            one.name
            for one in directory.registration.assigned
            if one.role == role and one.principal != person.id and _holds(person, one.principal, directory)
        ]
    held = _groups(person, directory, rules)
    return [directory.groups[id_].name for id_ in rules.roles[role].groups if id_ in held]


def _missed(person: Account, directory: Directory, rules: SignOnRules) -> list[Missed]:
    """Roles whose group the person is in through another group only, where that counts for nothing."""
    if rules.roles_from == "securityGroups":
        return []
    found = []
    for role, rule in rules.roles.items():
        for group in (directory.groups[id_] for id_ in rule.groups if id_ in directory.groups):
            inner = _inner(person, group)
            if inner and person.id not in group.direct:
                what = "app roles" if rules.roles_from == "appRoles" else "assigned groups"
                inside = f"only in {', '.join(inner)}, a group inside {group.name}"
                found.append(Missed(role, f"{inside} ({what} count direct members alone)"))
    return found


def _inner(person: Account, group: Members) -> list[str]:
    return [name for name, inside in group.nested.items() if person.id in inside]


def _handles(person: Account) -> set[str]:
    handles = {person.id, person.sign_in_name, person.sign_in_name.partition("@")[0], person.name, person.mail or ""}
    return {handle.casefold() for handle in handles if handle}
