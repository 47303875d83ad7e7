"""Where pipelines run, and whose tokens an identity trusts for it: one exact subject of one issuer per purpose."""

from __future__ import annotations

import re
from dataclasses import dataclass

from airflow_entra.errors import UserError
from airflow_entra.settings.types import GITHUB_ISSUER

PREVIEW = "preview"
DEVOPS = "https://dev.azure.com"
AUDIENCE = "api://AzureADTokenExchange"
"""For whom a trusted token has to be made: Entra."""
_OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){0,38}")
_REPOSITORY = re.compile(r"(?!\.{1,2}$)(?!.*\.git$)[A-Za-z0-9._-]{1,100}")
_ORGANISATION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,48}[A-Za-z0-9])?")
_PROJECT = re.compile(r"(?![_.])[^\\/:*?\"<>|;#$&{},+=\[\]\x00-\x1f]{1,64}(?<!\.)")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class PipelineError(UserError):
    """Something that was asked for can't be: `where`, what is wrong, what would be right, the fix."""

    def __init__(self, where: str, what: str, right: str, fix: str) -> None:
        super().__init__(f"{where}: {what}; {right}; {fix}")


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose tokens an identity takes: exactly one `sub` of one issuer."""

    name: str
    issuer: str
    subject: str
    description: str


@dataclass(frozen=True, slots=True)
class GitHub:
    """A repository, spelt as GitHub spells it: Entra compares subjects character by character."""

    owner: str
    name: str

    def previews(self) -> tuple[Trust, ...]:
        return (
            Trust("pull-request", GITHUB_ISSUER, f"repo:{self}:pull_request", "previews of pull requests"),
            Trust("drift", GITHUB_ISSUER, f"repo:{self}:environment:drift", "the nightly look for drift"),
        )

    def deploys(self, environment: str) -> tuple[Trust, ...]:
        subject = f"repo:{self}:environment:{environment}"
        return (Trust("environment", GITHUB_ISSUER, subject, f"deployments to {environment}, once approved"),)

    def __str__(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, slots=True)
class AzureDevOps:
    """A project; one service connection for each identity, of the same name. `organisation_id` names the issuer."""

    organisation: str
    project: str
    organisation_id: str

    def previews(self) -> tuple[Trust, ...]:
        return (self._trust(PREVIEW, "previews and the nightly look for drift"),)

    def deploys(self, environment: str) -> tuple[Trust, ...]:
        return (self._trust(environment, f"deployments to {environment}, once approved"),)

    def _trust(self, key: str, description: str) -> Trust:
        issuer = f"https://vstoken.dev.azure.com/{self.organisation_id}"
        subject = f"sc://{self.organisation}/{self.project}/{identity_name(key)}"
        return Trust("service-connection", issuer, subject, description)

    def __str__(self) -> str:
        return f"{self.organisation}/{self.project}"


def github(text: str) -> GitHub:
    """`contoso/airflow-sign-on`. Raises PipelineError."""
    owner, _, name = text.partition("/")
    if not (_OWNER.fullmatch(owner) and _REPOSITORY.fullmatch(name)):
        raise PipelineError(
            "--github",
            f"{text[:150]!r} is no repository",
            "it is OWNER/REPOSITORY, as in contoso/airflow-sign-on",
            "copy it from the repository's address; upper and lower case count",
        )
    return GitHub(owner, name)


def azure_devops(text: str, organisation_id: str | None) -> AzureDevOps:
    """`contoso/data platform` and the organisation's id. Raises PipelineError."""
    organisation, _, project = text.partition("/")
    if not (_ORGANISATION.fullmatch(organisation) and _PROJECT.fullmatch(project)):
        raise PipelineError(
            "--azure-devops",
            f"{text[:150]!r} is no project",
            "it is ORGANISATION/PROJECT, as in contoso/data-platform",
            f"copy both from {DEVOPS}/ORGANISATION/PROJECT; upper and lower case count",
        )
    if not _UUID.fullmatch((organisation_id or "").lower()):
        raise PipelineError(
            "--azure-devops-organization-id",
            f"{(organisation_id or 'nothing')[:60]} is not the organisation's id",
            "it is a GUID, the last part of the issuer that a service connection shows",
            f"read instanceId at {DEVOPS}/{organisation[:50]}/_apis/connectionData",
        )
    return AzureDevOps(organisation, project, str(organisation_id).lower())


def identity_name(key: str) -> str:
    return f"airflow-entra-{key}"
