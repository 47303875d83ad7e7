"""`airflow-entra import` in a project: which file, which backend, with whose eyes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx

from airflow_entra.access import DeclaredStack
from airflow_entra.access.token import TokenError, unverified_claims
from airflow_entra.access.vault import VaultPlace
from airflow_entra.directory.credentials import ARM, GRAPH, token_source
from airflow_entra.directory.registered import Registered
from airflow_entra.directory.vaults import LiveVault
from airflow_entra.finding import Finding
from airflow_entra.importing.choices import Choices, DraftError
from airflow_entra.importing.draft import draft
from airflow_entra.importing.report import Report
from airflow_entra.importing.roles import NOBODY_KNOWS
from airflow_entra.importing.take_over import Sources, read, take_over, write
from airflow_entra.local.errors import LocalError
from airflow_entra.local.workspace import prepare_workspace
from airflow_entra.local.world import World, project_world, workspace
from airflow_entra.pulumi.runner import Pulumi
from airflow_entra.pulumi.trouble import NoSuchStackError
from airflow_entra.recovery.recover import recover, tenant_clients
from airflow_entra.settings import StackSettings, load
from airflow_entra.settings.model import VaultSecret
from airflow_entra_auth.azure import RESOURCE_MANAGER, VAULT_DOMAIN
from airflow_entra_auth.graph import Graph


def run(
    client_id: str,
    tenant_id: str,
    choices: Choices,
    out: Path | None,
    *,
    overwrite: bool,
    file_only: bool,
    say: Callable[[str], None],
) -> Report:
    """The whole command. Files first, the state after; where it stops, the same call goes on.

    Raises what the commands tell: SettingsError, LocalError, DraftError, GraphError, CredentialError,
    NoSuchApplicationError, PulumiError and AmbiguousError.
    """
    world = project_world()
    file = out or world.stack_file(choices.stack)
    if file.exists() and not overwrite:
        existing = DeclaredStack(choices.stack, load(file))
        choices = _as_the_file_says(choices, existing)
        stack: DeclaredStack | None = existing
    else:
        stack = None
    token = token_source(GRAPH, tenant_id)
    sources = Sources(Graph(token), Graph(token_source(ARM, tenant_id), base=RESOURCE_MANAGER), tenant_id)
    choices = replace(choices, deployer=_object_id(token()))
    try:
        say(f"Reading application {client_id} from tenant {tenant_id} ...")
        application, vaults = read(sources, client_id, choices)
        if stack is None:
            findings = write(application, vaults, choices, file, overwrite=overwrite).findings
            say(f"{file} is written.")
            stack, written = DeclaredStack(choices.stack, load(file)), True
        else:
            findings, written = _about(application, vaults, choices, stack.settings), False
        report = Report(choices.stack, str(file), written, findings)
        if file_only or file.resolve() != world.stack_file(choices.stack).resolve():
            return report
        pulumi = _pulumi(world, stack, say)
        taken = take_over(stack, application, sources, pulumi, say)
    except httpx.TransportError as error:
        raise LocalError(f"the tenant did not answer: {error}; run the same command again") from error
    found = (*taken.findings, *report.found)
    return replace(report, imported=taken.imported, differing=taken.differing, found=found)


def _object_id(token: str) -> str | None:
    """Who imports: that one deploys, and will be an owner."""
    try:
        oid = unverified_claims(token).get("oid")
    except TokenError:
        return None
    return oid if isinstance(oid, str) else None


def _as_the_file_says(choices: Choices, stack: DeclaredStack) -> Choices:
    """A file that is there has decided what the options would."""
    settings, access = stack.settings, stack.plan
    place = VaultPlace.of(settings, settings.credential) if isinstance(settings.credential, VaultSecret) else None
    groups = {group.object_id or group.name: group.roles[0] for group in access.groups.values()}
    return replace(
        choices,
        environment=settings.environment,
        licence=settings.tenant.licence,
        roles=groups | {role.id: role.value for role in access.app_roles},
        owners=tuple(settings.owners.application),
        subscription=settings.subscription_id,
        vault=None if place is None else place.id,
        secret_name=settings.credential.secret_name if isinstance(settings.credential, VaultSecret) else None,
    )


def _about(
    application: Registered, vaults: Sequence[LiveVault], choices: Choices, settings: StackSettings
) -> tuple[Finding, ...]:
    """What is to be said about the tenant, with a stack file that is there already and has settled some of it."""
    settled = {f"role {name}" for name, role in settings.roles.items() if role.dags not in ({}, NOBODY_KNOWS)}
    try:
        findings = draft(application, vaults, choices if vaults else replace(choices, vault=None)).findings
    except DraftError as problem:
        findings = problem.findings
    return tuple(one for one in findings if one.where not in settled)


def _pulumi(world: World, stack: DeclaredStack, say: Callable[[str], None]) -> Pulumi:
    """Pulumi on the stack, which is made where it may be; what an interrupted run left is settled."""
    local = workspace()
    if local:  # on the local tenant: Pulumi sees copies of the stack files, and makes stacks as they are needed
        prepare_workspace(World(world.project, local.parent, world.stacks))
    pulumi = Pulumi(local or world.project, os.environ, stack.name)
    try:
        recover(pulumi, partial(tenant_clients, stack.settings.tenant_id, stack.settings.subscription_id or ""), say)
    except NoSuchStackError:
        if not local:
            raise NoSuchStackError(
                f"the backend has no stack {stack.name}. Make it with the secrets provider that it is to have, then "
                f"run this command again:\n  pulumi stack init {stack.name} "
                f"--secrets-provider azurekeyvault://<vault>.{VAULT_DOMAIN}/keys/<key>"
            ) from None
        pulumi.init()
    return pulumi
