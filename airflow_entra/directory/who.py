"""The Airflow roles that people would have at their next sign-in, what gives them, and why others have none.

From the directory's facts to the token that Entra would give, and from there to roles, it is the same code that runs
inside Airflow: what is said here is what Airflow does.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from airflow_entra.access import DeclaredStack
from airflow_entra.access.sign_on_rules import rules as rules
from airflow_entra.directory import membership
from airflow_entra.directory.membership import Account, Members, Registration
from airflow_entra.errors import UserError
from airflow_entra_auth import issuance
from airflow_entra_auth.claims import Admitted, Reason
from airflow_entra_auth.issuance import Denial, NoToken
from airflow_entra_auth.rules import SignOnRules

if TYPE_CHECKING:
    from airflow_entra_auth.graph import Graph

Why = Denial | Reason
IN_PERSON = "assigned in person"
"""What gives a role that no group does."""


@dataclass(frozen=True)
class Directory:
    """What the tenant says about one stack; groups by object id."""

    people: Sequence[Account]
    registration: Registration
    groups: Mapping[str, Members]

    @cached_property
    def by_id(self) -> Mapping[str, Members]:
        """The groups by object id in lower case."""
        return {id_.lower(): group for id_, group in self.groups.items()}

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The names of what gives roles, by object id in lower case, in the order in which they are shown."""
        assigned = {one.principal.lower(): one.name for one in self.registration.assigned}
        return assigned | {id_: group.name for id_, group in self.by_id.items()}


@dataclass(frozen=True)
class Held:
    """A role that a person has, and what gives it: names of groups, IN_PERSON, or both."""

    role: str
    through: tuple[str, ...]


@dataclass(frozen=True)
class Missed:
    """A role that a person seems to have and hasn't, and why.

    "nested": only a group inside the role's group has the person. "unassigned": the person is in the role's group, and
    the application doesn't give the role to that group.
    """

    role: str
    why: str
    kind: Literal["nested", "unassigned"] = "nested"


@dataclass(frozen=True)
class Standing:
    """How one person stands. `refused` is None for a person who may sign in, with `roles`; `why` says more about a
    refusal."""

    person: Account
    roles: tuple[Held, ...] = ()
    refused: Why | None = None
    why: str = ""
    missed: tuple[Missed, ...] = ()


def read(graph: Graph, stack: DeclaredStack) -> tuple[Directory, SignOnRules]:
    """What the tenant and the stack file say. Raises NotDeployedError, GraphError."""
    registration = membership.registration(graph, stack.name)
    ids = membership.group_ids(graph, stack.plan, {assigned.principal for assigned in registration.assigned})
    wanted = {*ids.values(), *(assigned.principal for assigned in registration.assigned)}
    directory = Directory(membership.accounts(graph), registration, membership.members(graph, wanted))
    return directory, rules(stack, registration.client_id, ids)


def who(directory: Directory, rules: SignOnRules, people: Sequence[Account]) -> list[Standing]:
    """The standing of these people, by name."""
    ordered = sorted(people, key=lambda person: (person.name.casefold(), person.sign_in_name))
    return [standing(person, directory, rules) for person in ordered]


def select(people: Sequence[Account], text: str) -> list[Account]:
    """Who is meant by an object id, a sign-in name with or without its domain, a mail address or a display name.

    Raises UserError.
    """
    wanted = text.casefold()
    found = [person for person in people if wanted in _handles(person)]
    if found:
        return found
    handles = {handle: person for person in people for handle in _handles(person)}
    close = [handles[handle] for handle in difflib.get_close_matches(wanted, handles, n=3, cutoff=0.6)]
    close += [person for person in people if wanted in person.name.casefold()]
    suggested = ", ".join(dict.fromkeys(f"{person.name} ({person.sign_in_name})" for person in close))
    raise UserError(
        f"nobody in the tenant is {text!r}; "
        + (f"is {suggested} meant?" if suggested else "leave it out to see everybody")
    )


def standing(person: Account, directory: Directory, rules: SignOnRules) -> Standing:
    """What Entra and then Airflow would say to this person."""
    application, account = directory.registration.application, _account(person, directory)
    missed = tuple(_missed(account, directory, rules))
    decided = issuance.decision(application, account, rules)
    if isinstance(decided, Admitted):
        held = tuple(
            Held(role, tuple(_through(issuance.sources(application, account, role, rules), account, directory.names)))
            for role in decided.roles
        )
        home = "let in where its home tenant is among guests.tenants: the directory doesn't say which it is"
        why = home if person.external and rules.guests == "tenants" else ""
        return Standing(person, held, None, why, tuple(one for one in missed if one.role not in decided.roles))
    if isinstance(decided, NoToken):
        return Standing(person, (), decided.reason, _DENIED[decided.reason], missed)
    return Standing(person, (), decided.reason, _REFUSED.get(decided.reason, decided.fix), missed)


_DENIED: Mapping[Denial, str] = {
    "application_deleted": "the application is deleted",
    "application_disabled": "the application is disabled in the directory",
    "deleted": "the account is deleted",
    "disabled": "the account is disabled",
    "not_assigned": "in no group that is assigned to the application",
}
_REFUSED: Mapping[Reason, str] = {
    "guest": "a guest or of another tenant, and the stack file says guests: refuse",
    "no_role": "in no group that gives a role",
    "too_many_groups": "in so many assigned groups that a token names none of them",
}


def _account(person: Account, directory: Directory) -> issuance.Account:
    groups = directory.by_id
    direct = frozenset(id_ for id_, group in groups.items() if person.id in group.direct)
    nested = {id_ for id_, group in groups.items() if any(person.id in inside for inside in group.nested.values())}
    security = frozenset(id_ for id_ in direct | nested if groups[id_].security_enabled)
    return issuance.Account(
        person.id.lower(),
        "enabled" if person.enabled else "disabled",
        person.guest,
        direct,
        security,
        person.external,
    )


def _through(sources: frozenset[str], account: issuance.Account, names: Mapping[str, str]) -> list[str]:
    groups = [name for id_, name in names.items() if id_ in sources and id_ != account.object_id]
    return groups + [IN_PERSON] * (account.object_id in sources)


def _missed(account: issuance.Account, directory: Directory, rules: SignOnRules) -> list[Missed]:
    """The roles whose group has the person as a member, directly or through another group, to no effect."""
    groups = directory.by_id
    application = directory.registration.application
    found = []
    for role, rule in rules.roles.items():
        for id_ in rule.groups:
            if id_ in account.direct:
                reason = _unassigned(role, id_, groups[id_].name, application, rules)
                found += [Missed(role, reason, "unassigned")] if reason else []
            elif id_ in groups and rules.roles_from != "securityGroups":
                group = groups[id_]
                inner = [name for name, inside in group.nested.items() if account.object_id in map(str.lower, inside)]
                if inner:
                    what = "app roles" if rules.roles_from == "appRoles" else "assigned groups"
                    inside = f"only in {', '.join(inner)}, a group inside {group.name}"
                    found.append(Missed(role, f"{inside} ({what} count direct members alone)"))
    return found


def _unassigned(role: str, group: str, name: str, application: issuance.Application, rules: SignOnRules) -> str | None:
    """Why a direct member of this group hasn't the role; None where it is for another reason."""
    if group not in application.principals:
        counts = rules.roles_from != "securityGroups" or application.assignment_required
        return f"in group {name}, which isn't assigned to the application yet" if counts else None
    if rules.roles_from == "appRoles" and issuance.Assignment(group, role) not in application.assignments:
        return f"in group {name}, which is assigned to the application without the app role {role}"
    return None


def _handles(person: Account) -> set[str]:
    handles = {person.id, person.sign_in_name, person.sign_in_name.partition("@")[0], person.name, person.mail or ""}
    return {handle.casefold() for handle in handles if handle}
