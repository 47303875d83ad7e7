"""Whose tokens Entra takes in place of a secret: exactly one workload's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from policies.normal import plain
from policies.resource_types import FEDERATED
from policies.resources import UNKNOWN, Resource, Value
from policies.rules import Finding, Rule, Setting, Settings

_AUDIENCE = "api://AzureADTokenExchange"
_SOURCE = "https://learn.microsoft.com/en-us/graph/api/resources/federatedidentitycredentials-overview"
_GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_POD = re.compile(r"system:serviceaccount:[a-z0-9.-]+:[a-z0-9.-]+")
_GITHUB = re.compile(r"https://token\.actions\.(githubusercontent\.com|[a-z0-9-]+\.ghe\.com)(/[\w-]+)?")
_SERVER = "/_services/token"
"""The end of a GitHub Enterprise Server's issuer: its host has to be listed, its subjects are GitHub's."""
_CLAIM = re.compile(
    r"(?:^|:)(actor|actor_id|base_ref|context|environment|environment_node_id|event_name|head_ref|job_workflow_ref"
    r"|job_workflow_sha|ref|ref_protected|ref_type|repo|repository|repository_id|repository_owner|repository_owner_id"
    r"|repository_visibility|runner_environment|sha|workflow|workflow_ref|workflow_sha):"
)
"""What GitHub puts into a subject, in the order that an organisation chose:
https://docs.github.com/en/actions/reference/security/oidc"""
_REPOSITORY = re.compile(r"[\w.-]+(@\d+)?/[\w.-]+(@\d+)?(:pull_request)?")
_OTHERS = (
    (re.compile(rf"https://vstoken\.dev\.azure\.com/{_GUID}"), re.compile(r"sc://[^/]+/[^/]+/[^/]+")),
    (
        re.compile(rf"https://login\.microsoftonline\.com/{_GUID}/v2\.0"),
        re.compile(rf"/eid1/c/pub/t/[\w-]+/a/[\w-]+/sc/[\w-]+/[\w-]+|{_GUID}"),
    ),
    (re.compile(rf"https://[a-z0-9-]+\.oic\.prod-aks\.azure\.com/{_GUID}/{_GUID}"), _POD),
    (re.compile(r"https://oidc\.eks\.[a-z0-9-]+\.amazonaws\.com/id/[0-9A-F]+"), _POD),
    (re.compile(r"https://container\.googleapis\.com/v1/projects/[\w-]+/locations/[\w-]+/clusters/[\w-]+"), _POD),
)
"""Issuers that everybody knows, and how each of them names one workload: Azure DevOps (its own issuer until July 2027,
then Entra), managed identities, Kubernetes on Azure, AWS and Google Cloud."""


def _subject(resources: Sequence[Resource], settings: Settings) -> Iterator[Finding]:
    for resource in resources:
        issuer, subject = resource.get("issuer"), resource.get("subject")
        if isinstance(subject, str) and (not subject.strip() or re.search(r"[*?]", subject)):
            yield Finding(
                resource=resource,
                problem=f"the subject {subject!r} names no single workload; Entra compares it character by character",
                fix="Write the exact `sub` of the workload's token",
            )
        elif (
            isinstance(subject, str)
            and _texts(settings.get("subjects"))
            and subject not in _texts(settings["subjects"])
        ):
            yield Finding(
                resource=resource,
                problem=f"the subject {subject} is none of those that are listed",
                fix="List it under `subjects`, once somebody has said whose workload it is",
            )
        elif isinstance(issuer, str) and isinstance(subject, str):
            yield from _trusted(resource, issuer.removesuffix("/"), subject, settings)


def _trusted(resource: Resource, issuer: str, subject: str, settings: Settings) -> Iterator[Finding]:
    listed = issuer in {own.removesuffix("/") for own in _texts(settings.get("issuers"))}
    if listed and not issuer.endswith(_SERVER):
        return
    if _GITHUB.fullmatch(issuer) or listed:
        if subject not in _texts(settings.get("pullRequests")) and (missing := _open_to(subject)):
            yield Finding(
                resource=resource,
                problem=f"the subject {subject} {missing}",
                fix="Name the repository and an environment or a branch; of an identity that can only read, list the "
                "subject under `pullRequests`",
            )
        return
    names = next((workload for form, workload in _OTHERS if form.fullmatch(issuer)), None)
    if names is None:
        yield Finding(
            resource=resource,
            problem=f"the issuer {issuer} is none that everybody knows: whoever runs it can be this workload",
            fix="List it under `issuers` where it is yours, such as your own cluster's",
        )
    elif not names.fullmatch(subject):
        yield Finding(
            resource=resource,
            problem=f"the subject {subject} names no single workload of {issuer}",
            fix="Write the exact `sub` of the workload's token",
        )


def _open_to(subject: str) -> str:
    """Whom else of GitHub's a subject lets in; empty where it names one repository and what of it is guarded."""
    parts = _CLAIM.split(subject)
    claims = dict(zip(parts[1::2], parts[2::2], strict=True))
    repository = claims.get("repo") or claims.get("repository") or ""
    if not _REPOSITORY.fullmatch(repository) and not claims.get("repository_id"):
        return "names no repository"
    if subject.casefold().endswith(":pull_request") or claims.get("event_name", "").startswith("pull_request"):
        return "is any pull request of the repository, merged or not"
    guarded = claims.get("environment") or claims.get("job_workflow_ref")
    if not guarded and not claims.get("ref", "").startswith(("refs/heads/", "refs/tags/")):
        return "names neither an environment nor a branch"
    return ""


def _texts(value: Value) -> list[str]:
    listed = value if isinstance(value, Sequence) and not isinstance(value, str) else []
    return [item for item in listed if isinstance(item, str)]


EXACT_SUBJECT = Rule(
    name="exact-federated-subject",
    title="Exact federated subjects",
    description="A federated credential trusts one workload, named exactly, of an issuer that is known.",
    scope="resource",
    severity="high",
    level="mandatory",
    reason="Who can get a token with the subject is the application: a subject that any branch, pull request or "
    "namespace can have hands Airflow's identity to whoever can push one, and an issuer can name whom it likes.",
    remedy="Write the full subject, such as `repo:ORG/REPO:environment:production` or "
    "`system:serviceaccount:NAMESPACE:NAME`. GitHub, Azure DevOps, Entra and the Kubernetes of Azure, AWS and Google "
    "Cloud are known; list an issuer of your own under `issuers`.",
    controls=("SOC 2 CC6.1", "NIST 800-53 IA-3", "NIST 800-53 IA-9"),
    source=_SOURCE,
    types=(FEDERATED,),
    check=_subject,
    settings=(
        Setting(
            name="issuers",
            schema={
                "type": "array",
                "items": {"type": "string"},
                "default": [],
                "description": "Issuers of your own, such as that of a cluster in your data centre: each of their "
                "exact subjects may be trusted.",
            },
        ),
        Setting(
            name="pullRequests",
            schema={
                "type": "array",
                "items": {"type": "string"},
                "default": [],
                "description": "Subjects of pull requests that may be trusted: those of identities that can only read.",
            },
        ),
        Setting(
            name="subjects",
            schema={
                "type": "array",
                "items": {"type": "string"},
                "default": [],
                "description": "The only subjects that may be trusted. Empty: each that names one workload; whose a "
                "repository is, no policy can know.",
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
        wanted = plain(settings.get("audience"))
        given = [*resource.items("audiences")]
        if UNKNOWN not in given and [plain(audience) for audience in given] != [wanted]:
            yield Finding(
                resource=resource,
                problem=f"its audience is {', '.join(map(str, given)) or 'missing'}",
                fix=f"Set exactly one audience: {settings.get('audience')}",
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
    types=(FEDERATED,),
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
      issuer: https://westeurope.oic.prod-aks.azure.com/7a0c3f5e-52d1-4b5e-9d0a-6c1f0e8b2a11/c2a4f6e8-1b3d-4f57-9a0c-7e5d3b1f9c05/
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
      issuer: https://westeurope.oic.prod-aks.azure.com/7a0c3f5e-52d1-4b5e-9d0a-6c1f0e8b2a11/c2a4f6e8-1b3d-4f57-9a0c-7e5d3b1f9c05/
      subject: system:serviceaccount:airflow:airflow-api-server
""",
)
