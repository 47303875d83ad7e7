"""Compares what the deploying identity has with what the stack needs, before anything is made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from airflow_entra import variables
from airflow_entra.access import DeclaredStack
from airflow_entra.access.azure_needs import deploying_all as azure_needs
from airflow_entra.access.lacking import lacks_in_azure, lacks_in_graph
from airflow_entra.directory.tenant import Denied, LiveTenant
from airflow_entra.finding import Finding, FindingsError
from airflow_entra.settings.load import in_stack_file

_GOES_ON = (
    "Nothing was made. Look at a preview before you leave a part of a deployed stack to others: what the stack made of "
    f"it is deleted then. With {variables.NEEDS}=tell this is said, and the run goes on"
)


class LackingError(FindingsError):
    """What a stack needs and is proven to lack; nothing was made."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__(*findings)
        self.args = (f"{self}\n{_GOES_ON}",)


@dataclass(frozen=True)
class Compared:
    """`lacking` stops the run; `warnings` stop nothing."""

    lacking: LackingError | None = None
    warnings: tuple[str, ...] = ()


def compared(stack: DeclaredStack, file: Path, tenant: LiveTenant) -> Compared:
    """Asks for a token and reads it. Raises what LiveTenant raises."""
    how = os.environ.get(variables.NEEDS, "")
    if how == "no" or os.environ.get(variables.READ_ONLY) == "true":
        return Compared()
    found = in_stack_file(_findings(stack, tenant), file)
    lacking = [finding for finding in found if finding.severity == "error" and how != "tell"]
    warnings = tuple(str(finding) for finding in found if finding not in lacking)
    return Compared(LackingError(*lacking) if lacking else None, warnings)


def _findings(stack: DeclaredStack, tenant: LiveTenant) -> Iterator[Finding]:
    scopes = list(dict.fromkeys(role.scope for role in azure_needs(stack) if role.action))
    with ThreadPoolExecutor(len(scopes) + 1) as beside:
        asked = [beside.submit(tenant.allowed_at, scope) for scope in scopes]
        identity = tenant.identity()
        answers = {scope: answer.result() for scope, answer in zip(scopes, asked, strict=True)}
    known = {scope: answer for scope, answer in answers.items() if not isinstance(answer, Denied)}
    if identity is not None:
        yield from lacks_in_graph(stack.settings, identity)
    yield from lacks_in_azure(stack, known)
