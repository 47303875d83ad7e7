"""What Airflow's own tables say, held against the directory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from airflow_entra.audit.checks.check import ACCOUNTS, ROLES, SECRETS, Check, Facts, Skipped
from airflow_entra.audit.records import User
from airflow_entra.finding import Finding

_NO_AIRFLOW = Skipped("no records of an Airflow were given (--airflow)")


def _accounts(facts: Facts) -> Iterator[Finding] | Skipped:
    return _per_user(facts, _without_identity)


def _without_identity(url: str, user: User, _: Facts) -> Iterator[Finding]:
    if user.identity is None and user.active:
        yield Finding(
            f"{user.user_name} in {url}",
            "an account that nobody of the directory has signed in with" + (" and has roles" if user.roles else ""),
            "accounts that come from sign-ins",
            "deactivate it: `airflow users delete --username ...`, or let the person sign in once",
            severity="warning",
        )


def _passwords(facts: Facts) -> Iterator[Finding] | Skipped:
    return _per_user(facts, _with_password)


def _with_password(url: str, user: User, _: Facts) -> Iterator[Finding]:
    if user.has_password:
        yield Finding(
            f"{user.user_name} in {url}",
            "a password is left in Airflow's database; another auth manager would take it",
            "no password: sign-in is the directory's",
            "delete the account, or let the person sign in once, which removes it",
        )


def _roles(facts: Facts) -> Iterator[Finding] | Skipped:
    return _per_user(facts, _differing)


def _differing(url: str, user: User, facts: Facts) -> Iterator[Finding]:
    if user.identity is None or not user.active:
        return
    standing = facts.standings.get(user.identity.object_id.lower())
    now = {held.role for held in standing.roles} if standing else set()
    if extra := sorted(set(user.roles) - now):
        yield Finding(
            f"{user.identity.name} in {url}",
            f"still {', '.join(extra)} in Airflow; the directory gives {', '.join(sorted(now)) or 'no role'}",
            "the directory's roles",
            "nothing where the watcher runs; else the next sign-in, or `python -m airflow_entra_auth.watch --once`",
        )


def _sessions(facts: Facts) -> Iterator[Finding] | Skipped:
    if not facts.airflows:
        return _NO_AIRFLOW
    return _left_behind(facts)


def _left_behind(facts: Facts) -> Iterator[Finding]:
    for url, records in facts.airflows.items():
        names = {user.id: user.name for user in records.users}
        for session in records.sessions:
            standing = facts.standings.get(session.object_id.lower())
            if session.alive_at(records.until) and (standing is None or standing.refused):
                why = standing.why if standing else "in no group of the stack"
                yield Finding(
                    f"{names.get(session.user_id, session.object_id)} in {url}",
                    f"signed in until {session.ends_at:%Y-%m-%d %H:%M}Z, and now refused: {why}",
                    "sessions end when access does",
                    "run `python -m airflow_entra_auth.watch`, which ends them, or shorten airflowSession",
                )


def _per_user(facts: Facts, look: Callable[[str, User, Facts], Iterator[Finding]]) -> Iterator[Finding] | Skipped:
    if not facts.airflows:
        return _NO_AIRFLOW
    return (
        finding
        for url, records in facts.airflows.items()
        for user in records.users
        for finding in look(url, user, facts)
    )


CHECKS = (
    Check("account-without-identity", "every account of Airflow is a person of the directory", _accounts, ACCOUNTS),
    Check("local-password", "no account of Airflow has a password of its own", _passwords, SECRETS),
    Check("roles-differ", "Airflow gives the roles that the directory gives", _roles, ROLES),
    Check("session-after-leaving", "nobody without access is signed in", _sessions, ACCOUNTS),
)
