"""What the CI system has to know, none of it secret, and the commands that tell it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from airflow_entra.access.grants import Made
from airflow_entra.access.pipeline import Pipeline
from airflow_entra.access.repository import PREVIEW, AzureDevOps, GitHub, identity_name
from airflow_entra.escape.shell import word
from airflow_entra.settings.issuers import GITHUB

DRIFT = "drift"
"""The environment of the nightly run: it has no approval, and its identity can only read."""
_GROUP = "airflow-entra"


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of the repository, or of one `environment`."""

    name: str
    value: str
    environment: str | None = None


def variables(
    pipeline: Pipeline,
    made: Mapping[str, Made],
    providers: Mapping[str, str],
    stacks: Mapping[str, Sequence[str]],
) -> tuple[Variable, ...]:
    """`made`, `providers` (what encrypts an environment's secrets) and `stacks` by environment.

    What is missing isn't known yet. PREVIEW_STACKS is there where the reader may not look at all of them.

    The preview's identity is a variable of the repository: a pull request runs in no environment.
    """

    def client(key: str) -> str:
        identity = next(one for one in pipeline.identities if one.key == key)
        return (made.get(key) or Made.not_yet(identity)).client

    found = [
        Variable("AZURE_TENANT_ID", pipeline.tenant),
        Variable("AZURE_SUBSCRIPTION_ID", pipeline.state.subscription),
        Variable("AZURE_CLIENT_ID_PREVIEW", client(PREVIEW)),
        Variable("PULUMI_BACKEND_URL", pipeline.state.backend),
    ]
    if pipeline.without_preview:
        seen = [name for key, names in stacks.items() if key not in pipeline.without_preview for name in names]
        found.append(Variable("PREVIEW_STACKS", " ".join(seen)))
    for environment in pipeline.environments:
        found += [
            Variable("AZURE_CLIENT_ID", client(environment), environment),
            Variable("PULUMI_SECRETS_PROVIDER", providers.get(environment, "<known once it is made>"), environment),
        ]
    return tuple(found)


def commands(pipeline: Pipeline, known: Sequence[Variable]) -> tuple[str, ...]:
    """The lines for a shell, in order: the environments before what stands in them."""
    if isinstance(pipeline.repository, GitHub):
        return tuple(_github(pipeline.repository, pipeline.environments, known))
    return tuple(_azure_devops(pipeline.repository, known))


def _github(repository: GitHub, environments: Sequence[str], known: Sequence[Variable]) -> Iterator[str]:
    ask = "gh api --silent" + ("" if repository.host == GITHUB else f" --hostname {repository.host}")
    where = str(repository) if repository.host == GITHUB else f"{repository.host}/{repository}"
    for environment in (*environments, DRIFT):
        path = word(f"repos/{repository}/environments/{environment}")
        # Only where there is none: PUT without a body may take the protections of one that is there.
        yield f"{ask} {path} 2>/dev/null || {ask} --method PUT {path}"
    for one in known:
        place = f" --env {word(one.environment)}" if one.environment else ""
        yield f"gh variable set {one.name} --repo {where}{place} --body {word(one.value)}"


def _azure_devops(project: AzureDevOps, known: Sequence[Variable]) -> Iterator[str]:
    """A pipeline's identity comes from its service connection; everything else stands in variable groups."""
    groups: dict[str, list[str]] = {}
    for one in known:
        if one.name.startswith("AZURE_CLIENT_ID"):
            connection = identity_name(one.environment or PREVIEW)
            yield f"# Finish the service connection {connection} with the application (client) id {one.value}"
        else:
            name = f"{_GROUP}-{one.environment}" if one.environment else _GROUP
            groups.setdefault(name, []).append(word(f"{one.name}={one.value}"))
    for name, values in groups.items():
        yield f"az pipelines variable-group create {project.address} --name {word(name)} --variables {' '.join(values)}"
