"""What Airflow proves itself with: every secret and certificate ends soon enough."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from policies import resource_types as types
from policies.normal import number
from policies.resources import UNKNOWN, Resource, Value
from policies.rules import Finding, Rule, Setting, Settings

_RELATIVE = re.compile(r"^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$")


def _secrets_expire(resources: Sequence[Resource], settings: Settings) -> Iterator[Finding]:
    most = settings["maxDays"]
    if not isinstance(most, int | float):
        return
    for resource in resources:
        if resource.type == types.APPLICATION and resource.get("password") is None:
            continue
        where, lifetime = _lifetime(resource)
        fix = f"Set {where} to at most {most:g} days after the start"
        if lifetime is None:
            yield Finding(resource=resource, problem=f"{where} is missing, so it may live for years", fix=fix)
        elif isinstance(lifetime, str):
            yield Finding(resource=resource, problem=f"{where} is {lifetime!r}, which is not a date", fix=fix)
        elif isinstance(lifetime, timedelta) and lifetime > timedelta(days=most):
            yield Finding(resource=resource, problem=f"{where} allows {lifetime.days} days", fix=fix)


def _lifetime(resource: Resource) -> tuple[str, Value | timedelta]:
    """The property that ends the credential, and how long that lets it live: None unset, the text itself if no date."""
    if resource.type == types.VAULT_SECRET:
        attributes = ("properties", "attributes")
        end, start = resource.get(*attributes, "expires"), resource.get(*attributes, "notBefore")
        return "properties.attributes.expires", _between(_seconds(start), _seconds(end))
    inside = ("password",) if resource.type == types.APPLICATION else ()
    relative = resource.get(*inside, "endDateRelative")
    if relative is not None:
        return ".".join([*inside, "endDateRelative"]), _duration(relative)
    end, start = resource.get(*inside, "endDate"), resource.get(*inside, "startDate")
    return ".".join([*inside, "endDate"]), _between(_date(start), _date(end))


def _between(start: Value | datetime, end: Value | datetime) -> Value | timedelta:
    """From the start, or from now where none is set: a credential that was made earlier has less left, never more."""
    if not isinstance(end, datetime):
        return end
    if start is UNKNOWN:
        return UNKNOWN
    return end - (start if isinstance(start, datetime) else datetime.now(UTC))


def _date(value: Value) -> Value | datetime:
    """RFC 3339, as azuread takes it."""
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _seconds(value: Value) -> Value | datetime:
    """Seconds since 1970, as Key Vault's resource provider takes it."""
    seconds = number(value)
    if seconds is None:
        return value
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return str(value)


def _duration(value: Value) -> Value | timedelta:
    """Go's notation, such as 4320h or 12h30m."""
    if not isinstance(value, str):
        return value
    parts = _RELATIVE.match(value)
    if not parts or not value:
        return value
    hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


SECRETS_EXPIRE = Rule(
    name="secrets-expire",
    title="Secrets expire within 180 days",
    description="Client secrets, certificates and the secrets in Key Vault end within 180 days.",
    scope="resource",
    severity="high",
    level="mandatory",
    reason="A leaked secret is useful until it ends. Without an end date Entra chooses one up to two years away, and a "
    "secret in Key Vault never ends.",
    remedy="Set an end date of at most 180 days (`maxDays`) after the start, and rotate before it. A federated "
    "credential has no secret at all.",
    controls=("CIS Azure 3.0 3.3.3", "SOC 2 CC6.1", "NIST 800-53 IA-5"),
    source="https://learn.microsoft.com/en-us/graph/api/resources/passwordcredentialconfiguration",
    types=(
        types.APPLICATION,
        types.APPLICATION_PASSWORD,
        types.APPLICATION_CERTIFICATE,
        types.VAULT_SECRET,
    ),
    check=_secrets_expire,
    settings=(
        Setting(
            name="maxDays",
            schema={"type": "integer", "minimum": 1, "default": 180, "description": "The longest lifetime, in days."},
        ),
    ),
    violation="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
  airflow-secret:
    type: azuread:ApplicationPassword
    properties:
      applicationId: ${airflow.id}
      startDate: "2030-01-01T00:00:00Z"
      endDate: "2031-01-01T00:00:00Z"
""",
    compliance="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
  airflow-secret:
    type: azuread:ApplicationPassword
    properties:
      applicationId: ${airflow.id}
      startDate: "2030-01-01T00:00:00Z"
      endDate: "2030-04-01T00:00:00Z"
""",
)
