"""The values of a stack file: each type reads what people write, refuses what Entra or Azure would, and says why."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Annotated

from airflow_entra.settings import durations, limits, urls
from airflow_entra.settings.forms import Form, Span, quote
from airflow_entra.settings.issuers import GITHUB_ISSUER
from airflow_entra.settings.mistakes import wrong
from airflow_entra_auth.azure import VAULT_ZONE
from airflow_entra_auth.releases import TESTED, refusal

_HEX = "[0-9a-fA-F]"
_ID = f"{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}"
_RESOURCE_GROUP = r"[A-Za-z0-9._()-]{0,89}[A-Za-z0-9_()-]"
ELSEWHERE = "elsewhere"
"""In place of a zone: somebody else keeps the record."""
EXAMPLE_SUBSCRIPTION = "1b2d6c1e-3c7f-4a55-8a4d-0d6b5a3b2c02"
_VAULT = r"[A-Za-z](?:-?[A-Za-z0-9]){2,23}"


def _no_blanks_around(text: str) -> str:
    if text != text.strip():
        raise wrong(f"{quote(text)} starts or ends with a blank", right="the name alone", fix="delete the blanks")
    return text


def _real_id(text: str) -> str:
    if uuid.UUID(text).int == 0:
        raise wrong(
            "an id of zeros names no object",
            right="the object id of something that exists",
            fix="copy the id from the object's page in the Entra admin centre",
        )
    return text.lower()


def _vault_length(text: str) -> str:
    if len(text) > 24:
        raise wrong(f"{quote(text)} has {len(text)} characters", right=_VAULT_RULE, fix="shorten the name")
    return text


def _balanced(rule: str) -> str:
    """A first look at a dynamic membership rule; Entra parses it for good."""
    quotes = rule.count('"') % 2 or (rule.count("'") % 2 and '"' not in rule)
    if quotes or rule.count("(") != rule.count(")"):
        raise wrong(
            f"the rule {quote(rule)} has a quote or bracket without its partner",
            right="quotes and brackets come in pairs",
            fix="complete the rule, and put it in single quotes in the file",
        )
    if "device." in rule:
        raise wrong(
            "the rule asks about devices", right="a rule for people's roles asks about user.", fix="write user. instead"
        )
    if "user." not in rule:
        raise wrong(
            f"the rule {quote(rule)} asks nothing about users",
            right="""a rule compares properties of users, such as user.department -eq "Data\"""",
            fix="name the property with user. before it",
        )
    return rule


_ZONES = "/subscriptions/<id>/resourceGroups/<name>/providers/Microsoft.Network/privateDnsZones"
_VAULT_RULE = "3 to 24 letters, digits and single hyphens, a letter first, no hyphen last"

ObjectId = Annotated[
    str,
    Form(
        noun="an object id",
        rule="32 hexadecimal digits written as 8-4-4-4-12",
        fix="copy the id from the object's page in the Entra admin centre, not its name",
        example="7a0c8f5e-5f0e-4a63-9c29-4d4a5a0a6f01",
        pattern=_ID,
        check=_real_id,
    ),
]
Url = Annotated[
    str,
    Form(
        noun="a base URL",
        rule="https://HOST[:PORT][/PREFIX] without wildcard, query or fragment; http only for localhost",
        fix="write the address that people type to reach this Airflow",
        example="https://airflow.contoso.com",
        source=limits.REDIRECT_URIS,
        check=urls.base_url,
    ),
]
IssuerUrl = Annotated[
    str,
    Form(
        noun="an issuer",
        rule=f"an https URL of at most {limits.SUBJECT} characters, exactly as the token's iss claim has it",
        fix="copy it from the platform's OpenID configuration, a trailing slash included",
        example=GITHUB_ISSUER,
        source=limits.FEDERATION,
        check=urls.issuer,
    ),
]
Subject = Annotated[
    str,
    Form(
        noun="a subject",
        rule=f"1 to {limits.SUBJECT} characters without *, no blank first or last, as the token's sub claim has it",
        fix="name the one workload that signs in: Entra compares exactly and knows no wildcard",
        example="system:serviceaccount:airflow:airflow-api-server",
        source=limits.FEDERATION,
        # An environment of GitHub's and a project of Azure DevOps's may have a blank in its name.
        pattern=rf"[^*\s](?:[^*\x00-\x1f\x7f]{{0,{limits.SUBJECT - 2}}}[^*\s])?",
    ),
]
TrustName = Annotated[
    str,
    Form(
        noun="a workload's name",
        rule="1 to 60 lower-case letters, digits and hyphens, a letter or digit first",
        fix="write the cluster's or the region's name",
        example="westeurope",
        source=limits.FEDERATION,
        pattern=r"[a-z0-9][a-z0-9-]{0,59}",
    ),
]
GroupName = Annotated[
    str,
    Form(
        noun="a group name",
        rule=f"1 to {limits.GROUP_NAME} characters",
        fix="shorten the name, keep the start that sorts it",
        example="airflow-prod-admins",
        source=limits.GROUP,
        pattern=rf"[^\x00-\x1f]{{1,{limits.GROUP_NAME}}}",
        check=_no_blanks_around,
    ),
]
ApplicationName = Annotated[
    str,
    Form(
        noun="an application name",
        rule=f"1 to {limits.APPLICATION_NAME} characters",
        fix="shorten the name",
        example="Airflow (prod)",
        source=limits.APPLICATION,
        pattern=rf"[^\x00-\x1f]{{1,{limits.APPLICATION_NAME}}}",
        check=_no_blanks_around,
    ),
]
MailNickname = Annotated[
    str,
    Form(
        noun="a mailNickname",
        rule=f"1 to {limits.MAIL_NICKNAME} ASCII letters, digits and any of . _ - ! # $ % & * + / = ? ^ {{ | }} ~",
        fix="copy it from the group: GET /groups/<object id>?$select=mailNickname",
        example="airflow-admins",
        source=limits.GROUP,
        pattern=rf"[A-Za-z0-9._!#$%&*+/=?^{{|}}~-]{{1,{limits.MAIL_NICKNAME}}}",
    ),
]
Description = Annotated[
    str,
    Form(
        noun="a description",
        rule=f"1 to {limits.DESCRIPTION} characters",
        fix="shorten it, or leave the key out",
        example="May do everything in Airflow",
        pattern=rf"[\s\S]{{1,{limits.DESCRIPTION}}}",
    ),
]
Contact = Annotated[
    str,
    Form(
        noun="a contact",
        rule=f"one line of 1 to {limits.CONTACT} characters",
        fix="write an e-mail address or a channel that people can reach without Airflow",
        example="data-platform@contoso.com",
        pattern=rf"[^\x00-\x1f\x7f\x85\u2028\u2029]{{1,{limits.CONTACT}}}",
        check=_no_blanks_around,
    ),
]
ServiceReference = Annotated[
    str,
    Form(
        noun="a service reference",
        rule=f"one line of 1 to {limits.CONTACT} characters",
        fix="copy the entry's number or address from the service catalogue",
        example="SVC-0042",
        source=limits.APPLICATION,
        pattern=rf"[^\x00-\x1f\x7f\x85\u2028\u2029]{{1,{limits.CONTACT}}}",
        check=_no_blanks_around,
    ),
]
MembershipRule = Annotated[
    str,
    Form(
        noun="a dynamic membership rule",
        rule=f"1 to {limits.DYNAMIC_RULE} characters that compare properties of users",
        fix="shorten the rule; attributes of people often say it in one comparison",
        example='user.department -eq "Data"',
        source=limits.DYNAMIC_GROUPS,
        pattern=rf"[\s\S]{{1,{limits.DYNAMIC_RULE}}}",
        check=_balanced,
    ),
]
RoleName = Annotated[
    str,
    Form(
        noun="a role name",
        rule=f"a letter, then at most {limits.ROLE_NAME - 1} letters, digits, dots, hyphens and underscores: no blanks",
        fix="rename the role; with `was` it keeps its app role",
        example="Viewer",
        source=limits.APPLICATION,
        pattern=rf"[A-Za-z][A-Za-z0-9._-]{{0,{limits.ROLE_NAME - 1}}}",
    ),
]
DagPattern = Annotated[
    str,
    Form(
        noun="a DAG id or pattern",
        rule=f"1 to {limits.DAG_PATTERN} letters, digits, dots, hyphens, underscores and the wildcards * ? [ ]",
        fix='write the id of one DAG, or a pattern in quotes such as "finance_*"',
        example="finance_*",
        source=limits.AIRFLOW_DAG,
        pattern=rf"[\w.*?\[\]!-]{{1,{limits.DAG_PATTERN}}}",
    ),
]
VaultName = Annotated[
    str,
    Form(
        noun="a vault name",
        rule=_VAULT_RULE,
        fix="choose a name such as kv-airflow-prod, unique in all of Azure",
        example="kv-airflow-prod",
        source=limits.AZURE_NAMES,
        pattern=_VAULT,
        check=_vault_length,
    ),
]
VaultId = Annotated[
    str,
    Form(
        noun="a vault's resource id",
        rule="/subscriptions/<id>/resourceGroups/<name>/providers/Microsoft.KeyVault/vaults/<name>",
        fix="copy the Resource ID from the vault's Properties page",
        example=f"/subscriptions/{EXAMPLE_SUBSCRIPTION}/resourceGroups/rg-airflow"
        "/providers/Microsoft.KeyVault/vaults/kv-airflow",
        pattern=rf"/subscriptions/{_ID}/resource[Gg]roups/{_RESOURCE_GROUP}/providers/Microsoft\.KeyVault/vaults/{_VAULT}",
    ),
]
SubnetId = Annotated[
    str,
    Form(
        noun="a subnet's resource id",
        rule="/subscriptions/<id>/resourceGroups/<name>/providers/Microsoft.Network/virtualNetworks/<name>/subnets/<name>",
        fix="copy the Resource ID from the subnet's page",
        example=f"/subscriptions/{EXAMPLE_SUBSCRIPTION}/resourceGroups/rg-net"
        "/providers/Microsoft.Network/virtualNetworks/vnet/subnets/endpoints",
        pattern=rf"/subscriptions/{_ID}/resource[Gg]roups/{_RESOURCE_GROUP}"
        r"/providers/Microsoft\.Network/virtualNetworks/[\w.-]{2,64}/subnets/[\w.-]{1,80}",
    ),
]
PrivateDnsZone = Annotated[
    str,
    Form(
        noun="the zone of a key vault's private endpoint",
        rule=f"{_ZONES}/{VAULT_ZONE}, or {ELSEWHERE}",
        fix="copy the Resource ID from the zone's page; elsewhere, where a policy or another team keeps the record",
        example=ELSEWHERE,
        source=limits.PRIVATE_ENDPOINTS,
        pattern=rf"{ELSEWHERE}|/subscriptions/{_ID}/resource[Gg]roups/{_RESOURCE_GROUP}"
        rf"/providers/Microsoft\.Network/privateDnsZones/{re.escape(VAULT_ZONE)}",
    ),
]
ResourceGroup = Annotated[
    str,
    Form(
        noun="a resource group name",
        rule="1 to 90 letters, digits, underscores, hyphens, brackets and dots, no dot last",
        fix="write the group's name, not its resource id",
        example="rg-airflow-prod",
        source=limits.AZURE_NAMES,
        pattern=_RESOURCE_GROUP,
    ),
]
AzureTag = Annotated[
    str,
    Form(
        noun="a tag's name",
        rule="1 to 512 characters, none of < > % & \\ ? /",
        fix="write the name as the policy that asks for it has it",
        example="costCenter",
        source=limits.AZURE_TAGS,
        pattern=r"[^<>%&\\?/\x00-\x1f]{1,512}",
    ),
]
AzureTagValue = Annotated[
    str,
    Form(
        noun="a tag's value",
        rule="at most 256 characters",
        fix="shorten it",
        example="data-platform",
        source=limits.AZURE_TAGS,
        pattern=r"[^\x00-\x1f]{0,256}",
    ),
]
SecretName = Annotated[
    str,
    Form(
        noun="a name of a vault's secret",
        rule=f"1 to {limits.VAULT_SECRET_NAME} letters, digits and hyphens",
        fix="write hyphens for dots and underscores",
        example="airflow-oauth-client-secret",
        source=limits.AZURE_NAMES,
        pattern=rf"[0-9A-Za-z-]{{1,{limits.VAULT_SECRET_NAME}}}",
    ),
]
Location = Annotated[
    str,
    Form(
        noun="an Azure location",
        rule="the location's short name: lower-case letters and digits",
        fix="write westeurope for West Europe; `az account list-locations` lists the names",
        example="westeurope",
        pattern=r"[a-z][a-z0-9]{2,39}",
    ),
]
AirflowVersion = Annotated[
    str,
    Form(
        noun="an Airflow version that is tested",
        rule=f"{' or '.join(TESTED)}, with or without a patch number",
        fix='bring Airflow to one of them, and write it in quotes, such as "3.3"',
        example="3.3",
        pattern=rf"(?:{'|'.join(map(re.escape, TESTED))})(?:\.\d{{1,3}})?",
        why=lambda text: refusal(text) if re.fullmatch(r"\d+(?:\.\w+)+", text) else None,
    ),
]
CertificateFile = Annotated[
    str,
    Form(
        noun="a path",
        rule="the path of a PEM file with the public certificate, relative to the stack file",
        fix="write the path, such as airflow-prod.pem",
        example="airflow-prod.pem",
        pattern=r"[^\x00-\x1f]{1,1024}",
    ),
]


def _entra_frequency(duration: timedelta) -> timedelta:
    hours, days = timedelta(hours=1), timedelta(days=1)
    if duration % hours or (duration > limits.SIGN_IN_FREQUENCY_HOURS * hours and duration % days):
        raise wrong(
            f"{durations.format(duration)} is neither whole hours below a day nor whole days",
            right=_FREQUENCY_RULE,
            fix="round it down",
        )
    return duration


def _whole_minutes(duration: timedelta) -> timedelta:
    if duration % timedelta(minutes=1):
        raise wrong("Airflow counts its session in minutes", right=_SESSION_RULE, fix="drop the seconds")
    return duration


_FREQUENCY_RULE = (
    f"1h to {limits.SIGN_IN_FREQUENCY_HOURS}h in whole hours, or 1d to {limits.SIGN_IN_FREQUENCY_DAYS}d in whole days"
)
_SESSION_RULE = "1m to 30d in whole minutes"

TokenLifetime = Annotated[
    timedelta,
    Span(
        least=limits.TOKEN_LIFETIME[0],
        most=limits.TOKEN_LIFETIME[1],
        rule="Entra allows 10m to 23:59:59",
        fix="write 8h for a working day; 23:59:59 is the longest that there is",
        source=limits.TOKEN_LIFETIMES,
    ),
]
SignInFrequency = Annotated[
    timedelta,
    Span(
        least=timedelta(hours=1),
        most=timedelta(days=limits.SIGN_IN_FREQUENCY_DAYS),
        rule=f"Entra allows {_FREQUENCY_RULE}",
        fix="write 8h for once a working day",
        source=limits.SIGN_IN_FREQUENCIES,
        check=_entra_frequency,
    ),
]
AirflowSession = Annotated[
    timedelta,
    Span(
        least=limits.AIRFLOW_SESSION[0],
        most=limits.AIRFLOW_SESSION[1],
        rule=_SESSION_RULE,
        fix="write 8h for a working day: Airflow's own default of 30d is the longest",
        source=limits.AIRFLOW_FAB,
        check=_whole_minutes,
    ),
]
DagRunLength = Annotated[
    timedelta,
    Span(
        least=limits.LONGEST_DAG_RUN[0],
        most=limits.LONGEST_DAG_RUN[1],
        rule="1s to 365d",
        fix="write how long the longest run that people watch takes",
        example="12h",
    ),
]
RotateEvery = Annotated[
    timedelta,
    Span(
        least=limits.ROTATE_EVERY[0],
        most=limits.ROTATE_EVERY[1],
        rule="1d to 179d, and with overlap at most 180d",
        fix="write 90d",
        example="90d",
    ),
]
Overlap = Annotated[
    timedelta,
    Span(
        least=limits.OVERLAP[0],
        most=limits.OVERLAP[1],
        rule="1h to 90d, and shorter than rotateEvery",
        fix="write 7d: the time in which the old secret still works",
        example="7d",
    ),
]
