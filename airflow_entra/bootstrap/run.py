"""Runs the bootstrap's Pulumi project: what would be made, making it, and what came of it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_entra.access.pipeline import Pipeline
from airflow_entra.bootstrap import PROJECT, STACK
from airflow_entra.bootstrap.corrections import registrations
from airflow_entra.bootstrap.workspace import Workspace
from airflow_entra.directory.clients import connect
from airflow_entra.errors import UserError
from airflow_entra.finding import exit_code
from airflow_entra.preview.engine import Engine as Previewed
from airflow_entra.preview.result import StackPreview
from airflow_entra.pulumi.passing_on import Onto
from airflow_entra.pulumi.resource_types import COMPONENTS
from airflow_entra.pulumi.runner import Pulumi
from airflow_entra.pulumi.trouble import NoPulumiError, PulumiError
from airflow_entra.recovery.recover import recover
from airflow_entra.report.bootstrap import Step

if TYPE_CHECKING:
    from airflow_entra_auth.graph import Graph

_RIGHTS = (
    "It takes, in the directory, Application.ReadWrite.All or the role Cloud Application Administrator; in Azure, "
    "Owner of the subscription, or of the resource group where that exists (--existing-resource-group)"
)


@dataclass(frozen=True)
class Engine:
    """Pulumi in the workspace. `policies` is the pack's folder."""

    workspace: Workspace
    environment: Mapping[str, str]
    policies: Path

    @cached_property
    def pulumi(self) -> Pulumi:
        return Pulumi(self.workspace.folder, self.environment, STACK, project=PROJECT)

    def settle(self, pipeline: Pipeline, say: Callable[[str], None]) -> None:
        """Make the stack, or settle what an interrupted run of it left. Raises PulumiError and what asking raises.

        Raises UserError where there is no stack here and its identities are in the tenant all the same: a second
        set of the same name would be made.
        """
        if shutil.which("pulumi", path=self.environment.get("PATH", os.defpath)) is None:
            raise NoPulumiError
        clients = partial(connect, pipeline.tenant, pipeline.state.subscription)
        if not self.workspace.exists:
            if there := _made_elsewhere(pipeline, clients().graph):
                raise UserError(
                    f"{', '.join(there)} exist in tenant {pipeline.tenant}, and {self.workspace.folder} doesn't know "
                    f"them: somebody has run this before. Take their folder {self.workspace.folder.name} (it belongs "
                    f"into the repository) and run this again; where it is lost for good, delete the applications first"
                )
            self.pulumi.init("--secrets-provider", "passphrase")
        elif self.workspace.backend.interrupted(PROJECT, STACK):
            say("The last run was interrupted: settling what it left behind.")
            recover(self.pulumi, clients, say)

    def changes(self) -> list[Step]:
        """What `apply` would do, judged by the policy pack. Raises UserError."""
        found = Previewed(self.pulumi, self.policies, self.workspace.policy_config).preview()
        if exit_code(found.findings):
            raise UserError("\n".join(["it can't be previewed:", *_complaints(found), f"{_RIGHTS}."]))
        return [*_steps(found)]

    def apply(self) -> None:
        """`pulumi up`, its progress on standard error. Raises UserError."""
        config = self.workspace.policy_config.absolute()
        try:
            self.pulumi.up(
                *("--policy-pack", str(self.policies), "--policy-pack-config", str(config)), show=Onto(sys.stderr)
            )
        except PulumiError:
            raise UserError(
                f"not everything is made; see above. {_RIGHTS}. Run the same command again: it goes on"
            ) from None

    def outputs(self) -> dict[str, Any]:
        """The program's outputs; empty where nothing has been made."""
        return self.pulumi.outputs()


def _made_elsewhere(pipeline: Pipeline, graph: Graph) -> list[str]:
    """The identities that an earlier run for this repository has made, by their tags; none where nobody may look."""
    from airflow_entra_auth.graph import GraphError

    try:
        return [
            f"{found['displayName']} ({found['appId']})"
            for identity in pipeline.identities
            for found in registrations(identity, graph)
        ]
    except GraphError as error:
        if error.status == 403:
            return []
        raise


def _steps(found: StackPreview) -> Iterator[Step]:
    """Without components: nothing of them is in Azure."""
    for step in found.steps:
        if step.type.partition(":")[0] not in ("pulumi", COMPONENTS.partition(":")[0]):
            yield Step(step.op, step.type.rpartition(":")[2], step.name)


def _complaints(found: StackPreview) -> Iterator[str]:
    yield from found.errors
    yield from (
        f"{finding.where}: {finding.what}; {finding.fix} ({finding.id})"
        for finding in found.violations
        if finding.severity == "error"
    )
