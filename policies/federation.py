"""Whose tokens Entra takes in place of a secret: exactly one workload's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from policies.resource_types import FEDERATED, FLEXIBLE
from policies.resources import UNKNOWN, Resource
from policies.rules import Finding, Rule, Setting, Settings

_AUDIENCE = "api://AzureADTokenExchange"
_GITHUB = "https://token.actions.githubusercontent.com"
_SOURCE = "https://learn.microsoft.com/en-us/graph/api/resources/federatedidentitycredentials-overview"


def _subject(resources: Sequence[Resource], settings: Settings) -> Iterator[Finding]:
    listed = settings.get("pullRequests")
    previewed = [*listed] if isinstance(listed, Sequence) and not isinstance(listed, str) else []
    for resource in resources:
        if resource.type == FLEXIBLE:
            expression = resource.get("claimsMatchingExpression")
            if isinstance(expression, str) and (re.search(r"\bmatches\b", expression) or "*" in expression):
                yield Finding(
                    resource=resource,
                    problem=f"claimsMatchingExpression {expression!r} lets more than one workload in",
                    fix="Compare with `eq`, or declare one federated credential for each subject",
                )
            continue
        subject = resource.get("subject")
        if subject is UNKNOWN or not isinstance(subject, str):
            continue
        if not subject.strip() or re.search(r"[*?]", subject):
            yield Finding(
                resource=resource,
                problem=f"the subject {subject!r} names no single workload; Entra compares it character by character",
                fix="Write the exact `sub` of the workload's token",
            )
        elif resource.get("issuer") == _GITHUB and subject.endswith(":pull_request") and subject not in previewed:
            yield Finding(
                resource=resource,
                problem=f"the subject {subject} is any pull request of the repository, merged or not",
                fix="Name an environment or a branch; of an identity that can only read, list the subject under "
                "`pullRequests`",
            )


EXACT_SUBJECT = Rule(
    name="exact-federated-subject",
    title="Exact federated subjects",
    description="A federated credential trusts one workload, named exactly.",
    scope="resource",
    severity="high",
    level="mandatory",
    reason="Who can get a token with the subject is the application: a subject that any branch, pull request or "
    "namespace can have hands Airflow's identity to whoever can push one.",
    remedy="Write the full subject, such as `repo:ORG/REPO:environment:production` or "
    "`system:serviceaccount:NAMESPACE:NAME`.",
    controls=("SOC 2 CC6.1", "NIST 800-53 IA-3", "NIST 800-53 IA-9"),
    source=_SOURCE,
    types=(FEDERATED, FLEXIBLE),
    check=_subject,
    settings=(
        Setting(
            name="pullRequests",
            schema={
                "type": "array",
                "items": {"type": "string"},
                "default": [],
                "description": "Subjects of pull requests that may be trusted: those of identities that can only read.",
            },
        ),
    ),
    violation="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
  airflow-federated:
    type: azuread:ApplicationFederatedIdentityCredential
    properties:
      applicationId: ${airflow.id}
      displayName: airflow
      audiences: [api://AzureADTokenExchange]
      issuer: https://token.actions.githubusercontent.com
      subject: "repo:contoso/airflow:*"
""",
    compliance="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
  airflow-federated:
    type: azuread:ApplicationFederatedIdentityCredential
    properties:
      applicationId: ${airflow.id}
      displayName: airflow
      audiences: [api://AzureADTokenExchange]
      issuer: https://token.actions.githubusercontent.com
      subject: "repo:contoso/airflow:environment:production"
""",
)


def _audience(resources: Sequence[Resource], settings: Settings) -> Iterator[Finding]:
    for resource in resources:
        wanted = settings.get("audience")
        given = [resource.get("audience")] if resource.type == FLEXIBLE else [*resource.items("audiences")]
        if UNKNOWN not in given and given != [wanted]:
            yield Finding(
                resource=resource,
                problem=f"its audience is {', '.join(map(str, given)) or 'missing'}",
                fix=f"Set exactly one audience: {wanted}",
            )
        issuer = resource.get("issuer")
        if isinstance(issuer, str) and not issuer.startswith("https://"):
            yield Finding(
                resource=resource,
                problem=f"the issuer {issuer} is not https, so its keys can't be trusted",
                fix="Write the issuer as its tokens have it, https included",
            )


FEDERATED_AUDIENCE = Rule(
    name="federated-audience",
    title="Federated tokens made for Entra",
    description="A federated credential takes tokens that were made for Entra, from an https issuer.",
    scope="resource",
    severity="high",
    level="mandatory",
    reason="A workload gives the tokens that it makes for other services to those services: with another audience than "
    "Entra's own, each of them could sign in as Airflow.",
    remedy="Set `audiences` to `api://AzureADTokenExchange` alone. In a sovereign cloud configure its own audience.",
    controls=("SOC 2 CC6.1", "NIST 800-53 IA-9", "NIST 800-53 SC-23"),
    source=_SOURCE,
    types=(FEDERATED, FLEXIBLE),
    check=_audience,
    settings=(
        Setting(
            name="audience",
            schema={"type": "string", "default": _AUDIENCE, "description": "The one audience that tokens must have."},
        ),
    ),
    violation="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
  airflow-federated:
    type: azuread:ApplicationFederatedIdentityCredential
    properties:
      applicationId: ${airflow.id}
      displayName: airflow
      audiences: [https://airflow.contoso.com]
      issuer: https://oidc.contoso.com
      subject: system:serviceaccount:airflow:airflow-api-server
""",
    compliance="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
  airflow-federated:
    type: azuread:ApplicationFederatedIdentityCredential
    properties:
      applicationId: ${airflow.id}
      displayName: airflow
      audiences: [api://AzureADTokenExchange]
      issuer: https://oidc.contoso.com
      subject: system:serviceaccount:airflow:airflow-api-server
""",
)
