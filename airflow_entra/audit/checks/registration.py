"""What the registration lets happen beyond the stack file: where codes go, what tokens say, who may change it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from airflow_entra.access.airflow_urls import urls
from airflow_entra.audit.checks.check import (
    LEAST,
    NO_WATCHER_SEEN,
    PRIVILEGED,
    ROLES,
    SECRETS,
    SIGN_IN,
    Check,
    Facts,
    Skipped,
)
from airflow_entra.directory.audited import WATCHERS, Owner
from airflow_entra.directory.vaults import Reader
from airflow_entra.finding import Finding, Severity


def _redirects(facts: Facts) -> Iterator[Finding]:
    declared = {urls(airflow.version, airflow.url).redirect_uri for airflow in facts.settings.airflow}
    for uri in facts.audited.application.redirects:
        if uri not in declared:
            yield Finding(
                f"redirect URI {uri}",
                "the stack file doesn't have it: whoever answers there gets people's sign-ins",
                f"{' and '.join(sorted(declared))}, and no other",
                "remove it under Authentication of the app registration, and ask who added it",
            )
    for watcher in facts.audited.watchers or ():
        for uri in watcher.redirects:
            yield Finding(
                f"{WATCHERS} redirect URI {uri}",
                "nobody signs in to the watcher, and whoever answers there could get a sign-in",
                "no redirect URI",
                "remove it under Authentication of the watcher's app registration, and ask who added it",
            )


def _implicit(facts: Facts) -> Iterator[Finding]:
    for tokens in facts.audited.application.implicit:
        yield Finding(
            f"implicit grant of {tokens}",
            "it is on: tokens go through the browser's address, where others can read them",
            "the authorization code flow alone",
            "turn it off under Authentication of the app registration, and ask who turned it on",
        )
    if facts.audited.application.public_client:
        yield Finding(
            "public client flows",
            "they are allowed: a program without a secret can sign people in as Airflow",
            "a confidential client alone",
            "turn them off under Authentication of the app registration, and ask who turned them on",
        )


def _open(facts: Facts) -> Iterator[Finding]:
    if facts.audited.directory.registration.assignment_required:
        return
    declared = not facts.settings.sign_in.assignment_required
    yield Finding(
        "the enterprise application",
        "everybody in the tenant gets a token for it, "
        + ("as the stack file says: roles alone keep people out" if declared else "and the stack file says otherwise"),
        "assignment is required",
        "write assignmentRequired: true under signIn, and deploy"
        if declared
        else "turn on Assignment required under Properties of the enterprise application, and ask who turned it off",
        severity="warning" if declared else "error",
    )


def _owners(facts: Facts) -> Iterator[Finding | Skipped]:
    """In production the program that deploys owns the application and the groups that give Admin, and no person."""
    audited, owners = facts.audited, facts.settings.owners
    production = facts.settings.environment == "production"
    if audited.watchers is None:
        yield NO_WATCHER_SEEN
    for application, whose in ((audited.application, ""), *((one, f"{WATCHERS} ") for one in audited.watchers or ())):
        if application.owners is None:
            yield Skipped(f"the reading identity may not see who owns {whose or 'the '}application")
        of = _Owned(f"{whose or 'the '}application", "can add a secret to it and sign in as it", "owners.application")
        yield from _undeclared_owners(application.owners or (), of, owners.application, programs_alone=production)
    for group in audited.groups:
        roles = facts.roles_of(group.id)
        severity: Severity = "error" if PRIVILEGED & roles else "warning"
        admins = production and "Admin" in roles
        key, declared = ("owners.application", owners.application) if admins else ("owners.groups", owners.groups)
        can = f"can give themselves and others {', '.join(sorted(roles)) or 'its roles'}"
        of = _Owned(f"group {group.name}", can, key, severity)
        if group.declared:
            yield from _undeclared_owners(group.owners or (), of, declared, programs_alone=admins)


@dataclass(frozen=True)
class _Owned:
    """What is owned, what its owners can do by that, and the setting that names them."""

    name: str
    can: str
    setting: str
    severity: Severity = "error"


def _undeclared_owners(
    owners: tuple[Owner, ...], owned: _Owned, declared: Collection[str], *, programs_alone: bool
) -> Iterator[Finding]:
    """A deploying identity becomes an owner of what it makes: a program is no surprise, as a person is."""
    for owner in owners:
        kind = "a program" if owner.program else "a person"
        where, severity = f"owner {owner.name} ({owner.id}) of {owned.name}", owned.severity
        if owner.id.lower() not in declared:
            yield Finding(
                where,
                f"{kind} that {owned.can}, and that the stack file doesn't name",
                f"the owners under {owned.setting} and no other",
                f"remove the owner, or add the object id under {owned.setting} in a reviewed change",
                severity="warning" if owner.program else severity,
            )
        elif programs_alone and not owner.program:
            yield Finding(
                where,
                f"{kind} that {owned.can}, in production",
                "the identity that deploys owns it, and no person",
                "remove the owner, and name the person under owners.contacts",
                severity=severity,
            )


def _readers(facts: Facts) -> Iterator[Finding] | Skipped:
    if facts.readers is None:
        return Skipped("the reading identity may not see who can read the vault's secret")
    return _undeclared_readers(facts.readers)


def _undeclared_readers(readers: tuple[Reader, ...]) -> Iterator[Finding]:
    for reader in readers:
        if not reader.declared:
            yield Finding(
                f"{reader.name} ({reader.id})" if reader.name != reader.id else reader.id,
                f"{reader.may} below {reader.scope}, and the stack file doesn't have it as a reader: whoever has the "
                "secret signs in as Airflow",
                "the readers of the stack file (credential.vault.readers), and no other",
                "remove the role assignment, or add the object id to the readers in a reviewed change",
                severity="error" if reader.of_the_vault else "warning",
            )


CHECKS = (
    Check("redirect-uri", "codes and tokens go to the stack's Airflows alone", _redirects, SIGN_IN),
    Check("implicit-grant", "tokens are given to a server with a secret alone", _implicit, SIGN_IN),
    Check("open-assignment", "only people who are assigned get a token", _open, ROLES),
    Check("vault-reader", "only the stack file's readers can read the client secret", _readers, SECRETS),
    Check("owner-undeclared", "who may change the application and its groups is in the stack file", _owners, LEAST),
)
