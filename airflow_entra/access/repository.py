"""Where pipelines run, and whose tokens an identity trusts for it: one exact subject of one issuer per purpose.

What GitHub's tokens say, GitHub is asked; what a service connection's say is known once the connection exists.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_entra.errors import UserError
from airflow_entra.escape.shell import word
from airflow_entra.settings.issuers import GITHUB, GITHUB_ISSUER, github_host, never_written
from airflow_entra.settings.issuers import repository as named_in

PREVIEW = "preview"
DEVOPS = "https://dev.azure.com"
AUDIENCE = "api://AzureADTokenExchange"
"""For whom a trusted token has to be made: Entra."""
CONTEXT = "{context}"
"""What stands in GitHub's subjects for `pull_request` or `environment:NAME`."""
PULL_REQUEST = "pull-request"
CONNECTION = "service-connection"
WORKLOAD = "workload"
"""Names of federated credentials, which are in people's tenants."""
_OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){0,38}")
_REPOSITORY = re.compile(r"(?!\.{1,2}$)(?!.*\.git$)[A-Za-z0-9._-]{1,100}")
_ORGANISATION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,48}[A-Za-z0-9])?")
_PROJECT = re.compile(r"(?![_.])[^\\/:*?\"<>|;#$&{},+=\[\]\x00-\x1f]{1,64}(?<!\.)")
_ISSUER = re.compile(r"https://[^\s?#*@]{1,590}")
_SUBJECT = re.compile(r"(?!\s)[^*?\x00-\x1f\x7f]{1,600}(?<!\s)")
_A_PURPOSE = re.compile(r":(pull_request|environment:|ref:)")


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
    """A repository, spelt as GitHub spells it: Entra compares subjects character by character.

    `subject` is GitHub's answer about its tokens, with CONTEXT in it; empty until GitHub was asked.
    """

    owner: str
    name: str
    issuer: str = GITHUB_ISSUER
    subject: str = ""

    def trusts(self, key: str) -> tuple[Trust, ...]:
        """What the identity `key` trusts. Raises PipelineError where GitHub has to be asked first."""
        if not self.subject:
            raise _unasked(self)
        if key == PREVIEW:
            return (
                self._trust(PULL_REQUEST, "pull_request", "previews of pull requests"),
                self._trust("drift", "environment:drift", "the nightly look for drift"),
            )
        return (self._trust("environment", f"environment:{key}", f"deployments to {key}, once approved"),)

    def _trust(self, name: str, context: str, description: str) -> Trust:
        return Trust(name, self.issuer, self.subject.replace(CONTEXT, context), description)

    @property
    def host(self) -> str:
        return github_host(self.issuer) or GITHUB

    @property
    def question(self) -> str:
        """The command that asks GitHub what this repository's tokens say."""
        return f"gh api{_hostname(self)} repos/{self}/actions/oidc/customization/sub"

    def __str__(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, slots=True)
class AzureDevOps:
    """A project; one service connection for each identity, of the same name."""

    organisation: str
    project: str

    def unasked(self, keys: Sequence[str]) -> PipelineError:
        """What service connections' tokens say is known once they exist, so it is asked for then."""
        names = ", ".join(map(identity_name, keys))
        return PipelineError(
            "--azure-devops",
            f"what the tokens of the service connections {names} say is not known yet",
            "Azure DevOps shows a connection's issuer and subject once it exists, as a draft too (Project settings, "
            "Service connections, Azure Resource Manager, app registration (manual), workload identity federation)",
            f"make these connections, then: {self.question} > connections.json, and this again with "
            f"--connections connections.json; or give what is shown: --trust {keys[0]} ISSUER SUBJECT",
        )

    @property
    def address(self) -> str:
        """Of this project, for the Azure CLI."""
        return f"--organization {DEVOPS}/{self.organisation} --project {word(self.project)}"

    @property
    def question(self) -> str:
        """The command that asks Azure DevOps what its service connections' tokens say."""
        said = "authorization.parameters.workloadIdentityFederation"
        query = f"[].{{name: name, issuer: {said}Issuer, subject: {said}Subject}}"
        return f"az devops service-endpoint list {self.address} --query {word(query)} --output json"

    def __str__(self) -> str:
        return f"{self.organisation}/{self.project}"


def github(text: str, answer: str | None = None, issuer: str | None = None) -> GitHub:
    """`contoso/airflow-sign-on`; `answer` is GitHub's about its subjects, or the part of it that a person copied.

    Raises PipelineError.
    """
    owner, _, name = text.partition("/")
    if not (_OWNER.fullmatch(owner) and _REPOSITORY.fullmatch(name)):
        raise PipelineError(
            "--github",
            f"{text[:150]!r} is no repository",
            "it is OWNER/REPOSITORY, as in contoso/airflow-sign-on",
            "copy it from the repository's address; upper and lower case count",
        )
    found = GitHub(owner, name, _issuer("--issuer", issuer or GITHUB_ISSUER))
    if github_host(found.issuer) is None or never_written(found.issuer):
        raise PipelineError(
            "--issuer",
            f"{found.issuer[:150]} is no issuer of GitHub's",
            f"{GITHUB_ISSUER}, {GITHUB_ISSUER}/<enterprise>, https://token.actions.<name>.ghe.com or, of a server, "
            "https://<host>/_services/token, without a slash at the end",
            "copy the iss of a job's token; `airflow-entra federated` shows it",
        )
    return found if answer is None else GitHub(owner, name, found.issuer, _subject(found, answer.strip()))


def azure_devops(text: str) -> AzureDevOps:
    """`contoso/data platform`. Raises PipelineError."""
    organisation, _, project = text.partition("/")
    if not (_ORGANISATION.fullmatch(organisation) and _PROJECT.fullmatch(project)):
        raise PipelineError(
            "--azure-devops",
            f"{text[:150]!r} is no project",
            "it is ORGANISATION/PROJECT, as in contoso/data-platform",
            f"copy both from {DEVOPS}/ORGANISATION/PROJECT; upper and lower case count",
        )
    return AzureDevOps(organisation, project)


def workload(option: str, key: str, issuer: str, subject: str, name: str = WORKLOAD) -> Trust:
    """What a platform shows about the workload that is to be the identity `key`. Raises PipelineError."""
    if not _SUBJECT.fullmatch(subject):
        raise PipelineError(
            option,
            f"{subject[:150]!r} is no subject",
            "1 to 600 characters without * and ?, exactly as the token's sub has it: Entra knows no wildcard",
            "copy it from the service connection, or from what the runner's token says",
        )
    what = "previews and the nightly look for drift" if key == PREVIEW else f"deployments to {key}, once approved"
    return Trust(name, _issuer(option, issuer), subject, what)


def connections(option: str, text: str, keys: Sequence[str]) -> dict[str, Trust]:
    """What AzureDevOps.question printed, by the identity's key. Raises PipelineError."""
    try:
        answer: Any = json.loads(text) or None
        listed: Mapping[str, Any] = {one["name"]: one for one in answer}
    except (ValueError, TypeError, KeyError):
        raise PipelineError(
            option,
            "it is no list of service connections",
            "a JSON list of objects with name, issuer and subject",
            "let the command write it that bootstrap prints without it",
        ) from None
    there = {key: listed[identity_name(key)] for key in keys if identity_name(key) in listed}
    return {
        key: workload(option, key, str(one.get("issuer") or ""), str(one.get("subject") or ""), CONNECTION)
        for key, one in there.items()
    }


def identity_name(key: str) -> str:
    return f"airflow-entra-{key}"


def _hostname(repository: GitHub) -> str:
    return "" if repository.host == GITHUB else f" --hostname {repository.host}"


def _unasked(repository: GitHub) -> PipelineError:
    return PipelineError(
        "--subject-prefix",
        f"what the tokens of {repository} say is not known yet",
        "GitHub says it: names alone, names with ids (every repository made, renamed or moved since July 2026) or a "
        "form that the organisation chose",
        f'add --subject-prefix "$({repository.question})"',
    )


def _issuer(option: str, text: str) -> str:
    if not _ISSUER.fullmatch(text):
        raise PipelineError(
            option,
            f"{text[:150]!r} is no issuer",
            "an https address without query, exactly as the token's iss has it",
            "copy it from where the platform shows it",
        )
    return text


def _subject(repository: GitHub, answer: str) -> str:
    if answer.startswith("{"):
        answer = _template(repository, answer)
    subject = answer if CONTEXT in answer else f"{answer}:{CONTEXT}"
    if (
        not (answer and _SUBJECT.fullmatch(subject))
        or subject.count(CONTEXT) > 1
        or _A_PURPOSE.search(subject.replace(CONTEXT, ""))
    ):
        raise PipelineError(
            "--subject-prefix",
            f"{answer[:150]!r} is no beginning of a subject",
            f"what stands before `pull_request` and `environment:NAME` in it; or all of it with {CONTEXT} in their "
            "place",
            f'let GitHub fill it in: --subject-prefix "$({repository.question})"',
        )
    if subject.startswith("repo:") and named_in(subject) != (repository.owner, repository.name):
        raise PipelineError(
            "--subject-prefix",
            f"{answer[:150]!r} is not of {repository}",
            "repo:OWNER/REPOSITORY or repo:OWNER@ID/REPOSITORY@ID, spelt as --github",
            f"correct --github (GitHub's answer has the name in its own spelling), or ask again: {repository.question}",
        )
    return subject


def _template(repository: GitHub, answer: str) -> str:
    """GitHub's whole answer: whether the repository has GitHub's own form, and which claims another one is made of.

    https://docs.github.com/en/rest/actions/oidc#get-the-customization-template-for-an-oidc-subject-claim-for-a-repository
    """
    try:
        said: dict[str, Any] = json.loads(answer)
    except ValueError:
        said = {}
    prefix = str(said.get("sub_claim_prefix") or "")
    keys = [str(key) for key in said.get("include_claim_keys") or ()]
    if said.get("use_default") is not False and prefix:
        return prefix
    if said.get("use_default") is False and keys and "context" not in keys:
        raise PipelineError(
            "--subject-prefix",
            f"the tokens of {repository} say {', '.join(keys)}, and not what a job is for",
            "with `context` among its claims a subject tells a pull request from an approved deployment: without it "
            "every job could sign in as the deployer",
            "let the claims be repo and context: gh api --method PUT "
            f"repos/{repository}/actions/oidc/customization/sub -F use_default=false -f 'include_claim_keys[]=repo' "
            "-f 'include_claim_keys[]=context'",
        )
    known = {"repo": prefix if prefix.startswith("repo:") else "", "context": CONTEXT}
    if said.get("use_default") is False and keys and all(known.get(key) for key in keys):
        return ":".join(known[key] for key in keys)
    form = ":".join(known.get(key) or f"{key}:<{key}>" for key in keys) or f"repo:{repository}"
    raise PipelineError(
        "--subject-prefix",
        "GitHub's answer doesn't hold all that its tokens say",
        f"the beginning of a subject, or all of it with {CONTEXT} where the purpose stands",
        f"write it as a job's token has it (`airflow-entra federated` shows it): --subject-prefix {word(form)}",
    )
