"""One call of `airflow-entra bootstrap`, from its options to what there is to tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow_entra.access.pipeline import Pipeline, pipeline
from airflow_entra.access.repository import azure_devops, github
from airflow_entra.bootstrap.outcome import outcome
from airflow_entra.bootstrap.run import Engine
from airflow_entra.bootstrap.workspace import Workspace
from airflow_entra.report.bootstrap import Bootstrap
from airflow_entra.settings import StackSettings, load
from airflow_entra.settings.stack_file import stack_files, stack_name
from airflow_entra.variables import WORKSPACE

FOLDER = "bootstrap"


@dataclass(frozen=True)
class Call:
    """What was asked for: one of `github` and `azure_devops`; `options` go to `pipeline` as they are."""

    github: str | None = None
    azure_devops: str | None = None
    organisation_id: str | None = None
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
    settings = _stacks(stacks)
    declared = asked.pipeline(settings)
    local = environment.get(WORKSPACE)
    workspace = Workspace(Path(local).parent / FOLDER if local else project / FOLDER, project)
    workspace.prepare(declared)
    say(f"Written: {workspace.folder} (Pulumi's project for this, with its state)")
    policies = Path(local) / "policies" if local else project / "policies"
    engine = Engine(workspace, workspace.environment(environment), policies)
    engine.settle(declared, say)
    say("Looking at what there is ...")
    steps = engine.changes()
    made = bool(steps) and agreed(f"Make this ({len(steps)} resources) in tenant {declared.tenant}?")
    if made:
        engine.apply()
    outputs = engine.outputs()
    return outcome(declared, settings, outputs, steps, applied=made)


def _stacks(folder: Path) -> dict[str, StackSettings]:
    """Every stack file. A wrong one stops here, since what an identity may do follows from them: SettingsError."""
    return {stack_name(file): load(file) for file in stack_files(folder)}
