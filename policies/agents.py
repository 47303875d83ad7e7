"""Workloads that act in Airflow by themselves: no administrators, and no secret to lose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policies import resource_types as types
from policies.permissions import READS_THE_TENANT
from policies.relations import ADMIN, Candidates, admin_assignments, assigned
from policies.resources import Resource, of_type
from policies.rules import Finding, Rule, Settings

_SECRETS = (types.APPLICATION_PASSWORD, types.APPLICATION_CERTIFICATE)


def agent_example(role: str, credential: str) -> str:
    """Airflow with one app role for applications, an agent that has it, and the agent's credential."""
    return f"""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      appRoles:
        - id: 7c2d3e4f-9b6f-5a71-8c8d-2e3f40516273
          value: {role}
          displayName: {role}
          description: What an agent may do in Airflow
          allowedMemberTypes: [Application]
  airflow-principal:
    type: azuread:ServicePrincipal
    properties:
      clientId: ${{airflow.clientId}}
      appRoleAssignmentRequired: true
  nightly-report:
    type: azuread:Application
    properties:
      displayName: Nightly report
  nightly-report-principal:
    type: azuread:ServicePrincipal
    properties:
      clientId: ${{nightly-report.clientId}}
      appRoleAssignmentRequired: true
  nightly-report-role:
    type: azuread:AppRoleAssignment
    properties:
      appRoleId: 7c2d3e4f-9b6f-5a71-8c8d-2e3f40516273
      principalObjectId: ${{nightly-report-principal.objectId}}
      resourceObjectId: ${{airflow-principal.objectId}}
{credential}"""


_FEDERATED = """\
  nightly-report-federated:
    type: azuread:ApplicationFederatedIdentityCredential
    properties:
      applicationId: ${nightly-report.id}
      displayName: github
      audiences: [api://AzureADTokenExchange]
      issuer: https://token.actions.githubusercontent.com
      subject: "repo:contoso/reports:ref:refs/heads/main"
"""
_KEPT = """\
  nightly-report-secret:
    type: azuread:ApplicationPassword
    properties:
      applicationId: ${nightly-report.id}
      startDate: "2030-01-01T00:00:00Z"
      endDate: "2030-04-01T00:00:00Z"
"""


def _never_admin(resources: Sequence[Resource], _: Settings) -> Iterator[Finding]:
    agents = {assignment.urn: agent for assignment, agent in assigned(resources, types.PRINCIPAL)}
    for assignment in admin_assignments(resources):
        if assignment.urn in agents or assignment.get("principalType") == "ServicePrincipal":
            agent = agents.get(assignment.urn, assignment)
            yield Finding(
                resource=assignment,
                problem=f"the workload {agent.name} gets Admin",
                fix="Give it a role that may do what it does, and no more",
            )
    for application in of_type(resources, types.APPLICATION):
        for role in application.objects("appRoles"):
            members = role.get("allowedMemberTypes")
            if role.get("value") == ADMIN and isinstance(members, Sequence) and "Application" in members:
                yield Finding(
                    resource=application,
                    problem="the app role Admin may be given to applications",
                    fix="Set its allowedMemberTypes to [User]",
                )


AGENT_NEVER_ADMIN = Rule(
    name="agent-never-admin",
    title="Agents are never Admin",
    description="No workload gets Admin.",
    scope="stack",
    severity="critical",
    level="mandatory",
    reason="Admin edits connections, variables and people's roles. Nobody watches a workload do it, and whatever runs "
    "in its place can do it too.",
    remedy="Give the agent's service principal another role, and keep `Application` out of Admin's "
    "`allowedMemberTypes`.",
    controls=("SOC 2 CC6.3", "NIST 800-53 AC-6", "NIST 800-53 AC-5"),
    source="https://learn.microsoft.com/en-us/entra/identity-platform/howto-add-app-roles-in-apps",
    types=(types.APPLICATION, types.PRINCIPAL, types.ASSIGNMENT),
    check=_never_admin,
    violation=agent_example("Admin", _FEDERATED),
    compliance=agent_example("Viewer", _FEDERATED),
)


def _federated_only(resources: Sequence[Resource], _: Settings) -> Iterator[Finding]:
    principals = {
        principal.urn: principal
        for assignment, principal in assigned(resources, types.PRINCIPAL)
        if assignment.get("appRoleId") not in READS_THE_TENANT  # no agent: Airflow itself, which follows the tenant
    }
    applications = Candidates(of_type(resources, types.APPLICATION), "clientId")
    agents = {app.urn: app for principal in principals.values() for app in applications.of(principal, "clientId")}
    by_id = Candidates([*agents.values()], "id")
    for secret in of_type(resources, *_SECRETS):
        yield from (_kept(secret, agent) for agent in by_id.of(secret, "applicationId"))
    for agent in agents.values():
        if agent.get("password") is not None:
            yield _kept(agent, agent)


def _kept(secret: Resource, agent: Resource) -> Finding:
    return Finding(
        resource=secret,
        problem=f"the workload {agent.name} has a credential that must be kept",
        fix="Declare an ApplicationFederatedIdentityCredential in its place",
    )


AGENT_FEDERATED_ONLY = Rule(
    name="agent-federated-only",
    title="Agents have no secret",
    description="A workload with a role proves itself by a federated credential only.",
    scope="stack",
    severity="high",
    level="mandatory",
    reason="A secret that a workload keeps is copied with its configuration and works from anywhere. A federated "
    "credential works where the workload runs, for as long as it runs.",
    remedy="Replace passwords and certificates by `azuread:ApplicationFederatedIdentityCredential`, or run it with a "
    "managed identity.",
    controls=("SOC 2 CC6.1", "NIST 800-53 IA-5", "NIST 800-53 IA-9"),
    source="https://learn.microsoft.com/en-us/entra/workload-id/workload-identity-federation",
    types=(types.APPLICATION, types.PRINCIPAL, types.ASSIGNMENT, *_SECRETS),
    check=_federated_only,
    violation=agent_example("Viewer", _KEPT),
    compliance=agent_example("Viewer", _FEDERATED),
)
