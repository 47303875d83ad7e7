"""What the watcher proves itself with, where the stack file doesn't say it: as the sign-on does, with its own proof."""

from __future__ import annotations

from airflow_entra.settings.model import Certificate, Credential, Federated, StackSettings, VaultSecret

SECRET_SUFFIX = "-watcher"  # noqa: S105 -- the end of a name
_SERVICE_ACCOUNT = ("system", "serviceaccount")


def watcher_credential(settings: StackSettings) -> Credential | None:
    """The credential of the watcher's registration; None where it has none: nothing watches, or the identity exists."""
    if not settings.watched or settings.watcher.existing is not None:
        return None
    own, sign_on = settings.watcher, settings.credential
    if own.federated is not None:
        return Federated(mode="federated", federated=own.federated)
    if own.certificate is not None:
        return Certificate(mode="certificate", file=own.certificate)
    if isinstance(sign_on, VaultSecret):
        return sign_on.model_copy(update={"secret_name": f"{sign_on.secret_name}{SECRET_SUFFIX}"})
    if isinstance(sign_on, Federated):
        beside = [trust.model_copy(update={"subject": _beside(trust.subject)}) for trust in sign_on.trusts]
        return Federated(mode="federated", federated=beside)
    return sign_on


def service_account(subject: str) -> str | None:
    """The Kubernetes service account whose token says `subject`; None for another platform's."""
    parts = subject.split(":")
    return parts[3] if len(parts) == 4 and tuple(parts[:2]) == _SERVICE_ACCOUNT else None


def _beside(subject: str) -> str:
    """The service account beside the API server's; another platform's subject is one that nobody can guess."""
    return f"{subject}-watcher" if service_account(subject) else subject
