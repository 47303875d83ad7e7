"""From what the tenant says to a stack file and findings. Pure: reads nothing, changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_entra.access import names
from airflow_entra.directory.registered import Registered
from airflow_entra.directory.vaults import LiveVault
from airflow_entra.escape.pulumi_log import said
from airflow_entra.escape.terminal import line, row
from airflow_entra.finding import Finding, worst_first
from airflow_entra.importing.airflows import airflows
from airflow_entra.importing.choices import Choices
from airflow_entra.importing.credential import credential
from airflow_entra.importing.leftovers import leftovers, watched
from airflow_entra.importing.lifetimes import at_least_p1, lifetimes
from airflow_entra.importing.roles import roles
from airflow_entra.settings import limits
from airflow_entra.settings.model import config_key
from airflow_entra.words import form


@dataclass(frozen=True)
class Draft:
    """`config` is what stands below `config:` in the stack file, by its keys; `labels` says whom an id belongs to.

    `certificate` is the text of the PEM file that `config` names, None where it names none.
    """

    config: Mapping[str, Any]
    labels: Mapping[str, str]
    findings: tuple[Finding, ...]
    certificate: str | None = None


def draft(application: Registered, vaults: Sequence[LiveVault], choices: Choices) -> Draft:
    """The stack file that says what the application is today, as far as one can. Raises DraftError."""
    given = roles(application, choices)
    served = airflows(application, choices)
    lived = lifetimes(application, choices.stack)
    proof = credential(application, vaults, choices)
    findings = [*given.findings, *served.findings, *lived.findings, *proof.findings]
    findings += leftovers(application, choices.stack, given.roles_from, proof.entry)
    if choices.existing:
        findings += choices.existing.findings
    licence = choices.licence or ("P1" if at_least_p1(lived, application) else "none")
    if choices.licence is None:
        findings.append(_licence(licence))
    tenant: dict[str, Any] = {"licence": licence}
    manage = lived.manage | ({"assignments": "none"} if licence == "none" else {})
    if manage:
        tenant["manage"] = manage
    if lived.existing:
        tenant["existing"] = lived.existing
    sign_in: dict[str, Any] = {"rolesFrom": given.roles_from}
    if not application.assignment_required:
        sign_in["assignmentRequired"] = False
    sign_in |= lived.sign_in
    if watched(application):
        sign_in["revocation"] = "watch"
    owners = _owners(application, choices)
    if owners != sorted(owner.id.lower() for owner in application.owners):
        findings.append(_more_owners(application, owners))
    config: dict[str, Any] = {config_key("tenant_id"): application.tenant_id}
    if proof.subscription:
        config[config_key("subscription_id")] = proof.subscription
        config[config_key("location")] = proof.location
    config |= {
        "airflow-entra:environment": choices.environment,
        "airflow-entra:tenant": tenant,
        "airflow-entra:airflow": [dict(one) for one in served.entries],
        "airflow-entra:signIn": sign_in,
        "airflow-entra:owners": {"application": owners} | _contacts(application),
        "airflow-entra:credential": proof.entry,
        "airflow-entra:roles": given.entries,
    }
    name = said(row(application.name)).strip()[: limits.APPLICATION_NAME]
    described: dict[str, Any] = {}
    if name and name != names.application_name(choices.stack):
        described["displayName"] = name
    if reference := said(row(application.service_reference)).strip()[: limits.CONTACT]:
        described["serviceManagementReference"] = reference
    if application.beside:
        described["keep"] = list(application.beside)
    if described:
        config["airflow-entra:application"] = described
    labels = {owner.id.lower(): whose for owner in application.owners if (whose := line(owner.name))}
    return Draft(config, labels, tuple(worst_first(findings)), proof.certificate)


def _contacts(application: Registered) -> dict[str, list[str]]:
    contacts = [text for contact in application.contacts if (text := said(row(contact)).strip()[: limits.CONTACT])]
    return {"contacts": contacts[: limits.CONTACTS]} if contacts else {}


def _owners(application: Registered, choices: Choices) -> list[str]:
    deployer = [choices.deployer] if choices.deployer else []
    return sorted({one.lower() for one in (*(owner.id for owner in application.owners), *choices.owners, *deployer)})


def _more_owners(application: Registered, owners: Sequence[str]) -> Finding:
    new = sorted(set(owners) - {owner.id.lower() for owner in application.owners})
    return Finding(
        f"application {line(application.name)}",
        f"{', '.join(new)} {form(len(new), 'becomes owner', 'become owners')} with the next `pulumi up`",
        "who deploys is among the owners, else it could not change the application any more; two or more answer",
        "leave it so, or import with the identity that will deploy",
        severity="note",
        id="import/new-owners",
    )


def _licence(licence: str) -> Finding:
    return Finding(
        "tenant.licence",
        f"{licence} is a guess, from what the tenant does already"
        + (": without P1 no group can be assigned, so people keep their roles themselves" if licence == "none" else ""),
        "the licence that the tenant has: none, P1 or P2",
        "correct it in the stack file, or say it: --licence P2",
        severity="warning" if licence == "none" else "note",
        id="import/licence-guessed",
    )
