"""What the directory alone can say: who is let in and how, who answers for it, what was consented to."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from airflow_entra.access.permissions import APP_ROLE_IDS
from airflow_entra.audit.checks.check import ACCOUNTS, LEAST, NO_WATCHER_SEEN, PRIVILEGED, ROLES, Check, Facts, Skipped
from airflow_entra.directory.audited import WATCHERS, StackApplication
from airflow_entra.directory.who import Standing
from airflow_entra.finding import Finding
from airflow_entra_auth.rules import WATCH_PERMISSIONS


def _disabled(facts: Facts) -> Iterator[Finding]:
    for one in facts.standings.values():
        if not one.person.enabled:
            yield Finding(
                person(one),
                "the account is disabled and still in a group that lets it in; enabled again, it has its roles again",
                "who left is in no group",
                "take the person out of the stack's groups",
                severity="warning",
            )


def _guests(facts: Facts) -> Iterator[Finding]:
    for one in facts.standings.values():
        if (one.person.guest or one.person.external) and one.person.enabled:
            refused = facts.audited.rules.guests == "refuse"
            what = "a guest" if one.person.guest else "another tenant's member"
            where = " (only where the home tenant is among guests.tenants)" * (facts.audited.rules.guests == "tenants")
            yield Finding(
                person(one),
                f"{what} in a group of the stack, refused at each sign-in" if refused else f"{what} with access{where}",
                "nobody of another tenant in the groups" if refused else "guests that somebody vouches for",
                "take the person out of the group" if refused else "review the person with who invited them",
                severity="note",
            )


def _in_person(facts: Facts) -> Iterator[Finding]:
    audited = facts.audited
    for one in audited.directory.registration.assigned:
        if one.principal not in audited.directory.groups:
            yield Finding(
                one.name,
                f"assigned to the application in person, as {one.role or 'no role'}",
                "a member of a role's group",
                "put the person into the group, then remove the assignment in the enterprise application",
                severity="error" if one.role in PRIVILEGED else "warning",
            )


def _nested(facts: Facts) -> Iterator[Finding]:
    for one in facts.standings.values():
        for missed in (missed for missed in one.missed if missed.kind == "nested"):
            yield Finding(
                person(one),
                f"not {missed.role}: {missed.why}",
                "a direct member of the group, or in no group inside it",
                "add the person to the group itself, or take the inner group out",
                severity="note",
            )


def _unassigned(facts: Facts) -> Iterator[Finding]:
    """Members of a role's group without the role: an assignment that was removed, or never made."""
    for one in facts.standings.values():
        for missed in (missed for missed in one.missed if missed.kind == "unassigned"):
            yield Finding(
                person(one),
                f"not {missed.role}: {missed.why}",
                "every group of the stack file is assigned to the application with its role",
                "deploy the stack, or have the assignments of its hand-over file made",
                severity="warning",
            )


def _application(facts: Facts) -> Iterator[Finding]:
    if not facts.audited.directory.registration.enabled:
        yield Finding(
            "the enterprise application",
            "it is disabled in the directory: nobody can sign in",
            "an application that people may sign in to, or none at all",
            "enable it under Properties of the enterprise application, or take the stack down",
        )


def _unknown_role(facts: Facts) -> Iterator[Finding]:
    audited = facts.audited
    declared = audited.rules.known_groups
    for one in audited.directory.registration.assigned:
        if one.principal in audited.directory.groups and one.principal.lower() not in declared:
            yield Finding(
                f"group {one.name}",
                f"assigned to the application as {one.role or 'no role'}, and not in the stack file",
                "the groups of the stack file and no other",
                "remove the assignment, or add the group to the stack file in a reviewed change",
            )


def _missing(facts: Facts) -> Iterator[Finding]:
    for name in facts.audited.missing:
        yield Finding(
            f"group {name}",
            "the stack file gives it a role and the directory has no such group",
            "a group that exists",
            "deploy the stack, or correct the group's id",
        )


def _owners(facts: Facts) -> Iterator[Finding] | Skipped:
    groups = facts.audited.groups
    if groups and all(one.owners is None for one in groups):
        return Skipped("the reading identity may not see who owns groups")
    return _without_owner(facts)


def _without_owner(facts: Facts) -> Iterator[Finding]:
    for one in facts.audited.groups:
        if one.owners == () and not one.synced:
            yield Finding(
                f"group {one.name}",
                "nobody owns it, so nobody answers for who is in it",
                "one or two owners",
                "name owners in the stack file (owners.groups), or in the directory where the group is owned elsewhere",
                severity="warning",
            )


def _consents(facts: Facts) -> Iterator[Finding | Skipped]:
    if facts.audited.consents is None:
        yield Skipped("the reading identity may not see consents")
    for scope in sorted((facts.audited.consents or frozenset()) - facts.declared):
        yield Finding(
            f"scope {scope}",
            "an administrator consented to it for everybody, and the stack file doesn't ask for it",
            "the scopes of the stack file",
            "remove the consent in the enterprise application's permissions",
        )
    for scope, people in sorted(facts.audited.personal_consents.items()):
        if scope not in facts.declared:
            yield Finding(
                f"scope {scope}",
                f"people consented to it for themselves ({people}), and the stack file doesn't ask for it",
                "the scopes of the stack file",
                "remove the consents on the User consent tab of the enterprise application's permissions",
                severity="warning",
            )
    yield from _beyond(facts.audited.application, facts.declared, "", "the permissions of the stack file")
    if facts.audited.watchers is None:
        yield NO_WATCHER_SEEN
    right = f"{', '.join(WATCH_PERMISSIONS)} of Microsoft Graph, and nothing else"
    for watcher in facts.audited.watchers or ():
        yield from _beyond(watcher, _WATCHES, f"{WATCHERS} ", right)


_WATCHES = frozenset(APP_ROLE_IDS[name] for name in WATCH_PERMISSIONS)


def _beyond(
    application: StackApplication, declared: Collection[str], whose: str, right: str
) -> Iterator[Finding | Skipped]:
    """Permissions that it has without a user, beyond those that are declared."""
    if application.application_permissions is None:
        of = whose or "the application's "
        yield Skipped(f"the reading identity may not see {of}permissions without a user")
    for permission in application.application_permissions or ():
        if permission.split()[-1] not in declared:
            yield Finding(
                f"{whose}{permission}",
                "a permission that needs no signed-in person, and the stack file doesn't ask for it",
                right,
                f"remove the grant in the permissions of {whose or 'the '}enterprise application",
            )


def _watcher(facts: Facts) -> Iterator[Finding] | Skipped:
    if facts.audited.watchers is None:
        return NO_WATCHER_SEEN
    return _not_one(len(facts.audited.watchers)) if facts.watcher_credential is not None else iter(())


def _not_one(watchers: int) -> Iterator[Finding]:
    if watchers == 0:
        what = "the directory has none with its tag: what reads the directory for Airflow, and with what, is unknown"
        fix = "deploy the stack; where it was deployed, ask who deleted the registration or took its tag away"
    else:
        what = f"the directory has {watchers} with its tag: which of them the stack made is unknown"
        fix = "ask who made the others, and delete them"
    if watchers != 1:
        yield Finding(f"{WATCHERS} registration", what, "one registration, which the stack makes", fix)


def person(standing: Standing) -> str:
    name, sign_in_name = standing.person.name, standing.person.sign_in_name
    return name if name == sign_in_name else f"{name} ({sign_in_name})"


CHECKS = (
    Check(
        "disabled-account",
        "nobody whose account is disabled still is in a group that gives a role",
        _disabled,
        ACCOUNTS,
    ),
    Check("guest", "guests are let in only where the stack file says so", _guests, ACCOUNTS),
    Check("assigned-in-person", "access comes through groups alone", _in_person, ROLES),
    Check("nested", "nobody is in a group inside a role's group, where that gives nothing", _nested, ROLES),
    Check("assignment-missing", "every member of a role's group has the role", _unassigned, ROLES),
    Check("application-disabled", "the application is enabled in the directory", _application, ROLES),
    Check("unused-assignment", "every assignment is one that the stack file makes", _unknown_role, LEAST),
    Check("group-missing", "every group of the stack file exists", _missing, ROLES),
    Check("group-owner", "every group of the stack has an owner", _owners, ACCOUNTS),
    Check("consent", "the application and the watcher may read no more than the stack file says", _consents, LEAST),
    Check("watcher-missing", "the watcher's registration exists, where the stack makes one", _watcher, LEAST),
)
