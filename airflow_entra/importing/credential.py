"""What Airflow proves itself with: the vault that keeps its secret, a certificate, or a platform's token."""

from __future__ import annotations

import base64
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from airflow_entra.access import names
from airflow_entra.access.azure_roles import SECRETS_OFFICER, SECRETS_USER
from airflow_entra.directory.registered import BY_A_RULE, Registered, Secret, Trust
from airflow_entra.directory.vaults import KeptSecret, LiveVault
from airflow_entra.escape.terminal import line
from airflow_entra.finding import Finding
from airflow_entra.importing.choices import Choices, DraftError
from airflow_entra.words import many

_SECRET_NAME = "airflow-oauth-client-secret"  # noqa: S105 -- the stack file's default name


@dataclass
class Credential:
    """`entry` is the stack file's; `certificate` the text of the PEM file that it names, to be written beside it."""

    entry: dict[str, Any]
    subscription: str | None = None
    location: str | None = None
    certificate: str | None = None
    findings: list[Finding] = field(default_factory=list)


def credential(application: Registered, vaults: Sequence[LiveVault], choices: Choices) -> Credential:
    """Raises DraftError where there is neither a vault nor a subscription to put one into."""
    if not application.secrets and choices.vault is None:
        if workloads := _workloads(application.trusts):
            return Credential({"mode": "federated", "federated": workloads if len(workloads) > 1 else workloads[0]})
        pem = _pem(application)
        if pem and not application.trusts:
            return Credential({"mode": "certificate", "file": f"{choices.stack}.pem"}, certificate=pem)
    found = _vault_secret(application, vaults, choices)
    found.findings += secrets_that_stay(application, application.secrets)
    return found


def _workloads(trusts: Sequence[Trust]) -> list[dict[str, str]]:
    """The workloads that sign in as Airflow, exactly one each; the first one's credential needs no name."""
    found: list[dict[str, str]] = []
    for trust in trusts:
        if trust.subject != BY_A_RULE:
            name = re.sub(r"[^a-z0-9]+", "-", trust.name.lower().removeprefix("airflow-"))[:50].strip("-") or "workload"
            if any(entry.get("name") == name for entry in found):
                name = f"{name}-{len(found) + 1}"
            found.append({"issuer": trust.issuer, "subject": trust.subject} | ({"name": name} if found else {}))
    return found


def _pem(application: Registered) -> str | None:
    """The one certificate of the application, in PEM form; its public part is all that Entra has."""
    if len(application.certificates) != 1 or application.certificates[0].der is None:
        return None
    der = application.certificates[0].der
    try:
        if base64.b64decode(der, validate=True)[:1] != b"\x30":
            return None
    except ValueError:
        return None
    return "\n".join(["-----BEGIN CERTIFICATE-----", *textwrap.wrap(der, 64), "-----END CERTIFICATE-----", ""])


def _vault_secret(application: Registered, vaults: Sequence[LiveVault], choices: Choices) -> Credential:
    chosen = _chosen(application, vaults, choices)
    if chosen is None:
        return _new_vault(choices, len(vaults))
    vault, secret = chosen
    entry: dict[str, Any] = {"mode": "vaultSecret", "vault": {}}
    readers = [role for role in vault.roles if role.kind == "user"]
    ours = vault.rbac and _made_by_us(vault)
    if ours:
        entry["vault"] = {"create": vault.name, "resourceGroup": vault.resource_group}
    else:
        entry["vault"] = {"existing": vault.id}
    # Azure allows one assignment of a role to somebody at a place: one of another name can't be made again.
    named = [role.principal for role in readers if role.name == _name(role.scope, role.principal, SECRETS_USER)]
    if named:
        entry["vault"]["readers"] = sorted({principal.lower() for principal in named})
    if secret and secret.name != _SECRET_NAME:
        entry["secretName"] = secret.name
    elif choices.secret_name and choices.secret_name != _SECRET_NAME:
        entry["secretName"] = choices.secret_name
    found = Credential(entry, vault.subscription, vault.location)
    others = sorted({role.principal for role in readers} - set(named))
    if others:
        found.findings.append(_readers(vault, others))
    if not vault.rbac:
        found.findings.append(_access_policies(vault))
    return found


def _chosen(
    application: Registered, vaults: Sequence[LiveVault], choices: Choices
) -> tuple[LiveVault, KeptSecret | None] | None:
    """The vault of the client secret and the secret in it: as the caller says, else where exactly one fits."""
    if choices.vault is not None:
        found = next((one for one in vaults if one.id.lower() == choices.vault.lower()), None)
        if found is None:
            raise DraftError(_no_vault(choices.vault))
        return found, _secret_in(found, application, choices)
    fitting = [(vault, secret) for vault in vaults if (secret := _secret_in(vault, application, choices))]
    return fitting[0] if len(fitting) == 1 else None


def _secret_in(vault: LiveVault, application: Registered, choices: Choices) -> KeptSecret | None:
    wanted = choices.secret_name or _SECRET_NAME
    named = next((secret for secret in vault.secrets if secret.name.lower() == wanted.lower()), None)
    if named or choices.secret_name:
        return named
    ends = {_moment(secret.ends) for secret in application.secrets}
    same_end = [secret for secret in vault.secrets if secret.expires and secret.expires in ends]
    return same_end[0] if len(same_end) == 1 else None


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(re.sub(r"\.\d+", "", text))
    except ValueError:
        return None


def _made_by_us(vault: LiveVault) -> bool:
    """Whether the deployer may write secrets through an assignment that bears the name that this program gives."""
    return any(
        role.kind == "officer" and role.name == _name(vault.id, role.principal, SECRETS_OFFICER) for role in vault.roles
    )


def _name(scope: str, principal: str, role: str) -> str:
    return names.role_assignment_name(scope, principal, role)


def _new_vault(choices: Choices, seen: int) -> Credential:
    if choices.subscription is None:
        raise DraftError(
            Finding(
                "credential",
                "no key vault is known that keeps the client secret",
                "Airflow reads its secret from a vault; in a file or a variable it can't be rotated unnoticed",
                "name the vault (--vault RESOURCE-ID), or the subscription to look for it and to make one in "
                "(--subscription ID)",
                id="import/no-vault-known",
            )
        )
    name = re.sub(r"[^a-z0-9]+", "-", f"kv-airflow-{choices.stack}".lower())[:24].strip("-")
    entry = {"mode": "vaultSecret", "vault": {"create": name, "resourceGroup": f"rg-airflow-{choices.stack}"}}
    looked = f"of {many(seen, 'vault')} that may be read none" if seen else "no vault that may be read"
    found = Credential(entry, choices.subscription, "westeurope")
    found.findings.append(
        Finding(
            "credential",
            f"{looked} keeps the client secret: it is outside of any vault",
            "the secret is in a vault that Airflow reads, so that rotating it needs no restart",
            "correct vault.create, resourceGroup and azure-native:location in the stack file: the next `pulumi up` "
            "makes that vault; or name the one that there is: --vault RESOURCE-ID --secret-name NAME",
            id="import/secret-outside-vault",
        )
    )
    return found


def _no_vault(resource_id: str) -> Finding:
    return Finding(
        f"--vault {line(resource_id)}",
        "there is no such vault, or it may not be read",
        "/subscriptions/<id>/resourceGroups/<name>/providers/Microsoft.KeyVault/vaults/<name>",
        "copy the Resource ID from the vault's Properties page, and give the importing identity Reader on it",
        id="import/no-such-vault",
    )


def _readers(vault: LiveVault, principals: Sequence[str]) -> Finding:
    return Finding(
        f"vault {vault.name}",
        f"role assignments that others made let {', '.join(principals)} read secrets",
        "they stay as they are: Azure allows one such assignment each, so the stack can't make its own",
        "leave them; or delete one in the portal and add the id to vault.readers, and `pulumi up` makes it",
        severity="note",
        id="import/other-readers",
    )


def _access_policies(vault: LiveVault) -> Finding:
    return Finding(
        f"vault {vault.name}",
        "is ruled by access policies",
        "role assignments (RBAC) say who may read one secret, and show up in reviews",
        "the stack writes its secret there all the same; turn RBAC on in the portal, then add vault.readers",
        severity="warning",
        id="import/access-policies",
    )


def secrets_that_stay(application: Registered, secrets: Iterable[Secret], whose: str = "") -> list[Finding]:
    """A finding for each of these secrets of the application: an import leaves them and can't have their values."""
    return [_stays(secret, application, whose) for secret in secrets]


def _stays(secret: Secret, application: Registered, whose: str) -> Finding:
    return Finding(
        f"{whose}client secret {line(secret.name) or 'without a name'} ({secret.key_id})",
        f"its value can't be taken over; it is valid until {line(secret.ends)}",
        "the next `pulumi up` makes two of its own beside it (slot-a, slot-b) and puts one into the vault",
        "once Airflow has the new one (`airflow-entra render`, then a sign-in), remove this one: az ad app "
        f"credential delete --id {application.client_id} --key-id {secret.key_id}",
        severity="warning",
        id="import/secret-not-taken-over",
    )
