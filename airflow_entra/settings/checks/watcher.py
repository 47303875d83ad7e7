"""The identity that follows the directory: that there is one, and that it is nobody else's."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_entra.finding import At, Finding
from airflow_entra.settings import limits
from airflow_entra.settings.checks.rule import Rule, at
from airflow_entra.settings.model import Certificate, Credential, Federated, Federation, StackSettings, VaultSecret
from airflow_entra.settings.watching import SECRET_SUFFIX, watcher_credential


def one_identity(settings: StackSettings) -> Iterator[Finding]:
    said = [key for key in ("federated", "certificate", "existing") if getattr(settings.watcher, key) is not None]
    for key in said[1:]:
        yield Finding(
            At(at("watcher", key), key=True, first=at("watcher", said[0])),
            f"{key} and {said[0]} ({{first}}) both say who the watcher is",
            "the watcher is one identity: a workload (federated), a certificate or an identity that exists",
            "keep the one that the watcher runs with",
        )


def two_ids(settings: StackSettings) -> Iterator[Finding]:
    """Entra gives a service principal and its application different ids: one of the two was copied twice."""
    existing = settings.watcher.existing
    if existing is not None and existing.object_id == existing.client_id:
        yield Finding(
            At(at("watcher", "existing", "clientId"), first=at("watcher", "existing", "objectId")),
            "clientId is the objectId of {first}",
            "objectId is the service principal's, clientId the application's (appId): they always differ",
            "`az ad sp show --id <objectId> --query appId` says the clientId",
        )


def somebody_watches(settings: StackSettings) -> Iterator[Finding]:
    """`moved` may stay: it says what was done once."""
    own = settings.watcher
    if not settings.watched and (own.federated or own.certificate or own.existing):
        yield Finding(
            At(at("watcher")),
            f"watcher names an identity, but signIn.revocation is {settings.sign_in.revocation}",
            "only `watch` reads the directory; `refresh` needs no identity beside the application's",
            "write signIn.revocation: watch, or delete watcher",
        )


def watcher_apart(settings: StackSettings) -> Iterator[Finding]:
    """Whoever has the one proof then has the other identity too, which is why it is said; nobody is stopped."""
    if not settings.watched or isinstance(settings.credential, VaultSecret):
        return
    if not _shared(watcher_credential(settings), settings.credential):
        return
    is_certificate = isinstance(settings.credential, Certificate)
    key = "certificate" if is_certificate else "federated"
    proof = "certificate" if is_certificate else "workload"
    named = getattr(settings.watcher, key) is not None
    yield Finding(
        At(at("watcher", key) if named else at("sign_in", "revocation"), key=not named),
        f"the watcher proves itself with the {proof} of the application that people sign in to",
        f"a {proof} of its own, so that nobody who has Airflow's can read the directory",
        "write the watcher's own workload: airflow-entra:watcher: {federated: {issuer: ..., subject: ...}}"
        if not is_certificate
        else "write the watcher's own certificate: airflow-entra:watcher: {certificate: <file>}",
        severity="warning",
    )


def _shared(watcher: Credential | None, sign_on: Credential) -> bool:
    """Whether one proof of the sign-on's is the watcher's too."""
    if isinstance(watcher, Federated) and isinstance(sign_on, Federated):
        return bool({_workload(trust) for trust in watcher.trusts} & {_workload(trust) for trust in sign_on.trusts})
    return watcher == sign_on


def _workload(trust: Federation) -> tuple[str, str]:
    return trust.issuer, trust.subject


def watcher_secret_has_a_name(settings: StackSettings) -> Iterator[Finding]:
    credential = watcher_credential(settings)
    if isinstance(credential, VaultSecret) and len(credential.secret_name) > limits.VAULT_SECRET_NAME:
        most = limits.VAULT_SECRET_NAME - len(SECRET_SUFFIX)
        yield Finding(
            At(at("credential", "secretName")),
            f"the watcher's secret would be called {credential.secret_name[:40]}..., too long for a vault",
            f"with revocation: watch at most {most} characters: the watcher's ends in {SECRET_SUFFIX}",
            "shorten secretName",
        )


RULES = (
    Rule(("watcher",), one_identity),
    Rule(("watcher",), two_ids),
    Rule(("watcher", "sign_in"), somebody_watches),
    Rule(("watcher", "sign_in", "credential"), watcher_apart),
    Rule(("watcher", "sign_in", "credential"), watcher_secret_has_a_name),
)
