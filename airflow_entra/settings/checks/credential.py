"""What Airflow proves itself to Entra with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow_entra.files import opened
from airflow_entra.finding import At, Finding, Loc
from airflow_entra.settings import durations, limits
from airflow_entra.settings.checks.rule import Rule, at
from airflow_entra.settings.model import (
    Certificate,
    CreatedVault,
    ExistingVault,
    StackSettings,
    VaultSecret,
    config_key,
)
from airflow_entra.settings.types import ELSEWHERE, EXAMPLE_SUBSCRIPTION
from airflow_entra_auth.azure import VAULT_ZONE

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END CERTIFICATE-----")
_CERTIFICATE_BYTES = 64 * 1024


def overlap_fits(settings: StackSettings) -> Iterator[Finding]:
    credential = settings.credential
    if not isinstance(credential, VaultSecret):
        return
    if credential.overlap >= credential.rotate_every:
        yield Finding(
            At(at("credential", "overlap")),
            f"overlap {_say(credential.overlap)} is not shorter than rotateEvery {_say(credential.rotate_every)}",
            "the old secret stops working before the next rotation",
            "write an overlap of a few days, such as 7d",
        )
    elif credential.rotate_every + credential.overlap > limits.SECRET_LIFETIME:
        whole = credential.rotate_every + credential.overlap
        yield Finding(
            At(at("credential", "rotateEvery")),
            f"a secret would live {_say(whole)} (rotateEvery and overlap)",
            f"at most {_say(limits.SECRET_LIFETIME)}",
            f"write rotateEvery: {_say(limits.SECRET_LIFETIME - credential.overlap)} or less",
        )


def vault_has_a_place(settings: StackSettings) -> Iterator[Finding]:
    credential = settings.credential
    if not isinstance(credential, VaultSecret):
        return
    if settings.subscription_id is None:
        yield _needed("subscription_id", "the vault's subscription", EXAMPLE_SUBSCRIPTION)
    elif isinstance(credential.vault, ExistingVault) and _subscription(credential.vault) != settings.subscription_id:
        yield Finding(
            At(at("credential", "vault", "existing"), first=at("subscription_id")),
            "the vault lies in another subscription than azure-native:subscriptionId ({first})",
            "both are the same",
            "write the vault's subscription in azure-native:subscriptionId",
        )
    if isinstance(credential.vault, CreatedVault) and settings.location is None:
        yield _needed("location", "where the vault is created", "westeurope")


def private_endpoint_has_a_record(settings: StackSettings) -> Iterator[Finding]:
    credential = settings.credential
    if not isinstance(credential, VaultSecret) or not isinstance(credential.vault, CreatedVault):
        return
    subnet, zone = credential.vault.private_endpoint_subnet, credential.vault.private_dns_zone
    if subnet and zone is None:
        yield Finding(
            At(at("credential", "vault", "privateEndpointSubnet")),
            "nothing says whose the private endpoint's DNS record is: without one the vault's name leads Airflow to "
            "its public address, which is closed",
            f"privateDnsZone names the zone {VAULT_ZONE}, or says {ELSEWHERE}",
            "add privateDnsZone: the zone's resource id; or elsewhere, where a policy or another team keeps the record",
            severity="warning",
        )
    if zone is not None and not subnet:
        yield Finding(
            At(at("credential", "vault", "privateDnsZone")),
            "privateDnsZone is given, but the vault has no private endpoint",
            "a zone belongs to the endpoint of privateEndpointSubnet",
            "add privateEndpointSubnet, or delete privateDnsZone",
        )


def certificate_files(settings: StackSettings, folder: Path, broken: frozenset[str]) -> Iterator[Finding]:
    """Reads the PEM files that the stack file names; refuses one that holds a private key."""
    if "credential" not in broken and isinstance(settings.credential, Certificate):
        yield from _certificate_file(folder, settings.credential.file, at("credential", "file"))
    if "watcher" not in broken and settings.watcher.certificate is not None:
        yield from _certificate_file(folder, settings.watcher.certificate, at("watcher", "certificate"))


def _certificate_file(folder: Path, name: str, loc: Loc) -> Iterator[Finding]:
    try:
        with opened(folder / name) as file:
            text = file.read(_CERTIFICATE_BYTES).decode("ascii", "replace")
    except OSError as error:
        yield _certificate(loc, f"{name} can't be read: {error.strerror}", "write the path relative to this stack file")
        return
    if "PRIVATE KEY" in text:
        yield _certificate(
            loc,
            f"{name} holds a private key",
            "keep the key where Airflow runs, out of the repository, and name the certificate",
        )
        return
    blocks = _PEM.findall(text)
    if len(blocks) != 1:
        found = f"holds {len(blocks)} certificates" if blocks else "is not a PEM certificate"
        yield _certificate(loc, f"{name} {found}", "convert with `openssl x509 -in FILE -out airflow.pem`")
        return
    try:
        start, end = validity(text)
    except ValueError:
        yield _certificate(loc, f"{name} is damaged", "export the certificate again")
        return
    if end <= datetime.now(UTC):
        yield _lifetime(loc, f"{name} ended on {end:%Y-%m-%d}", "have a new one issued")
    elif end - start > limits.SECRET_LIFETIME:
        shorter = "have one issued that ends sooner; credential.mode: federated needs none"
        yield _lifetime(loc, f"{name} lives {(end - start).days} days, until {end:%Y-%m-%d}", shorter)


def validity(pem: str) -> tuple[datetime, datetime]:
    """When the certificate in PEM text begins and ends. Raises ValueError."""
    from cryptography import x509  # azure-identity's own dependency; only this mode needs it

    certificate = x509.load_pem_x509_certificate(pem.encode())
    return certificate.not_valid_before_utc, certificate.not_valid_after_utc


def _lifetime(loc: Loc, what: str, fix: str) -> Finding:
    right = f"it is valid, and lives at most {_say(limits.SECRET_LIFETIME)}, as the policy pack says too"
    return Finding(At(loc), what, right, fix, id="credential/certificate-lifetime")


def _certificate(loc: Loc, what: str, fix: str) -> Finding:
    right = "one certificate in PEM form, its public part alone"
    return Finding(At(loc), what, right, fix, id="credential/certificate-file")


def _subscription(vault: ExistingVault) -> str:
    return vault.existing.split("/")[2].lower()


def _needed(field: str, what: str, example: str) -> Finding:
    key = config_key(field)
    return Finding(At(("config",)), f"{key} is missing", f"with a key vault it says {what}", f"add {key}: {example}")


def _say(duration: timedelta) -> str:
    return durations.format(duration)


RULES = (
    Rule(("credential",), overlap_fits),
    Rule(("credential", "subscription_id", "location"), vault_has_a_place),
    Rule(("credential",), private_endpoint_has_a_record),
)
