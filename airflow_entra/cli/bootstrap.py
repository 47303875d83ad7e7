"""airflow-entra bootstrap: what the pipelines need before the first of them can run."""

from __future__ import annotations

import os
from pathlib import Path

import click

from airflow_entra.cli.common import Form, format_option
from airflow_entra.cli.output import agreed, can_ask, result, say


def _listed(_: click.Context, __: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """An option that may be repeated, or hold several names with commas between them."""
    return tuple(dict.fromkeys(name.strip() for one in value for name in one.split(",") if name.strip()))


@click.command(name="bootstrap")
@click.option("--github", metavar="OWNER/REPOSITORY", help="The repository whose workflows deploy.")
@click.option("--azure-devops", metavar="ORGANISATION/PROJECT", help="The project whose pipelines deploy.")
@click.option("--stack", "stacks", multiple=True, metavar="NAME", help="Take this stack's file; repeat it. Else all.")
@click.option(
    "--subject-prefix",
    metavar="ANSWER",
    help="With what the subject of this repository's tokens begins, as GitHub says it: "
    '"$(gh api repos/OWNER/REPOSITORY/actions/oidc/customization/sub)". Asked for once.',
)
@click.option(
    "--issuer", metavar="URL", help="The issuer of an enterprise, of ghe.com or of a GitHub server. Else github.com's."
)
@click.option(
    "--connections",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What Azure DevOps says about its service connections: the JSON of the command that is printed without it.",
)
@click.option(
    "--trust",
    "trusts",
    multiple=True,
    nargs=3,
    metavar="IDENTITY ISSUER SUBJECT",
    help="What one identity trusts, as a service connection or a runner's own platform shows it. Repeatable.",
)
@click.option("--environments", multiple=True, callback=_listed, metavar="NAMES", help="Else those of the stack files.")
@click.option(
    "--without-preview",
    multiple=True,
    callback=_listed,
    metavar="NAMES",
    help="Environments whose state no pull request's preview may decrypt.",
)
@click.option("--audit", is_flag=True, help="The reader may see people's sign-ins, for the nightly audit.")
@click.option("--owner", "owners", multiple=True, metavar="OBJECT-ID", help="An owner of the identities. Else nobody.")
@click.option("--resource-group", default="rg-airflow-entra", show_default=True, metavar="NAME")
@click.option("--existing-resource-group", is_flag=True, help="The resource group exists; only what is in it is ours.")
@click.option("--subscription", metavar="ID", help="Where the state lies. Else production's, as its stack file says.")
@click.option("--location", metavar="REGION", help="Else as for the subscription.")
@click.option("--storage-account", metavar="NAME", help="Else a name made of subscription, group and repository.")
@click.option("--vault", metavar="NAME", help="Else the same.")
@click.option("--redundancy", type=click.Choice(["LRS", "ZRS", "GRS", "GZRS"]), default="ZRS", show_default=True)
@click.option("--yes", is_flag=True, help="Make it without asking.")
@format_option
def command(
    github: str | None,
    azure_devops: str | None,
    stacks: tuple[str, ...],
    subject_prefix: str | None,
    issuer: str | None,
    connections: Path | None,
    trusts: tuple[tuple[str, str, str], ...],
    environments: tuple[str, ...],
    without_preview: tuple[str, ...],
    audit: bool,
    owners: tuple[str, ...],
    resource_group: str,
    existing_resource_group: bool,
    subscription: str | None,
    location: str | None,
    storage_account: str | None,
    vault: str | None,
    redundancy: str,
    yes: bool,
    form: Form,
) -> None:
    """Make the pipelines' identities, the place of their state and the keys that encrypt it; say what to grant.

    One identity previews and only reads, one for each environment deploys. None has a secret: each trusts exact
    subjects of the CI system, which says itself what they are. Run by a person once, with the rights to make
    applications and to own the resource group; again after each change of stack files: what was said once, and what
    somebody corrected since, stands. Without --yes it shows what it would do, and asks at a terminal.

    On the local tenant: airflow-entra local run -- airflow-entra bootstrap --github contoso/airflow
    --subject-prefix repo:contoso/airflow --yes
    """
    from airflow_entra.commands.bootstrap import Call, call
    from airflow_entra.local.world import project_world
    from airflow_entra.report.bootstrap import conclusion, render

    if bool(github) == bool(azure_devops):
        raise click.UsageError("say where the pipelines run: --github OWNER/REPOSITORY or --azure-devops ORG/PROJECT")
    if azure_devops and (subject_prefix or issuer):
        raise click.UsageError(
            "--subject-prefix and --issuer are GitHub's; with --azure-devops use --connections or --trust"
        )
    if github and connections:
        raise click.UsageError("--connections is Azure DevOps's; with --github use --subject-prefix or --trust")
    world = project_world()
    asked = Call(
        github=github,
        azure_devops=azure_devops,
        stacks=stacks,
        subject=subject_prefix,
        issuer=issuer,
        trusts=trusts,
        connections=connections,
        options={
            "environments": environments,
            "without_preview": without_preview,
            "owners": owners,
            "audit": audit,
            "resource_group": resource_group,
            "group_exists": existing_resource_group,
            "subscription": subscription,
            "location": location,
            "account": storage_account,
            "vault": vault,
            "redundancy": redundancy,
        },
    )
    outcome = call(asked, world.project, world.stacks, os.environ, say, _agreed if not yes else lambda _: True)
    result(render(outcome, form))
    say(f"\n{conclusion(outcome)}")
    if outcome.steps and not outcome.applied:
        say("Next: the same with --yes.")
    elif outcome.asks:
        say("Next: hand over what is to be granted (--format markdown), then set the CI system's variables.")


def _agreed(question: str) -> bool:
    return can_ask() and agreed(question)
