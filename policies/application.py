"""The app registration: who may sign in to it at all, and who answers for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policies.resource_types import APPLICATION
from policies.resources import UNKNOWN, Resource
from policies.rules import Finding, Rule, Settings

BEST_PRACTICES = (
    "https://learn.microsoft.com/en-us/entra/identity-platform/security-best-practices-for-app-registration"
)


def _single_tenant(resources: Sequence[Resource], _: Settings) -> Iterator[Finding]:
    for application in resources:
        audience = application.get("signInAudience")
        if audience not in (None, UNKNOWN, "AzureADMyOrg"):
            yield Finding(
                resource=application,
                problem=f"signInAudience is {audience}: accounts of other organisations could sign in",
                fix="Set signInAudience to AzureADMyOrg or leave it out",
            )


SINGLE_TENANT = Rule(
    name="single-tenant",
    title="Single tenant",
    description="Only accounts of the organisation's own tenant can sign in.",
    scope="resource",
    severity="critical",
    level="mandatory",
    reason="Airflow reads roles from the token and doesn't look at its tenant: a token that another tenant's "
    "administrator can shape must never be issued for this application.",
    remedy="Set `signInAudience` to `AzureADMyOrg`, which is also the default.",
    controls=("SOC 2 CC6.1", "NIST 800-53 AC-3", "NIST 800-53 IA-8"),
    source="https://learn.microsoft.com/en-us/entra/identity-platform/single-and-multi-tenant-apps",
    types=(APPLICATION,),
    check=_single_tenant,
    violation="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      signInAudience: AzureADMultipleOrgs
""",
    compliance="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      signInAudience: AzureADMyOrg
""",
)
