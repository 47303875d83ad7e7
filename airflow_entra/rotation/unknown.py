"""After a leak: credentials of the stack's applications that the stack doesn't have. Whoever has one is still in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from airflow_entra.directory.application_credentials import ApplicationCredential
from airflow_entra.errors import AnswerError
from airflow_entra.escape.terminal import line
from airflow_entra.finding import Finding
from airflow_entra.pulumi.resource_types import APPLICATION, APPLICATION_REGISTRATION

_APPLICATIONS = (APPLICATION, APPLICATION_REGISTRATION)
_KEY_IDS = ("keyId", "credentialId")
"""What azuread's resources call a credential by: passwords and certificates, federated credentials."""


class UnreadableError(AnswerError):
    """An application's credentials can't be read: the message says why. What it has is unknown then."""


def applications(export: Mapping[str, Any]) -> list[str]:
    """The applications that a stack's state has or makes credentials for, as paths in Graph.

    Raises UnreadableError where it has none.
    """
    found = [one.get("id") for one in _resources(export) if one["type"] in _APPLICATIONS]
    found += [(one.get("outputs") or {}).get("applicationId") for one in _resources(export)]
    paths = dict.fromkeys(f"/applications/{str(id_).rpartition('/')[2]}" for id_ in found if id_)
    if not paths:
        raise UnreadableError("the stack's state has no application")
    return list(paths)


def unknown(found: Iterable[ApplicationCredential], export: Mapping[str, Any]) -> list[ApplicationCredential]:
    """Those that are in no resource of the stack's state, one that waits to be deleted included."""
    known = {str(key).lower() for resource in _resources(export) for key in _keys(resource)}
    return [credential for credential in found if credential.key_id.lower() not in known]


def words(credential: ApplicationCredential) -> str:
    """What it is, harmless to print: kind, name, key id, end, hint; never a value."""
    more = [f"key {credential.key_id}"]
    if credential.kind == "federated credential":
        more = [f"id {credential.key_id}", f"takes tokens of {line(credential.trusts)}"]
    elif credential.ends_at:
        more.append(f"ends {credential.ends_at:%Y-%m-%dT%H:%M:%SZ}")
    else:
        more.append("has no end")
    if credential.hint:
        more.append(f"begins with {line(credential.hint)}")
    of = " of the service principal" if credential.of_principal else ""
    whose = f" of {line(credential.application)}" if credential.application else ""
    return f"{credential.kind} {line(credential.name)}{of}{whose} ({', '.join(more)})"


def still_open(stack: str, left: Sequence[ApplicationCredential], because: str) -> Iterator[Finding]:
    """A finding for each credential that is left, and why it was left where --remove-unknown was given."""
    for credential in left:
        yield Finding(
            words(credential),
            f"the stack doesn't have it, and whoever does signs in as that application{because}",
            "after a leak the application has no credential but those of its stack",
            "ask who made it (Entra's audit log has it: Certificates and secrets management), then: "
            f"airflow-entra rotate --stack {stack} --now --remove-unknown",
            id="rotate/unknown-credential",
        )


def not_to_be_seen(stack: str, reason: str) -> Finding:
    return Finding(
        f"stack {stack}",
        f"what else its application proves itself with is unknown: {line(reason)}",
        "after a leak each credential of the application is looked at: it may still be open",
        "run this again as an owner of the application with Application.ReadWrite.OwnedBy, or with "
        "Application.Read.All; or look at Certificates & secrets in the portal",
        id="rotate/credentials-unreadable",
    )


def _keys(resource: Mapping[str, Any]) -> Iterator[Any]:
    outputs = resource.get("outputs") or {}
    if str(resource["type"]).startswith("azuread:"):
        yield from (outputs[name] for name in _KEY_IDS if outputs.get(name))


def _resources(export: Mapping[str, Any]) -> Collection[Mapping[str, Any]]:
    return (export.get("deployment") or {}).get("resources") or []
