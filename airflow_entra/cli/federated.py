"""airflow-entra federated: run a command as the identity of this pipeline run."""

from __future__ import annotations

import os
import sys

import click

from airflow_entra.cli.output import say


@click.command(name="federated", context_settings={"ignore_unknown_options": True})
@click.option("--read-only", is_flag=True, help="The identity only looks: it isn't made an owner of what it looks at.")
@click.argument("arguments", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND")
def command(read_only: bool, arguments: tuple[str, ...]) -> None:
    """Run COMMAND in a pipeline, signed in to Azure by the pipeline's own token: no secret is stored anywhere.

    `airflow-entra federated -- pulumi up --stack prod --policy-pack policies` on GitHub (a job with `id-token: write`)
    or Azure DevOps (AzureCLI@2 with addSpnToEnvironment), as the identity in AZURE_CLIENT_ID of AZURE_TENANT_ID. The
    token is kept fresh while COMMAND runs. Exit code: that of COMMAND, 2 where there is no token to be had.
    """
    import httpx

    from airflow_entra.federation.issuer import issuer
    from airflow_entra.federation.run import run

    with httpx.Client() as client:
        code = run(arguments, os.environ, issuer(os.environ, client), say, read_only=read_only)
    sys.exit(code)
