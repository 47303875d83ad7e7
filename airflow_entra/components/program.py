"""The Pulumi program's steps: read what the stack's file says, build the one component, end in words."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from airflow_entra import variables
from airflow_entra.access import DeclaredStack
from airflow_entra.components.comparing import LackingError, compared
from airflow_entra.components.early import start_providers
from airflow_entra.components.moving import held_by_sign_on
from airflow_entra.directory.tenant import Denied, LiveTenant
from airflow_entra.directory.trouble import trouble
from airflow_entra.errors import UserError
from airflow_entra.escape.pulumi_log import said
from airflow_entra.settings import load
from airflow_entra.settings.stack_file import FOLDER, stack_file

ALREADY_SHOWN = 32
"""How a program tells Pulumi's language host that its error has been shown: nothing is added about exit codes."""


@dataclass(frozen=True)
class Declared:
    """The current stack as its file declares it, that file, and where what is left to others is written down."""

    stack: DeclaredStack
    file: Path
    hand_over: Path


def read(project: Path) -> Declared:
    """What the current stack's file says. Raises SettingsError with every mistake in it."""
    name = pulumi.get_stack()
    file = stack_file(Path(os.environ.get(variables.STACKS) or project / FOLDER), name)
    hand_over = Path(os.environ.get(variables.HAND_OVER) or project / "handover") / f"{name}.md"
    return Declared(DeclaredStack(name, load(file)), file, hand_over)


@dataclass(frozen=True)
class SignOn:
    """What was declared. `lacking` is for the end of a preview: the identity could not make it."""

    outputs: Mapping[str, pulumi.Input[Any]]
    lacking: LackingError | None


def sign_on(declared: Declared) -> SignOn:
    """The one component, once what the tenant says allows it. Raises UserError, or what asking the tenant raised."""
    stack = declared.stack
    start_providers(stack.settings)
    tenant = LiveTenant.from_environment(stack.settings.tenant_id)
    with ThreadPoolExecutor(2) as beside:
        comparison = beside.submit(compared, stack, declared.file, tenant)
        asked = beside.submit(held_by_sign_on, stack, tenant)
        # The SDKs take half a second, while the providers start and the tenant answers.
        from airflow_entra.components.sign_on import AirflowSignOn

        # First what is lacking: it may be why nothing else can be asked.
        needs = comparison.result()
        if needs.unknown:
            pulumi.log.info(
                said(f"not known, and so not compared with what the stack needs: {', '.join(needs.unknown)}")
            )
        if needs.lacking and not pulumi.runtime.is_dry_run():
            raise needs.lacking
        warnings = check_groups(stack, declared.file, tenant)
        held = asked.result()
    made = AirflowSignOn(
        stack,
        folder=declared.file.parent,
        hand_over_file=declared.hand_over,
        tenant=tenant,
        warnings=(*needs.warnings, *warnings, *held.warnings),
        deploys=os.environ.get(variables.READ_ONLY) != "true",
        held=held.permissions,
    )
    pulumi.Output.from_input(made.outputs["warnings"]).apply(_warn)
    return SignOn(made.outputs, needs.lacking)


@contextmanager
def ended_in_words() -> Iterator[None]:
    """A run that somebody can put right ends in the words of what is wrong, without a traceback, with nothing declared.

    What is a mistake of this program's own is raised as it is.
    """
    try:
        yield
    except Exception as error:
        words = _words(error)
        if words is None:
            raise
        pulumi.log.error(said(words))
        sys.exit(ALREADY_SHOWN)


def _words(error: Exception) -> str | None:
    if isinstance(error, UserError | pulumi.RunError):
        return str(error)
    answer = trouble(error)
    return None if answer is None else f"the tenant did not answer, and nothing was declared: {answer}"


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
        raise UserError(
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
