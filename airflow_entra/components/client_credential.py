"""How Airflow proves to Entra that it is Airflow: a secret in a vault, a certificate, or nothing to keep at all."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pulumi
import pulumi_azuread as azuread

from airflow_entra.access import names
from airflow_entra.access.secret_slots import SLOTS, current
from airflow_entra.components.part import Part
from airflow_entra.settings.model import Certificate, Credential, Federated, VaultSecret

_AUDIENCE = "api://AzureADTokenExchange"  # the only audience that Entra accepts for a federated credential


class ClientCredential(Part):
    """`facts` are what may be shown. In mode vaultSecret `secret` is the current slot's value, a Pulumi secret.

    `whose` goes before each resource's name: the sign-on's have had theirs from the start, the watcher's say it.

    Two slots, both made at once. Each one's end is set when it is made and ignored afterwards, so time passing never
    makes a diff; the current slot is the one that ends later. `pulumi up --replace` of the other slot rotates.
    """

    facts: dict[str, Any]
    client_id: pulumi.Output[str]
    secret: pulumi.Output[str] | None = None
    expires: pulumi.Output[str] | None = None

    def __init__(
        self,
        credential: Credential,
        application: azuread.Application,
        folder: Path,
        now: datetime,
        parent: pulumi.Resource,
        whose: str = "",
    ) -> None:
        super().__init__(f"{whose}client-credential", parent)
        self._whose = whose
        self.client_id = application.client_id
        if isinstance(credential, VaultSecret):
            self._slots(credential, application, now)
        elif isinstance(credential, Certificate):
            self._certificate(credential, application, folder)
        else:
            self._federated(credential, application)
        self.register_outputs({})

    def _slots(self, credential: VaultSecret, application: azuread.Application, now: datetime) -> None:
        end = now + credential.rotate_every + credential.overlap
        # The second slot of a new pair ends a second earlier: there must be one current slot from the start, and
        # whichever is made later, however soon, must become it.
        ends = (end, end - timedelta(seconds=1))
        first, second = (
            azuread.ApplicationPassword(
                f"{self._whose}{slot}",
                application_id=application.id,
                display_name=slot,
                end_date=rfc3339(slot_end),
                opts=self.child(ignore_changes=["endDate"]),
            )
            for slot, slot_end in zip(SLOTS, ends, strict=True)
        )
        dates = pulumi.Output.all(first.end_date, second.end_date)
        slot = dates.apply(lambda both: SLOTS[current(*both)])
        self.secret = pulumi.Output.all(slot, first.value, second.value).apply(lambda it: it[1 + SLOTS.index(it[0])])
        self.expires = dates.apply(lambda both: both[current(*both)])
        self.facts = {"mode": "vaultSecret", "expires": self.expires, "slot": slot}

    def _certificate(self, credential: Certificate, application: azuread.Application, folder: Path) -> None:
        file = folder / credential.file
        try:
            pem = file.read_text("utf-8")
            thumbprint, start, end = certificate_facts(pem)
        except (OSError, ValueError):
            raise pulumi.RunError(f"{file}: no PEM certificate can be read there; credential.file names it") from None
        azuread.ApplicationCertificate(
            f"{self._whose}certificate",
            application_id=application.id,
            type="AsymmetricX509Cert",
            encoding="pem",
            value=pem,
            start_date=start,
            end_date=end,
            opts=self.child(),
        )
        self.facts = {"mode": "certificate", "thumbprint": thumbprint, "expires": end}

    def _federated(self, credential: Federated, application: azuread.Application) -> None:
        for trust in credential.trusts:
            azuread.ApplicationFederatedIdentityCredential(
                f"{self._whose}{names.federated(trust.name)}",
                application_id=application.id,
                display_name=f"{self._whose}airflow" + (f"-{trust.name}" if trust.name else ""),
                description="Airflow signs in with a token of its own platform: there is no secret",
                audiences=[_AUDIENCE],
                issuer=trust.issuer,
                subject=trust.subject,
                # One that was there before this stack keeps its name: Entra takes no second one for its workload.
                opts=self.child(ignore_changes=["displayName"]),
            )
        said = [{"issuer": trust.issuer, "subject": trust.subject} for trust in credential.trusts]
        self.facts = {"mode": "federated", **(said[0] if len(said) == 1 else {"trusts": said})}


def rfc3339(moment: datetime) -> str:
    """The moment (UTC) to the second, in the one form that comes back from Graph unchanged."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def certificate_facts(pem: str) -> tuple[str, str, str]:
    """(SHA-1 thumbprint in upper-case hex as Entra shows it, not before, not after) of a PEM certificate."""
    from cryptography import x509  # azure-identity's own dependency; only this mode needs it
    from cryptography.hazmat.primitives import hashes

    certificate = x509.load_pem_x509_certificate(pem.encode())
    thumbprint = certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 -- Entra's name for it, no proof
    return thumbprint, rfc3339(certificate.not_valid_before_utc), rfc3339(certificate.not_valid_after_utc)
