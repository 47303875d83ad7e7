"""Which types of resources a sign-on stack may hold: those that the policies read, and what a reviewer listed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from policies import resource_types as types
from policies.resources import UNKNOWN, Resource, Value, short_type
from policies.rules import Excepted, Finding, Rule, Setting, Settings

_PROVIDER = re.compile(r"pulumi:providers:(azuread|azure-native(_\w+)?|pulumi-python|pulumi)")
_DYNAMIC: Mapping[str, frozenset[str]] = {
    "pulumi-python:dynamic/entra:TokenLifetimePolicy": frozenset(
        {"tenantId", "displayName", "lifetime", "existing", "organizationDefault"}
    ),
    "pulumi-python:dynamic/entra:TokenLifetimeAssignment": frozenset({"tenantId", "application", "policy"}),
}
"""What azuread has no resource for: a token lifetime policy and its assignment, with the properties that each has.

A dynamic resource carries the code that makes it, and the engine shows no policy a property whose name begins with
`__`. What that code could do the program could do itself.
"""


def _foreign(resources: Sequence[Resource], settings: Settings) -> Iterator[Finding | Excepted]:
    reasons = _reasons(settings.get("allowed"))
    for resource in resources:
        if not resource.custom or _is_known(resource) or _provides(resource.type, reasons):
            continue
        if reason := reasons.get(resource.type):
            yield Excepted(resource=resource, reason=f"{resource.name} is a {resource.type}: {reason}")
        else:
            yield Finding(
                resource=resource,
                problem=f"no policy reads the type {resource.type}, so nothing says what {resource.name} can do",
                fix=_INSTEAD.get(resource.type, _LISTED),
            )


def _is_known(resource: Resource) -> bool:
    own = _DYNAMIC.get(resource.type)
    if own is not None:
        return own.issuperset(resource.props) and all(_is_plain(value) for value in resource.props.values())
    return resource.type in types.KNOWN or _PROVIDER.fullmatch(resource.type) is not None


def _provides(type_: str, listed: Collection[str]) -> bool:
    """Whether it is the provider of a type that is listed."""
    package = type_.removeprefix("pulumi:providers:")
    return package != type_ and any(other.startswith(f"{package}:") for other in listed)


def _is_plain(value: Value) -> bool:
    return value is None or value is UNKNOWN or isinstance(value, str)


def _reasons(allowed: Value) -> dict[str, str]:
    listed = allowed.items() if isinstance(allowed, Mapping) else ()
    return {short_type(type_): text for type_, text in listed if isinstance(text, str) and text.strip()}


_LISTED = (
    "Declare it in another stack, or list the type under `allowed` with the reason, once somebody has read what it does"
)
_IN_APPLICATION = "Declare it inside the azuread:Application, where the policies see all of it"
_INSTEAD: Mapping[str, str] = {
    **{
        f"{types.APPLICATION}{part}": _IN_APPLICATION
        for part in (
            "ApiAccess",
            "AppRole",
            "FallbackPublicClient",
            "FromTemplate",
            "IdentifierUri",
            "KnownClients",
            "OptionalClaims",
            "Owner",
            "PermissionScope",
            "PreAuthorized",
            "RedirectUris",
            "Registration",
        )
    },
    "azuread:ApplicationFlexibleFederatedIdentityCredential": "Declare one "
    "azuread:ApplicationFederatedIdentityCredential for each subject",
    "azuread:ServicePrincipalPassword": "Declare an azuread:ApplicationPassword",
    "azuread:ServicePrincipalCertificate": "Declare an azuread:ApplicationCertificate",
}

KNOWN_TYPES_ONLY = Rule(
    name="known-types-only",
    title="Known types of resources only",
    description="A sign-on stack holds only resources whose type the policies read.",
    scope="resource",
    severity="critical",
    level="mandatory",
    reason="What the policies refuse can be written with a resource that none of them reads: a command, a template "
    "deployment, the classic provider, a dynamic resource, a part of an application on its own. Nobody can list them "
    "all; what a sign-on needs can be listed.",
    remedy="Write it with a type that the policies read, or declare it in another stack. Where it belongs here, list "
    "its type under `allowed` with the reason: from then on the policies say nothing about such resources.",
    controls=("SOC 2 CC6.1", "SOC 2 CC8.1", "NIST 800-53 CM-7", "NIST 800-53 AC-6"),
    source="https://www.pulumi.com/docs/insights/policy/",
    types=(types.EVERY,),
    check=_foreign,
    settings=(
        Setting(
            name="allowed",
            schema={
                "type": "object",
                "additionalProperties": {"type": "string", "minLength": 1},
                "default": {},
                "description": "Types that the stack may hold though no policy reads them, each with the reason: "
                '`{"random:RandomId": "names the vault"}`.',
            },
        ),
    ),
    violation="""\
resources:
  setup:
    type: command:local:Command
    properties:
      create: az ad app credential reset --id 00000000-0000-0000-0000-000000000000 --append
""",
    compliance="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
""",
)
