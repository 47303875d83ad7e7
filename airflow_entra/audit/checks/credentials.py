"""What the application and the watcher prove themselves with: what of it expires, and what nobody declared."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from airflow_entra.access.secret_slots import SLOTS
from airflow_entra.audit.checks.check import NO_WATCHER_SEEN, SECRETS, Check, Facts, Skipped
from airflow_entra.directory.application_credentials import ApplicationCredential
from airflow_entra.directory.audited import WATCHERS, StackApplication
from airflow_entra.directory.registered import Trust
from airflow_entra.finding import Finding, Severity
from airflow_entra.settings.model import Certificate, Credential, Federated, VaultSecret

SOON = timedelta(days=14)
"""Before its end, when a secret that nobody replaced is an error."""


@dataclass(frozen=True)
class _Holder:
    """An application that the stack makes, the credential that the stack file has for it, and what one more gives."""

    application: StackApplication
    declared: Credential
    gives: str
    whose: str = ""

    def live(self, now: datetime) -> list[ApplicationCredential]:
        return [credential for credential in self.application.credentials if not _ended(credential, now)]


def _holders(facts: Facts) -> Iterator[_Holder]:
    yield _Holder(facts.audited.application, facts.credential, "signs in as Airflow")
    if facts.watcher_credential is not None:
        for watcher in facts.audited.watchers or ():
            yield _Holder(watcher, facts.watcher_credential, "reads the whole directory", f"{WATCHERS} ")


def _expiry(facts: Facts) -> Iterator[Finding | Skipped]:
    if facts.audited.watchers is None:
        yield NO_WATCHER_SEEN
    for holder in _holders(facts):
        yield from _expiry_of(holder, facts.now)


def _expiry_of(holder: _Holder, now: datetime) -> Iterator[Finding]:
    last = max((credential.ends_at for credential in holder.live(now) if credential.ends_at), default=None)
    for credential in holder.application.credentials:
        ends = credential.ends_at
        if ends is None:
            yield _expiring(holder, credential, "error", "has no end")
        elif _ended(credential, now):
            yield _expiring(holder, credential, "note", f"ended on {ends:%Y-%m-%d} and is still there")
        elif ends == last and ends - now < SOON:
            yield _expiring(holder, credential, "error", f"is the last one and ends on {ends:%Y-%m-%d}")


def _expiring(holder: _Holder, credential: ApplicationCredential, severity: Severity, what: str) -> Finding:
    kind = credential.kind
    return Finding(
        f"{holder.whose}{kind} {credential.name}",
        f"it {what}",
        f"a {kind} with an end, replaced in time",
        "airflow-entra rotate" if isinstance(holder.declared, VaultSecret) else f"replace or remove the {kind}",
        severity=severity,
    )


def _ended(credential: ApplicationCredential, now: datetime) -> bool:
    return credential.ends_at is not None and credential.ends_at <= now


def _undeclared(facts: Facts) -> Iterator[Finding | Skipped]:
    """Whoever has one more credential is the application, and no rotation takes it away."""
    if facts.audited.watchers is None:
        yield NO_WATCHER_SEEN
    for holder in _holders(facts):
        yield from _undeclared_of(holder, facts.now)


def _undeclared_of(holder: _Holder, now: datetime) -> Iterator[Finding | Skipped]:
    live = holder.live(now)
    for credential in _beyond(_names(holder.declared, live), live):
        of = " of the service principal" if credential.of_principal else ""
        yield _not_declared(
            holder, f"{credential.kind} {credential.name}{of}", f"{_which(credential)}: whoever has it {holder.gives}"
        )
    if holder.application.trusted is None:
        whose = holder.whose or "the application's "
        yield Skipped(f"the reading identity may not see {whose}federated credentials")
    for trusted in holder.application.trusted or ():
        if not _is_declared(trusted, holder.declared):
            what = f"whoever has a token of {trusted.issuer} for {trusted.subject} {holder.gives}"
            yield _not_declared(holder, f"federated credential {trusted.name}", what)


def _which(credential: ApplicationCredential) -> str:
    """Which of those of one name: a rotation's slot says no more than the name of a secret made by hand may."""
    until = f"valid until {credential.ends_at:%Y-%m-%d}" if credential.ends_at else "without an end"
    return f"key {credential.key_id}, {until}"


def _beyond(
    names: Collection[tuple[str, str]], live: Iterable[ApplicationCredential]
) -> Iterator[ApplicationCredential]:
    """Those that have none of the names, and the second one of the same name."""
    left = list(names)
    for credential in live:
        if not credential.of_principal and (credential.kind, credential.name) in left:
            left.remove((credential.kind, credential.name))
        else:
            yield credential


def _names(credential: Credential, live: Sequence[ApplicationCredential]) -> list[tuple[str, str]]:
    """(kind, name) of what the stack file has. Entra names a certificate by itself: one, whatever its name, is it."""
    if isinstance(credential, VaultSecret):
        return [("secret", slot) for slot in SLOTS]
    certificates = [key.name for key in live if key.kind == "certificate" and not key.of_principal]
    return [("certificate", name) for name in certificates[:1]] if isinstance(credential, Certificate) else []


def _is_declared(trusted: Trust, credential: Credential) -> bool:
    if not isinstance(credential, Federated):
        return False
    return any((trusted.issuer, trusted.subject) == (trust.issuer, trust.subject) for trust in credential.trusts)


def _not_declared(holder: _Holder, where: str, what: str) -> Finding:
    interrupted = "`airflow-entra rotate` ends a rotation that was interrupted; if it is still there then, "
    return Finding(
        f"{holder.whose}{where}",
        f"{what}, and the stack file doesn't have it",
        _RIGHT[type(holder.declared)],
        (interrupted if isinstance(holder.declared, VaultSecret) else "")
        + f"delete it under Certificates & secrets of {holder.whose or 'the '}app registration, and ask who made it",
    )


_RIGHT = {
    VaultSecret: f"the secrets {' and '.join(SLOTS)}, and nothing else",
    Certificate: "one certificate, and nothing else",
    Federated: "the federated credentials of the stack file, and nothing else",
}

CHECKS = (
    Check(
        "credential-expiry",
        "no secret or certificate of the application or the watcher has expired or is about to",
        _expiry,
        SECRETS,
    ),
    Check(
        "credential-undeclared",
        "the application and the watcher have no credential but those of the stack file",
        _undeclared,
        SECRETS,
    ),
)
