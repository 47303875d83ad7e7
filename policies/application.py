"""The app registration: who may sign in to it at all, and who answers for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policies.relations import Candidates
from policies.resource_types import APPLICATION_OWNER, APPLICATIONS
from policies.resources import UNKNOWN, Resource, of_type
from policies.rules import Finding, Rule, Setting, Settings

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
    types=APPLICATIONS,
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


def _two_owners(resources: Sequence[Resource], settings: Settings) -> Iterator[Finding]:
    least = settings["minOwners"]
    applications = of_type(resources, *APPLICATIONS)
    candidates = Candidates(applications, "id")
    for application in applications:
        owners = [
            *application.items("owners"),
            *(
                added.get("ownerObjectId")
                for added in of_type(resources, APPLICATION_OWNER)
                if application.urn in {owned.urn for owned in candidates.perhaps(added, "applicationId")}
            ),
        ]
        named = {owner.lower() for owner in owners if isinstance(owner, str)}
        if UNKNOWN not in owners and isinstance(least, int | float) and len(named) < least:
            yield Finding(
                resource=application,
                problem=f"{_count(named)}, where {least:g} are needed",
                fix="Add the object id of another person who answers for this application",
            )


def _count(owners: set[str]) -> str:
    if not owners:
        return "there is no owner"
    return f"there {'is one owner' if len(owners) == 1 else f'are {len(owners)} owners'} ({', '.join(sorted(owners))})"


TWO_OWNERS = Rule(
    name="two-owners",
    title="At least two owners",
    description="An app registration has at least two owners.",
    scope="stack",
    severity="medium",
    level="mandatory",
    reason="When its only owner leaves, nobody is told that a credential expires or asked whether an access is still "
    "needed, and the application ends up in the hands of whoever administers the tenant.",
    remedy="Name two or more people by object id in `owners`. Groups can't own an application.",
    controls=("SOC 2 CC6.2", "NIST 800-53 AC-2"),
    source="https://learn.microsoft.com/en-us/entra/identity/enterprise-apps/overview-assign-app-owners",
    types=(*APPLICATIONS, APPLICATION_OWNER),
    check=_two_owners,
    settings=(
        Setting(
            name="minOwners",
            schema={"type": "integer", "minimum": 1, "default": 2, "description": "The least number of owners."},
        ),
    ),
    violation="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      owners: [5f1e8a52-0c1d-4c4e-9d0b-0a6f4f1c2b11]
""",
    compliance="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      owners: [5f1e8a52-0c1d-4c4e-9d0b-0a6f4f1c2b11, 9b7c6d10-33f2-4a57-8d2e-6d8e0f7a4c22]
""",
)
