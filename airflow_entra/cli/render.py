"""airflow-entra render: Airflow's own configuration files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from airflow_entra.cli.common import as_setting, no_file
from airflow_entra.cli.output import result, say, show

if TYPE_CHECKING:
    from airflow_entra.render import Target

_TARGETS = (
    *("webserver-config", "env", "server-env", "watcher-env"),
    *("helm", "helm-watcher", "compose", "roles", "dag"),
)


@click.command(name="render")
@click.option("--stack", default="local", show_default=True, help="The stack whose Airflow is configured.")
@click.option("--target", type=click.Choice(_TARGETS), help="One file, on standard output unless --out is given.")
@click.option("--airflow-version", metavar="3.3|2.11", help="Which Airflow, where the stack has two; else the newest.")
@click.option("--url", metavar="BASE", help="The public base URL, where it is not the stack file's.")
@click.option(
    "--secret-from",
    metavar="PLACE",
    help="Where Airflow finds the client secret that something else keeps fresh, in place of the key vault: a path, or "
    "kubernetes:secret/NAME/KEY.",
)
@click.option("--watcher-secret-from", metavar="PLACE", help="The same for the watcher's own secret.")
@click.option("--stock", is_flag=True, help="For Airflow without airflow_entra_auth; says what that leaves open.")
@click.option(
    "--at",
    default="/opt/airflow",
    show_default=True,
    metavar="DIR",
    help="Where Airflow finds the files, in its image or on its host.",
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write into this folder.")
@click.option(
    "--outputs",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The stack's outputs, as `pulumi stack output --json` wrote them; else Pulumi is asked.",
)
def command(
    stack: str,
    target: Target | None,
    airflow_version: str | None,
    url: str | None,
    secret_from: str | None,
    watcher_secret_from: str | None,
    stock: bool,
    at: str,
    out: Path | None,
    outputs: Path | None,
) -> None:
    """Write Airflow's configuration for a deployed stack: settings, environment, Helm, Compose, sign-on
    file, and the DAG that audits it.

    Without --target, all of them into --out. No secret is in any of them. Exit code 2 where the stack is not deployed
    as its file says.
    """
    from airflow_entra.commands.render import rendered
    from airflow_entra.files import write_whole
    from airflow_entra.local.world import project_world
    from airflow_entra.render import FILES, NOT_STOCK, TARGETS, SecretPlaces

    if target is None and out is None:
        raise click.UsageError("say which file (--target), or where to write all of them (--out)")
    no_file(out)
    wanted = [target] if target else [file for file in TARGETS if not (stock and file in NOT_STOCK)]
    texts = rendered(
        project_world(),
        stack,
        wanted,
        outputs,
        version=airflow_version,
        url=_base_url(url),
        at=at,
        secrets=SecretPlaces(
            _place(secret_from, "--secret-from"), _place(watcher_secret_from, "--watcher-secret-from")
        ),
        stock=stock,
    )
    if out is None:
        result("".join(texts.values()))
        return
    out.mkdir(parents=True, exist_ok=True)
    for file, text in texts.items():
        write_whole(out / FILES[file], text)
        show(out / FILES[file])
    say("Next: docs/airflow.md says which file goes where.")


def _place(reference: str | None, option: str) -> str | None:
    from airflow_entra_auth.reference import is_secret

    if reference is not None and not is_secret(reference):
        raise click.BadParameter(
            f"{reference!r} is no place of a secret: an absolute path, or kubernetes:secret/NAME/KEY", param_hint=option
        )
    return reference


def _base_url(url: str | None) -> str | None:
    from airflow_entra.settings.types import Url

    return None if url is None else as_setting(Url, url, "--url")
