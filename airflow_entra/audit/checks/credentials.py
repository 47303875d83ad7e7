"""What the application proves itself with: what of it expires, and what nobody declared."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import timedelta

from airflow_entra.access.secret_slots import SLOTS
from airflow_entra.audit.checks.check import Check, Facts, Finding, Severity
from airflow_entra.directory.application_credentials import ApplicationCredential
from airflow_entra.directory.registered import Trust
from airflow_entra.settings.model import Certificate, Credential, Federated, VaultSecret

SOON = timedelta(days=14)
"""Before its end, when a secret that nobody replaced is a finding of high severity."""


def _expiry(facts: Facts) -> Iterator[Finding]:
    live = [one.ends_at for one in facts.audited.credentials if one.ends_at and one.ends_at > facts.now]
    last = max(live, default=None)
    for one in facts.audited.credentials:
        if one.ends_at is None:
            yield _expiring(one.kind, one.name, "high", "has no end", facts)
        elif one.ends_at <= facts.now:
            yield _expiring(one.kind, one.name, "low", f"ended on {one.ends_at:%Y-%m-%d} and is still there", facts)
        elif one.ends_at == last and one.ends_at - facts.now < SOON:
            yield _expiring(one.kind, one.name, "high", f"is the last one and ends on {one.ends_at:%Y-%m-%d}", facts)


def _expiring(kind: str, name: str, severity: Severity, what: str, facts: Facts) -> Finding:
    fix = "airflow-entra rotate" if isinstance(facts.credential, VaultSecret) else f"replace or remove the {kind}"
    return Finding(
        severity,
        f"{kind} {name}",
        f"it {what}",
        f"a {kind} with an end, replaced in time",
        fix,
    )


def _undeclared(facts: Facts) -> Iterator[Finding]:
    """Whoever has one more credential signs in as Airflow, and no rotation takes it away."""
    live = [one for one in facts.audited.credentials if one.ends_at is None or one.ends_at > facts.now]
    for one in _beyond(_names(facts.credential, live), live):
        where = f"{one.kind} {one.name}" + (" of the service principal" if one.of_principal else "")
        yield _not_declared(where, "whoever has it signs in as Airflow", facts)
    for trusted in facts.audited.trusted:
        if not _is_declared(trusted, facts.credential):
            what = f"who has a token of {trusted.issuer} for {trusted.subject} signs in as Airflow"
            yield _not_declared(f"federated credential {trusted.name}", what, facts)


def _beyond(
    names: Collection[tuple[str, str]], live: Iterable[ApplicationCredential]
) -> Iterator[ApplicationCredential]:
    """Those that have none of the names, and the second one of the same name."""
    left = list(names)
    for one in live:
        if not one.of_principal and (one.kind, one.name) in left:
            left.remove((one.kind, one.name))
        else:
            yield one


def _names(credential: Credential, live: Sequence[ApplicationCredential]) -> list[tuple[str, str]]:
    """(kind, name) of what the stack file has. Entra names a certificate by itself: one, whatever its name, is it."""
    if isinstance(credential, VaultSecret):
        return [("secret", slot) for slot in SLOTS]
    certificates = [one for one in live if one.kind == "certificate" and not one.of_principal]
    return [(one.kind, one.name) for one in certificates[:1]] if isinstance(credential, Certificate) else []


def _is_declared(trusted: Trust, credential: Credential) -> bool:
    if not isinstance(credential, Federated):
        return False
    return (trusted.issuer, trusted.subject) == (credential.federated.issuer, credential.federated.subject)


def _not_declared(where: str, what: str, facts: Facts) -> Finding:
    interrupted = "`airflow-entra rotate` ends a rotation that was interrupted; if it is still there then, "
    return Finding(
        "high",
        where,
        f"{what}, and the stack file doesn't have it",
        _RIGHT[type(facts.credential)],
        (interrupted if isinstance(facts.credential, VaultSecret) else "")
        + "delete it under Certificates & secrets of the app registration, and ask who made it",
    )


_RIGHT = {
    VaultSecret: f"the secrets {' and '.join(SLOTS)}, and nothing else",
    Certificate: "one certificate, and nothing else",
    Federated: "the federated credential of the stack file, and nothing else",
}

CHECKS = (
    Check("credential-expiry", "no secret or certificate of the application has expired or is about to", _expiry),
    Check("credential-undeclared", "the application has no credential but those of the stack file", _undeclared),
)
