"""Who has to be assigned before Entra issues a token at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policies.relations import Candidates
from policies.resource_types import APPLICATION, PRINCIPAL
from policies.resources import UNKNOWN, Resource, of_type
from policies.rules import Excepted, Finding, Rule, Settings

# With these claims a role may come from a group inside a group, whose members can't be assigned to an application.
NESTED_GROUP_CLAIMS = frozenset({"SecurityGroup", "All"})


def _assignment_required(resources: Sequence[Resource], _: Settings) -> Iterator[Finding | Excepted]:
    applications = Candidates(of_type(resources, APPLICATION), "clientId")
    for principal in of_type(resources, PRINCIPAL):
        required = principal.get("appRoleAssignmentRequired")
        elsewhere = principal.get("useExisting") is True and not applications.of(principal, "clientId")
        if required in (True, UNKNOWN) or elsewhere:
            continue
        if any(_issues_nested_groups(each) for each in applications.perhaps(principal, "clientId")):
            yield Excepted(
                resource=principal,
                reason=f"{principal.name}: its application issues SecurityGroup claims, so that members of nested "
                "groups count; they can't be assigned and would be locked out",
            )
        else:
            yield Finding(
                resource=principal,
                problem=f"appRoleAssignmentRequired is {'false' if required is False else 'not set'}: "
                "everyone in the tenant gets a token",
                fix="Set appRoleAssignmentRequired to true and assign the groups that may sign in",
            )


def _issues_nested_groups(application: Resource) -> bool:
    return not NESTED_GROUP_CLAIMS.isdisjoint(
        claim for claim in application.items("groupMembershipClaims") if isinstance(claim, str)
    )


ASSIGNMENT_REQUIRED = Rule(
    name="assignment-required",
    title="Assignment required",
    description="Only assigned people and groups can sign in.",
    scope="stack",
    severity="high",
    level="mandatory",
    reason="Without it every account of the tenant, guests included, gets a valid token, and only Airflow's own role "
    "mapping stands between them and the DAGs. An application that issues SecurityGroup claims is excepted: members of "
    "nested groups can't be assigned.",
    remedy="Set `appRoleAssignmentRequired: true` on the service principal and assign the groups that may sign in.",
    controls=("SOC 2 CC6.3", "NIST 800-53 AC-3", "NIST 800-53 AC-6"),
    source="https://learn.microsoft.com/en-us/entra/identity-platform/howto-restrict-your-app-to-a-set-of-users",
    types=(APPLICATION, PRINCIPAL),
    check=_assignment_required,
    violation="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
  airflow-principal:
    type: azuread:ServicePrincipal
    properties:
      clientId: ${airflow.clientId}
      appRoleAssignmentRequired: false
""",
    compliance="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
  airflow-principal:
    type: azuread:ServicePrincipal
    properties:
      clientId: ${airflow.clientId}
      appRoleAssignmentRequired: true
""",
)
