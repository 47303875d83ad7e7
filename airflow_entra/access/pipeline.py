"""Who runs the pipelines and where the state lies: pure, from a few words and the stack files.

One identity previews and only reads; each environment has one that deploys. None has a secret: each trusts tokens of
the CI system that are made for exactly one purpose.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from airflow_entra.access.identity_permissions import deploying, previewing
from airflow_entra.access.repository import PREVIEW, AzureDevOps, GitHub, PipelineError, Trust, identity_name
from airflow_entra.settings.model import Environment, StackSettings

Redundancy = Literal["LRS", "ZRS", "GRS", "GZRS"]
CONTAINER = "state"
_PROTECTED_FIRST: tuple[Environment, ...] = ("production", "staging", "development", "local")


@dataclass(frozen=True, slots=True)
class Identity:
    """An app registration with its service principal. `key` is `preview` or the environment that it deploys."""

    key: str
    name: str
    tags: tuple[str, ...]
    trusts: tuple[Trust, ...]
    permissions: tuple[str, ...]
    """Application permissions of Microsoft Graph that it asks for; nobody but the identity team grants them."""

    @property
    def previews(self) -> bool:
        return self.key == PREVIEW


@dataclass(frozen=True, slots=True)
class StatePlace:
    """The storage account of the state, and the vault whose keys encrypt what is secret in it."""

    subscription: str
    location: str
    resource_group: str
    account: str
    vault: str
    redundancy: Redundancy = "ZRS"
    group_exists: bool = False

    @property
    def group_id(self) -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"

    @property
    def container_id(self) -> str:
        account = f"{self.group_id}/providers/Microsoft.Storage/storageAccounts/{self.account}"
        return f"{account}/blobServices/default/containers/{CONTAINER}"

    def key_id(self, environment: str) -> str:
        return f"{self.group_id}/providers/Microsoft.KeyVault/vaults/{self.vault}/keys/{key_name(environment)}"

    @property
    def backend(self) -> str:
        """What PULUMI_BACKEND_URL is."""
        return f"azblob://{CONTAINER}?storage_account={self.account}"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Everything that `airflow-entra bootstrap` declares."""

    tenant: str
    repository: GitHub | AzureDevOps
    environments: tuple[str, ...]
    identities: tuple[Identity, ...]
    state: StatePlace
    without_preview: tuple[str, ...] = ()
    """Environments whose state the previewing identity can't decrypt."""
    owners: tuple[str, ...] = ()

    @property
    def preview(self) -> Identity:
        return self.identities[0]

    @property
    def deployers(self) -> tuple[Identity, ...]:
        return self.identities[1:]


def pipeline(
    repository: GitHub | AzureDevOps,
    stacks: Mapping[str, StackSettings],
    *,
    environments: Sequence[str] = (),
    without_preview: Sequence[str] = (),
    owners: Sequence[str] = (),
    audit: bool = False,
    resource_group: str = "rg-airflow-entra",
    group_exists: bool = False,
    subscription: str | None = None,
    location: str | None = None,
    account: str | None = None,
    vault: str | None = None,
    redundancy: Redundancy = "ZRS",
    trusts: Mapping[str, tuple[Trust, ...]] | None = None,
) -> Pipeline:
    """What the stacks of a repository need. What isn't said is taken from the most protected environment's stacks.

    `trusts` by an identity's key are what it trusts where that isn't what the repository's tokens say.

    Raises PipelineError.
    """
    chosen = _environments(stacks, environments)
    unknown = sorted(set(without_preview) - set(chosen))
    if unknown:
        raise PipelineError(
            "--without-preview",
            f"there is no environment {', '.join(unknown)} here",
            f"it is one of {_or(chosen)}",
            "name one of them, or leave it out",
        )
    ours = {name: one for name, one in stacks.items() if one.environment in chosen}
    first = sorted(ours.values(), key=lambda one: _PROTECTED_FIRST.index(one.environment))
    tenant = _tenant(ours)
    place = StatePlace(
        subscription=subscription or _first(first, "subscription_id", "--subscription"),
        location=location or _first(first, "location", "--location"),
        resource_group=resource_group,
        account="",
        vault="",
        redundancy=redundancy,
        group_exists=group_exists,
    )
    digest = hashlib.sha256(f"{place.group_id.lower()}\n{repository}".encode()).hexdigest()[:10]
    state = replace(place, account=account or f"stairflow{digest}", vault=vault or f"kv-airflow-{digest}")
    known = trusts or {}

    def trusted(key: str) -> tuple[Trust, ...]:
        if key in known:
            return known[key]
        if isinstance(repository, GitHub):
            return repository.trusts(key)
        raise repository.unasked([key for key in (PREVIEW, *chosen) if key not in known])

    preview = Identity(
        PREVIEW,
        identity_name(PREVIEW),
        _tags(repository, PREVIEW),
        trusted(PREVIEW),
        previewing(ours.values(), audit=audit),
    )
    deployers = (
        Identity(
            one,
            identity_name(one),
            _tags(repository, one),
            trusted(one),
            deploying(each for each in ours.values() if each.environment == one),
        )
        for one in chosen
    )
    return Pipeline(
        tenant,
        repository,
        chosen,
        (preview, *deployers),
        state,
        tuple(sorted({*without_preview})),
        tuple(sorted({*owners})),
    )


def key_name(environment: str) -> str:
    """The key of one environment: whoever deploys another can't decrypt it."""
    return f"{CONTAINER}-{environment}"


def _tags(repository: GitHub | AzureDevOps, key: str) -> tuple[str, ...]:
    """By these a run that was interrupted finds what it had already made. No stack's name holds a slash."""
    return ("airflow-entra-bootstrap", f"airflow-entra:bootstrap/{repository}/{key}")


def _environments(stacks: Mapping[str, StackSettings], wanted: Sequence[str]) -> tuple[str, ...]:
    there = {one.environment for one in stacks.values()}
    if unknown := [one for one in wanted if one not in get_args(Environment)]:
        raise PipelineError(
            "--environments",
            f"{', '.join(unknown)[:100]} is no environment",
            f"an environment is what a stack file says under airflow-entra:environment: {_or(_ordered(there))}",
            "name those that this repository deploys",
        )
    if missing := [one for one in wanted if one not in there]:
        raise PipelineError(
            "--environments",
            f"no stack file is of environment {', '.join(missing)}",
            f"the stack files are of {_or(_ordered(there))}",
            "write the stack file first: what the identity may do follows from it",
        )
    chosen = _ordered(wanted or there - {"local"})
    if not chosen:
        raise PipelineError(
            "stacks",
            "no stack file is of an environment that pipelines deploy",
            "there is at least one of production, staging or development",
            "write one, or try it all with --environments local on the local tenant",
        )
    return chosen


def _ordered(environments: Sequence[str] | set[Environment]) -> tuple[str, ...]:
    return tuple(one for one in _PROTECTED_FIRST if one in environments)


def _tenant(stacks: Mapping[str, StackSettings]) -> str:
    tenants = {one.tenant_id: name for name, one in stacks.items()}
    if len(tenants) > 1:
        named = ", ".join(f"{name} ({tenant})" for tenant, name in tenants.items())
        raise PipelineError(
            "stacks",
            f"they are of {len(tenants)} tenants: {named}",
            "an identity lives in one tenant",
            "choose the environments of one with --environments, and call again for the other",
        )
    return next(iter(tenants))


def _first(stacks: Sequence[StackSettings], name: str, option: str) -> str:
    found = next((value for one in stacks if (value := getattr(one, name))), None)
    if found is None:
        raise PipelineError(option, "no stack file says it", "the state has to lie somewhere", f"give {option}")
    return str(found)


def _or(names: Sequence[str]) -> str:
    return " or ".join(names)
