"""airflow-entra import: a hand-made app registration becomes a stack."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from airflow_entra.cli.common import Form, as_setting, form_of, format_option, target_port_option
from airflow_entra.cli.output import result, say, show, width

if TYPE_CHECKING:
    from airflow_entra.importing.choices import Choices, Groups
    from airflow_entra.settings.model import Environment, Licence


@click.command(name="import")
@click.option("--stack", required=True, help="The stack that the application becomes.")
@click.option("--application", metavar="CLIENT-ID", help="The application to take over.")
@click.option(
    "--tenant",
    envvar="ARM_TENANT_ID",
    metavar="ID",
    help="The tenant's id, where no stack file says it.  [env: ARM_TENANT_ID]",
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="The stack file, if not stacks/Pulumi.STACK.yaml."
)
@click.option(
    "--overwrite", is_flag=True, help="Write the stack file anew where there is one; else it is used as it is."
)
@click.option("--dry-run", is_flag=True, help="Say what was found and what would be lost; write nothing.")
@click.option(
    "--webserver-config",
    "config",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Airflow's present webserver_config.py: its roles, application and tenant are taken over, and what would be "
    "lost is said. It is read, never run.",
)
@click.option("--file-only", is_flag=True, help="Write the stack file and say what was found; leave the state alone.")
@click.option(
    "--environment",
    type=click.Choice(["local", "development", "staging", "production"]),
    default="production",
    show_default=True,
)
@click.option(
    "--licence", type=click.Choice(["none", "P1", "P2"]), help="The tenant's; else guessed from what it does."
)
@click.option("--airflow-version", metavar="3.3|2.11", default="3.3", show_default=True)
@click.option("--url", metavar="BASE", help="Airflow's public base URL, where no redirect URI tells it.")
@click.option(
    "--groups",
    type=click.Choice(["keep", "manage"]),
    default="keep",
    show_default=True,
    help="keep: groups stay owned elsewhere, named by their id. manage: the stack owns those that it can.",
)
@click.option(
    "--role",
    "roles",
    multiple=True,
    metavar="WHAT=ROLE",
    help="Which Airflow role an app role's value or a group (name or id) stands for; repeat it.",
)
@click.option("--owner", "owners", multiple=True, metavar="ID", help="Another owner of the application; repeat it.")
@click.option("--subscription", envvar="ARM_SUBSCRIPTION_ID", metavar="ID", help="Where to look for the key vault.")
@click.option("--vault", metavar="RESOURCE-ID", help="The key vault that keeps the client secret.")
@click.option("--secret-name", metavar="NAME", help="The client secret's name in the vault.")
@click.option(
    "--users",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Airflow's users (`airflow users list -o json`): write a file in which a person decides who each of them is. "
    "Given that file: check it.",
)
@click.option(
    "--apply", is_flag=True, help="With a reviewed --users file: print its links, if nothing is wrong with it."
)
@target_port_option
@format_option
def command(
    stack: str,
    application: str | None,
    tenant: str | None,
    out: Path | None,
    overwrite: bool,
    dry_run: bool,
    config: Path | None,
    file_only: bool,
    environment: Environment,
    licence: Licence | None,
    airflow_version: str,
    url: str | None,
    groups: Groups,
    roles: tuple[str, ...],
    owners: tuple[str, ...],
    subscription: str | None,
    vault: str | None,
    secret_name: str | None,
    users: Path | None,
    apply: bool,
    port: int,
    form: Form,
) -> None:
    """Take over an app registration that was made by hand, or a stack whose state was lost.

    Reads the tenant as the identity in the ARM_* variables (that of a local stack as its deploying identity), writes
    the stack file, says what a stack file can't say or shouldn't, and brings what is there into the stack's state.
    Changes nothing in the tenant. Can be interrupted and run again. Exit code 0 where the next `pulumi up` changes
    nothing, 1 where it does or something was found.
    """
    from airflow_entra.commands.import_ import run, with_present_sign_in
    from airflow_entra.finding import exit_code
    from airflow_entra.importing.choices import Choices
    from airflow_entra.importing.report import FAIL_ON, conclusion, render
    from airflow_entra.local.world import project_world
    from airflow_entra.settings.types import AirflowVersion, Url

    form_of(None, out, ("yaml",), "yaml")
    airflow_version = as_setting(AirflowVersion, airflow_version, "--airflow-version")
    url = as_setting(Url, url, "--url") if url else None
    if apply and users is None:
        raise click.UsageError("--apply goes with --users")
    choices = Choices(
        stack=stack,
        tenant_id=tenant,
        environment=environment,
        licence=licence,
        airflow_version=airflow_version,
        urls=(url,) if url else (),
        groups=groups,
        roles=_pairs(roles),
        owners=owners,
        subscription=subscription,
        vault=vault,
        secret_name=secret_name,
    )
    if users is not None:
        _users(users, choices, out, overwrite=overwrite, apply=apply, port=port)
        return
    choices, client_id = with_present_sign_in(choices, application, config)
    if client_id is None:
        raise click.UsageError("say which: --application CLIENT-ID")
    report = run(
        project_world(),
        client_id.lower(),
        choices,
        out,
        overwrite=overwrite,
        file_only=file_only,
        dry_run=dry_run,
        port=port,
        say=say,
    )
    result(render(report, form, width()))
    say(conclusion(report))
    sys.exit(exit_code(report.findings, FAIL_ON))


def _users(file: Path, choices: Choices, out: Path | None, *, overwrite: bool, apply: bool, port: int) -> None:
    from airflow_entra.commands.users import Proposed, links_text, review_users
    from airflow_entra.finding import exit_code
    from airflow_entra.local.world import project_world
    from airflow_entra.report.findings import as_text, counted
    from airflow_entra.words import form, many

    found = review_users(project_world(), choices, file, out, overwrite=overwrite, port=port, say=say)
    if isinstance(found, Proposed):
        counts = ", ".join(f"{count} {proposal}" for proposal, count in sorted(found.counts.items())) or "none"
        show(str(found.file))
        known = f"{many(found.known, 'user')} {form(found.known, 'is', 'are')} known already"
        say(f"Proposals: {counts}; {known}. Next: decide each, and check that file.")
        return
    result(as_text(found.findings, width()))
    if found.findings:
        say(f"{counted(found.findings)}: correct them and check again. Nothing was linked.")
        sys.exit(exit_code(found.findings))
    if apply:
        result(links_text(found))
    say(f"{many(len(found.links), 'link')}, reviewed by {found.by}." + ("" if apply else " Next: --apply prints them."))


def _pairs(texts: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    pairs: dict[str, tuple[str, ...]] = {}
    for text in texts:
        what, found, role = text.rpartition("=")
        if not (found and what.strip() and role.strip()):
            raise click.BadParameter(f"{text!r} is not WHAT=ROLE, such as airflow_admin=Admin", param_hint="--role")
        pairs[what.strip()] = (*pairs.get(what.strip(), ()), role.strip())
    return pairs
