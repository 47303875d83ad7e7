"""`airflow-entra import` in a project: which file, which backend, with whose eyes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from airflow_entra.access import DeclaredStack
from airflow_entra.access.token import unverified_claims
from airflow_entra.access.vault import VaultPlace
from airflow_entra.directory.clients import Clients
from airflow_entra.directory.registered import Registered
from airflow_entra.directory.vaults import LiveVault
from airflow_entra.errors import UserError, shown
from airflow_entra.finding import Finding
from airflow_entra.importing.choices import Choices, DraftError
from airflow_entra.importing.draft import draft
from airflow_entra.importing.existing_sign_in import existing_sign_in
from airflow_entra.importing.report import Report
from airflow_entra.importing.roles import NOBODY_KNOWS
from airflow_entra.importing.take_over import read, take_over, write
from airflow_entra.importing.webserver_config import read_config
from airflow_entra.local.world import World
from airflow_entra.pulumi.runner import Pulumi
from airflow_entra.pulumi.trouble import NoSuchStackError, PulumiError
from airflow_entra.recovery.recover import recover
from airflow_entra.settings import StackSettings, load
from airflow_entra.settings.model import VaultSecret
from airflow_entra.target import Target, asking, target_at, target_of
from airflow_entra.variables import NEEDS
from airflow_entra_auth.azure import VAULT_DOMAIN


def target_of_import(
    world: World, choices: Choices, stack: DeclaredStack | None, *, port: int, say: Callable[[str], None]
) -> Target:
    """The target of a stack that may have no file yet. Raises UserError where nothing says in which tenant."""
    if stack:
        return target_of(world, stack, port=port, say=say)
    tenant_id = choices.tenant_id
    if tenant_id is None:
        raise UserError("say in which tenant: --tenant ID, or ARM_TENANT_ID")
    return target_at(world, choices.stack, choices.environment, tenant_id, choices.subscription, port=port, say=say)


def with_present_sign_in(choices: Choices, client_id: str | None, config: Path | None) -> tuple[Choices, str | None]:
    """The choices, and the application's client id, with what Airflow's webserver_config.py says as well.

    Raises UserError where it is about another application or tenant than the caller.
    """
    if config is None:
        return choices, client_id
    existing = existing_sign_in(read_config(config))
    for what, said, asked in (
        ("application", existing.client_id, client_id),
        ("tenant", existing.tenant_id, choices.tenant_id),
    ):
        if said and asked and said.lower() != asked.lower():
            raise UserError(
                f"{shown(config)} signs people in with {what} {said}, and {what} {asked} was asked for: give the "
                f"configuration of the Airflow that is taken over, or --{what} {said}"
            )
    tenant_id = choices.tenant_id or existing.tenant_id
    roles = {**existing.roles, **choices.roles}
    return replace(choices, tenant_id=tenant_id, roles=roles, existing=existing), client_id or existing.client_id


def run(
    world: World,
    client_id: str,
    choices: Choices,
    out: Path | None,
    *,
    overwrite: bool,
    file_only: bool,
    dry_run: bool = False,
    port: int,
    say: Callable[[str], None],
) -> Report:
    """The whole command. Files first, the state after; where it stops, the same call goes on.

    What would be lost is said before anything is written; with `dry_run` nothing is. `port` is where a local tenant is
    started that isn't running; 0 for any. Raises UserError and what asking raises.
    """
    file = out or world.stack_file(choices.stack)
    stack = DeclaredStack(choices.stack, load(file)) if file.exists() and not overwrite else None
    if stack:
        choices = _as_the_file_says(choices, stack)
    target = target_of_import(world, choices, stack, port=port, say=say)
    with asking(target) as clients:
        choices = replace(choices, deployer=_object_id(clients.token()))
        say(f"Reading application {client_id} from tenant {target.tenant_id} ...")
        application, vaults = read(clients, client_id, choices)
        if stack:
            findings, written = _about(application, vaults, choices, stack.settings), False
        else:
            drafted = draft(application, vaults, choices)
            findings, written = drafted.findings, not dry_run
            for finding in findings:
                if finding.severity != "note":
                    say(f"Before anything is written: {finding.where}: {finding.what}")
            if written:
                write(drafted, application.client_id, choices.stack, file, overwrite=overwrite)
                say(f"{shown(file)} is written.")
                stack = DeclaredStack(choices.stack, load(file))
        report = Report(choices.stack, shown(file), written, findings, dry_run=dry_run)
        if stack is None or dry_run or file_only or file.resolve() != world.stack_file(stack.name).resolve():
            return report
        taken = take_over(stack, application, clients, _pulumi(target, clients, say), say)
    found = (*taken.findings, *(finding for finding in report.found if finding not in taken.settled))
    return replace(report, imported=taken.imported, differing=taken.differing, found=found)


def _object_id(token: str) -> str | None:
    """Who imports: that one deploys, and will be an owner."""
    try:
        oid = unverified_claims(token).get("oid")
    except UserError:
        return None
    return oid if isinstance(oid, str) else None


def _as_the_file_says(choices: Choices, stack: DeclaredStack) -> Choices:
    """A file that is there has decided what the options would."""
    settings, access = stack.settings, stack.plan
    place = VaultPlace.of(settings, settings.credential) if isinstance(settings.credential, VaultSecret) else None
    groups = {group.object_id or group.name: tuple(group.roles) for group in access.groups.values()}
    return replace(
        choices,
        environment=settings.environment,
        licence=settings.tenant.licence,
        roles=groups | {role.id: (role.value,) for role in access.app_roles},
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
    return tuple(finding for finding in findings if finding.where not in settled)


def _pulumi(target: Target, clients: Clients, say: Callable[[str], None]) -> Pulumi:
    """Pulumi on the stack, which is made where it may be; what an interrupted run left is settled."""
    pulumi = target.pulumi(new_file=True)
    pulumi.environment[NEEDS] = "no"  # whoever takes over makes nothing
    try:
        recover(pulumi, lambda: clients, say)
    except NoSuchStackError:
        if not target.own_backend:
            raise PulumiError(
                f"the backend has no stack {pulumi.stack}. Make it with the secrets provider that it is to have, then "
                f"run this command again:\n  pulumi stack init {pulumi.stack} "
                f"--secrets-provider azurekeyvault://<vault>.{VAULT_DOMAIN}/keys/<key>"
            ) from None
        pulumi.init()
    return pulumi
