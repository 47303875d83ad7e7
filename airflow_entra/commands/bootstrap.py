"""One call of `airflow-entra bootstrap`, from its options to what there is to tell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow_entra.access.pipeline import Pipeline, pipeline
from airflow_entra.access.repository import azure_devops, github
from airflow_entra.bootstrap.outcome import outcome
from airflow_entra.bootstrap.run import Engine
from airflow_entra.bootstrap.workspace import Workspace
from airflow_entra.errors import UserError, shown
from airflow_entra.report.bootstrap import Bootstrap
from airflow_entra.settings import StackSettings, load
from airflow_entra.settings.stack_file import stack_file, stack_files, stack_name
from airflow_entra.variables import WORKSPACE
from airflow_entra.words import many

FOLDER = "bootstrap"


@dataclass(frozen=True)
class Call:
    """What was asked for: one of `github` and `azure_devops`; of `stacks`, or of all; `options` go to `pipeline` as
    they are."""

    github: str | None = None
    azure_devops: str | None = None
    organisation_id: str | None = None
    stacks: Collection[str] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def pipeline(self, stacks: Mapping[str, StackSettings]) -> Pipeline:
        """Raises PipelineError."""
        if self.github:
            return pipeline(github(self.github), stacks, **self.options)
        return pipeline(azure_devops(self.azure_devops or "", self.organisation_id), stacks, **self.options)


def call(
    asked: Call,
    project: Path,
    stacks: Path,
    environment: Mapping[str, str],
    say: Callable[[str], None],
    agreed: Callable[[str], bool],
) -> Bootstrap:
    """Show what would be made and, where it is `agreed`, make it. A second call changes nothing.

    Raises UserError and what asking the tenant raises.
    """
    settings = _stacks(stacks, asked.stacks)
    declared = asked.pipeline(settings)
    local = environment.get(WORKSPACE)
    workspace = Workspace(Path(local).parent / FOLDER if local else project / FOLDER, project)
    workspace.prepare(declared)
    say(f"Written: {shown(workspace.folder)} (Pulumi's project for this, with its state)")
    policies = Path(local) / "policies" if local else project / "policies"
    engine = Engine(workspace, workspace.environment(environment), policies)
    engine.settle(declared, say)
    say("Looking at what there is ...")
    steps = engine.changes()
    made = bool(steps) and agreed(f"Make this ({many(len(steps), 'resource')}) in tenant {declared.tenant}?")
    if made:
        engine.apply()
    outputs = engine.outputs()
    return outcome(declared, settings, outputs, steps, applied=made)


def _stacks(folder: Path, only: Collection[str]) -> dict[str, StackSettings]:
    """These stacks, or all. A wrong file stops here, since what an identity may do follows from them: SettingsError."""
    files = {stack_name(file): file for file in stack_files(folder)}
    if missing := [stack for stack in only if stack not in files]:
        raise UserError(f"no stack file {shown(stack_file(folder, missing[0]))}; there is one for: {', '.join(files)}")
    return {stack: load(file) for stack, file in files.items() if not only or stack in only}
