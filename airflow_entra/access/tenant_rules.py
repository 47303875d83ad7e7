"""What the tenant's own policies refuse of a stack. What could not be read is None, and stops nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_entra.access.needed import has_part
from airflow_entra.finding import At, Finding, Severity
from airflow_entra.settings import durations
from airflow_entra.settings.checks.rule import at
from airflow_entra.settings.model import Certificate, StackSettings, VaultSecret

_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?")
"""ISO 8601 without years and months: how long those are depends."""
_SOMEBODY = "somebody with Policy.ReadWrite.ApplicationConfiguration, or the role Cloud Application Administrator"


@dataclass(frozen=True, slots=True)
class TenantSays:
    """Policies as Graph has them; None where one isn't known."""

    app_management: Mapping[str, Any] | None = None
    """/policies/defaultAppManagementPolicy"""
    security_defaults: Mapping[str, Any] | None = None
    """/policies/identitySecurityDefaultsEnforcementPolicy"""
    lifetime_policies: Mapping[str, Any] | None = None
    """/policies/tokenLifetimePolicies, a list"""
    authorization: Mapping[str, Any] | None = None
    """/policies/authorizationPolicy"""
    made: datetime | None = None
    """When the application was made, where it is there already."""


def refusals(
    stack: StackSettings, says: TenantSays, now: datetime, certificate: timedelta | None, *, ordinary: bool = False
) -> Iterator[Finding]:
    """An error where the tenant would refuse a part; a warning where it would do so later, or do something else.

    `certificate`: how long the stack's certificate lives, where it has one. `ordinary`: a person without any role in
    the directory deploys.
    """
    yield from _credentials(stack, says, now, certificate)
    yield from _people(stack, says)
    if ordinary:
        yield from _ordinary(stack, says)
    sign_in, managed = stack.sign_in, stack.tenant.manage.conditional_access == "managed"
    if managed and has_part(stack, "conditional_access") and (says.security_defaults or {}).get("isEnabled"):
        yield Finding(
            At(at("sign_in", "signInFrequency")),
            "the tenant has security defaults on, and with them no Conditional Access policy can be enabled",
            "security defaults, or policies of one's own",
            "have a Conditional Access Administrator turn security defaults off and put policies in their place, or "
            "write tokenLifetime in place of signInFrequency",
            id="needs/security-defaults",
        )
    defaults = (
        one["displayName"]
        for one in (says.lifetime_policies or {}).get("value", ())
        if one.get("isOrganizationDefault")
    )
    wins = next(defaults, "")
    if wins and sign_in.token_lifetime is not None:
        yield Finding(
            At(at("sign_in", "tokenLifetime")),
            f"signIn.tokenLifetime is set, but the tenant's default token lifetime policy {wins!r} wins over it",
            "an application's own policy counts where no policy is the organisation's default",
            "have an administrator take its isOrganizationDefault away, or delete tokenLifetime",
            severity="warning",
            id="needs/default-token-lifetime",
        )


def _credentials(
    stack: StackSettings, says: TenantSays, now: datetime, certificate: timedelta | None
) -> Iterator[Finding]:
    policy = says.app_management or {}
    if not policy.get("isEnabled"):
        return
    restrictions = policy.get("applicationRestrictions") or {}
    made = says.made or now
    severity: Severity = "warning" if says.made else "error"
    later = ", so that the next rotation is refused" if says.made else ""
    if isinstance(stack.credential, VaultSecret):
        held = _in_force(restrictions.get("passwordCredentials"), made)
        lifetime = stack.credential.rotate_every + stack.credential.overlap
        most = _duration(held.get("passwordLifetime"))
        if "passwordAddition" in held:
            yield Finding(
                At(at("credential", "mode")),
                f"the tenant's app management policy allows no client secrets{later}",
                "credential.mode: federated, which needs none, or certificate",
                f"write one of them; or have the application exempted (appManagementPolicies) by {_SOMEBODY}",
                severity=severity,
                id="needs/no-secrets-allowed",
            )
        elif most is not None and lifetime > most:
            shorter = most - stack.credential.overlap
            yield Finding(
                At(at("credential", "rotateEvery")),
                f"a secret would live {durations.format(lifetime)} (rotateEvery and overlap), and the tenant's app "
                f"management policy allows {durations.format(most)}{later}",
                f"at most {durations.format(most)}",
                f"write rotateEvery: {durations.format(shorter)} or less"
                if shorter >= timedelta(days=1)
                else "write a shorter rotateEvery and overlap",
                severity=severity,
                id="needs/secret-lifetime",
            )
    if isinstance(stack.credential, Certificate) and certificate is not None:
        most = _duration(_in_force(restrictions.get("keyCredentials"), made).get("asymmetricKeyLifetime"))
        if most is not None and certificate > most:
            yield Finding(
                At(at("credential", "file")),
                f"the certificate lives {durations.format(certificate)}, and the tenant's app management policy allows "
                f"{durations.format(most)}{later}",
                f"at most {durations.format(most)}",
                "have a certificate issued that ends sooner",
                severity=severity,
                id="needs/certificate-lifetime",
            )


def _people(stack: StackSettings, says: TenantSays) -> Iterator[Finding]:
    """Who may consent, where nobody consents for everybody and people come without being assigned."""
    if says.authorization is None or stack.tenant.manage.consent != "none" or stack.sign_in.assignment_required:
        return
    granted = (says.authorization.get("defaultUserRolePermissions") or {}).get("permissionGrantPoliciesAssigned")
    if granted is not None and not any("self" in str(one).lower() for one in granted):
        yield Finding(
            At(at("tenant", "manage", "consent")),
            "manage.consent is none, and the tenant's authorization policy lets no person consent: nobody can sign in",
            "an administrator consents for everybody",
            "write tenant.manage.consent: managed or request",
            severity="warning",
            id="needs/nobody-may-consent",
        )


def _ordinary(stack: StackSettings, says: TenantSays) -> Iterator[Finding]:
    """What the tenant leaves to people who administer it."""
    may = (says.authorization or {}).get("defaultUserRolePermissions") or {}
    makes_groups = stack.tenant.manage.groups == "managed" and has_part(stack, "groups")
    for key, what, wanted, part in (
        ("allowedToCreateApps", "register applications", True, "application"),
        ("allowedToCreateSecurityGroups", "make security groups", makes_groups, "groups"),
    ):
        if wanted and may.get(key) is False:
            role = "Application Developer" if part == "application" else "Groups Administrator"
            yield Finding(
                At(at("tenant")) if part == "application" else At(at("tenant", "manage", "groups")),
                f"the tenant's authorization policy lets only administrators {what}, and whoever deploys has no role",
                f"the role {role}, or an application deploys that has the permission",
                "have the role given, or deploy as an application"
                + ("; or write tenant.manage.groups: request" if part == "groups" else ""),
                id="needs/ordinary-person",
            )


def _in_force(restrictions: Any, made: datetime) -> dict[str, Mapping[str, Any]]:
    """By type, those that count for an application made at that time; one with exceptions isn't known to count."""
    found = {}
    for one in restrictions or ():
        since = one.get("restrictForAppsCreatedAfterDateTime")
        counts = since is None or _moment(since) <= made
        if counts and one.get("state", "enabled") == "enabled" and not one.get("excludeActors"):
            found[str(one.get("restrictionType"))] = one
    return found


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _duration(restriction: Mapping[str, Any] | None) -> timedelta | None:
    match = _DURATION.fullmatch(str((restriction or {}).get("maxLifetime") or ""))
    if match is None:
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
