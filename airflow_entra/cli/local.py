"""airflow-entra local: a whole Entra tenant on this machine."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from airflow_entra import next_step
from airflow_entra.cli import LazyGroup
from airflow_entra.cli.common import next_steps, own_command, tenant_port_option
from airflow_entra.cli.output import agreed, say, show, width
from airflow_entra.errors import UserError, shown
from airflow_entra.local import tenant as tenants
from airflow_entra.local.identities import FULL, KNOWN
from airflow_entra.local.world import project_world
from airflow_entra.pulumi import PROJECT
from airflow_entra.words import form, many

if TYPE_CHECKING:
    from airflow_entra.local.airflow.deployed import Standing


@click.group(
    name="local",
    cls=LazyGroup,
    lazy={name: f"airflow_entra.cli.{name}" for name in ("airflow", "clock", "fault", "seed", "watch")},
)
def command() -> None:
    """A local Entra tenant: everything runs on this machine, with no Azure account."""


@command.command()
@tenant_port_option()
def up(port: int) -> None:
    """Start the tenant in the background, or find it running."""
    world = project_world()
    killed = tenants.was_killed(world)
    found = tenants.running(world)
    tenant = found or tenants.start(world, port)
    if found:
        show(f"The local tenant is running already: {tenant.url} (process {tenant.pid}).")
        return
    if killed:
        say("The tenant of an earlier run was killed; it goes on with the state it had.")
    show(f"The local tenant is up: {tenant.url} (process {tenant.pid}).")


@command.command()
def down() -> None:
    """Stop what `local` started; the state stays."""
    from airflow_entra.local.airflow.deployed import stop_all

    world = project_world()
    airflows = stop_all(world)
    stopped = tenants.stop(world)
    if airflows:
        stand = form(airflows, "is stopped; its state is kept", "are stopped; their state is kept")
        show(f"{many(airflows, 'Airflow')} {stand}.")
    show("The local tenant is stopped; its state is kept." if stopped else "No local tenant is running.")


@command.command()
def status() -> None:
    """Say whether the tenant runs, where, and for whom; and the Airflows with their watchers.

    Exit code 1 where the tenant, or a part of an Airflow that was started, doesn't run.
    """
    from airflow_entra.local import clock, fault
    from airflow_entra.local.airflow.deployed import standings
    from airflow_entra.local.identities import identities
    from airflow_entra.settings import durations

    world = project_world()
    tenant = tenants.running(world)
    if tenant is None:
        how = "was killed" if tenants.was_killed(world) else "is not running"
        show(f"The local tenant {how}. `{own_command('local up')}` starts it with its state.")
        _airflows(standings(world))
        sys.exit(1)
    show(f"running    process {tenant.pid}")
    show(f"page       {tenant.url}")
    show(f"proxy      {tenant.proxy}")
    show(f"CA         {shown(tenant.ca_file)}")
    ahead, faults = clock.read(world).ahead, fault.read(world)
    if ahead:
        show(f"clock      {durations.format(ahead)} ahead of this machine ({own_command('local clock --reset')})")
    for line in faults.lines() if faults else ():
        show(f"fault      {line}")
    for identity in identities(world).values():
        show(f"identity   {identity.name}: client {identity.client_id}, object {identity.object_id}")
    airflows = standings(world)
    _airflows(airflows)
    if any(airflow.missing for airflow in airflows):
        sys.exit(1)


def _airflows(found: Sequence[Standing]) -> None:
    for airflow in found:
        show(f"Airflow    {airflow.url}, logs in {shown(airflow.folder / 'logs')}")
        if airflow.watcher:
            show(f"           watcher: {airflow.watcher}")
        if airflow.missing:
            show(f"           not running: {', '.join(airflow.missing)}. `{own_command(airflow.command)}` starts it")


@command.command()
@click.option("--yes", is_flag=True, help="Don't ask.")
def reset(yes: bool) -> None:
    """Stop the tenant and delete the whole local world: tenant, stacks, Airflows and keys."""
    from airflow_entra.local.airflow.deployed import stop_all
    from airflow_entra.local.deploy import must_not_be_running

    world = project_world()
    must_not_be_running(world)
    if not yes:
        agreed(f"Delete {shown(world.home)} with all its state?", abort=True)
    stop_all(world)
    tenants.stop(world)
    world.remove()
    show("The local world is gone; no real stack or tenant was touched.")


@command.command(context_settings={"ignore_unknown_options": True})
@tenant_port_option()
@click.option("--identity", type=click.Choice([identity.name for identity in KNOWN]), default=FULL, show_default=True)
@click.option("--official-providers", is_flag=True, help="Use Pulumi's own provider plugins, found in ~/.pulumi.")
@click.argument("arguments", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND")
def run(port: int, identity: str, official_providers: bool, arguments: tuple[str, ...]) -> None:
    """Run COMMAND where Azure's own names lead to the local tenant.

    `airflow-entra local run -- pulumi up --stack prod --policy-pack policies` deploys the production stack, unchanged,
    on the local tenant.
    """
    from airflow_entra.local.run import needs_pulumi, open_session, stacks_in

    world = project_world()
    stacks = stacks_in(world, arguments)
    session = open_session(
        world,
        stacks,
        http_port=port,
        say=say,
        identity=identity,
        official_providers=official_providers,
        engine=needs_pulumi(arguments),
    )
    if arguments[0] == "pulumi":
        for stack in stacks:
            session.pulumi(stack)
    try:
        code = session.call(arguments)
    except FileNotFoundError:
        raise UserError(f"there is no command {arguments[0]!r} on PATH") from None
    sys.exit(code)


@command.command()
@tenant_port_option()
@click.option("--stack", default="local", show_default=True)
def deploy(port: int, stack: str) -> None:
    """`pulumi up` of a stack on the local tenant, with the policy pack, and a summary at the end."""
    from airflow_entra.local.deploy import deploy as deploy_stack
    from airflow_entra.local.run import open_session
    from airflow_entra.report.summary import summary

    session = open_session(project_world(), [stack], http_port=port, say=say)
    say(f"Local tenant: {session.tenant.url}. Deploying stack {stack} ...")
    outputs = deploy_stack(session, stack, say=say)
    changes = session.world.state.changes_of_last_update(PROJECT, stack)
    show(summary(stack, outputs, changes, width()))
    steps = {
        f"open {session.tenant.url}": "",
        own_command("local airflow"): "a real Airflow that signs in with it",
        own_command("who"): "who may sign in, and as what",
        own_command(f"local run -- {next_step.preview('prod')}"): "the production stack, on this tenant",
        own_command("check"): "every stack file, checked",
        "make down": "stop the tenant; its state stays",
    }
    show(next_steps(steps))
