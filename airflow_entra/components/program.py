"""The Pulumi program: read the stack's settings, build the one component, export its outputs."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pulumi

from airflow_entra.access import DeclaredStack
from airflow_entra.components.early import start_providers
from airflow_entra.components.moving import held_by_sign_on
from airflow_entra.directory.credentials import CredentialError
from airflow_entra.directory.tenant import Denied, LiveTenant
from airflow_entra.escape.pulumi_log import said
from airflow_entra.settings import SettingsError, StackSettings, load
from airflow_entra.settings.stack_file import FOLDER, stack_file

STACKS = "AIRFLOW_ENTRA_STACKS"
"""Where the stack files are, when Pulumi runs in a workspace of its own (`airflow-entra local run`)."""
HAND_OVER = "AIRFLOW_ENTRA_HAND_OVER"
"""Where hand-over files go, when not into handover/ beside the program."""
READ_ONLY = "AIRFLOW_ENTRA_READ_ONLY"
"""`true` where the identity only looks: what is taken for the deploying identity must not become part of the stack."""


def run(project: Path) -> None:
    """Declare the current stack. A mistake in its file ends the run in that file's own words, with nothing created."""
    name = pulumi.get_stack()
    file = stack_file(Path(os.environ.get(STACKS) or project / FOLDER), name)
    stack = DeclaredStack(name, _settings(file))
    start_providers(stack.settings)
    tenant = LiveTenant.from_environment(stack.settings.tenant_id)
    hand_over = Path(os.environ.get(HAND_OVER) or project / "handover") / f"{name}.md"
    try:
        with ThreadPoolExecutor(1) as beside:
            asked = beside.submit(held_by_sign_on, stack, tenant)
            # The SDKs take half a second, while the providers start and the tenant answers.
            from airflow_entra.components.sign_on import AirflowSignOn

            warnings = check_groups(stack, file, tenant)
            held = asked.result()
        sign_on = AirflowSignOn(
            stack,
            folder=file.parent,
            hand_over_file=hand_over,
            tenant=tenant,
            warnings=(*warnings, *held.warnings),
            deploys=os.environ.get(READ_ONLY) != "true",
            held=held.permissions,
        )
    except CredentialError as error:
        raise pulumi.RunError(str(error)) from None
    except _unanswered() as error:
        raise pulumi.RunError(f"the tenant did not answer, and nothing was declared: {error}; run it again") from None
    for name, value in sign_on.outputs.items():
        pulumi.export(name, value)
    pulumi.Output.from_input(sign_on.outputs["warnings"]).apply(_warn)


def _unanswered() -> tuple[type[Exception], ...]:
    """Looked up only where something was raised: these cost 0.3 s to import."""
    import httpx

    from airflow_entra_auth.graph import GraphError

    return GraphError, httpx.TransportError


def _settings(file: Path) -> StackSettings:
    try:
        return load(file)
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from None


def check_groups(stack: DeclaredStack, file: Path, tenant: LiveTenant) -> tuple[str, ...]:
    """Stops the run where a group that the stack file names by id is no group of the tenant.

    Returns warnings: one where the deploying identity may not look.
    """
    named = {group.object_id: group for group in stack.plan.groups.values() if group.object_id}
    missing = tenant.missing_groups(named)
    if isinstance(missing, Denied):
        return (f"{file}: {missing}",)
    if missing:
        text = file.read_text("utf-8")
        raise pulumi.RunError(
            "\n".join(
                f"{file}:{_place(text, id_)}: tenant {stack.settings.tenant_id} has no group {id_} "
                f"({named[id_].name}), giving the role {', '.join(named[id_].roles)}; copy the object "
                f"id from the group's page in the Entra admin centre"
                for id_ in sorted(missing)
            )
        )
    return ()


def _place(text: str, object_id: str) -> str:
    """line:column of the first place in a stack file where the id stands."""
    before, found, _ = text.lower().partition(object_id)
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}" if found else "1:1"


def _warn(warnings: list[str]) -> None:
    for warning in warnings:
        pulumi.log.warn(said(warning))
