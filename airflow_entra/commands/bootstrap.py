"""One call of `airflow-entra bootstrap`, from its options to what there is to tell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

from airflow_entra.access.pipeline import Pipeline, pipeline
from airflow_entra.access.repository import (
    CONNECTION,
    PREVIEW,
    WORKLOAD,
    AzureDevOps,
    GitHub,
    PipelineError,
    Trust,
    azure_devops,
    connections,
    github,
    identity_name,
    workload,
)
from airflow_entra.bootstrap.corrections import corrected
from airflow_entra.bootstrap.outcome import outcome
from airflow_entra.bootstrap.run import Engine
from airflow_entra.bootstrap.workspace import Workspace
from airflow_entra.directory.clients import connect
from airflow_entra.errors import UserError, shown
from airflow_entra.files import read_text
from airflow_entra.report.bootstrap import Bootstrap
from airflow_entra.settings import StackSettings, load
from airflow_entra.settings.model import Environment
from airflow_entra.settings.stack_file import stack_file, stack_files, stack_name
from airflow_entra.variables import WORKSPACE
from airflow_entra.words import many

FOLDER = "bootstrap"
_KEYS = (PREVIEW, *get_args(Environment))


@dataclass(frozen=True)
class Call:
    """What was asked for: one of `github` and `azure_devops`; of `stacks`, or of all; `options` go to `pipeline` as
    they are.

    `subject` and `issuer` are GitHub's answer about its tokens, `trusts` (identity, issuer, subject) what was shown for
    one identity, `connections` a file with what Azure DevOps answered about all of them.
    """

    github: str | None = None
    azure_devops: str | None = None
    subject: str | None = None
    issuer: str | None = None
    trusts: Sequence[tuple[str, str, str]] = ()
    connections: Path | None = None
    stacks: Collection[str] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def pipeline(
        self, stacks: Mapping[str, StackSettings], earlier: Pipeline | None
    ) -> tuple[Pipeline, frozenset[str]]:
        """What is to be, and the keys of the identities whose trusts stand as `earlier` left them.

        An answer counts once, when it is new: given again, it doesn't undo what a person corrected since. Raises
        PipelineError, and UserError where the file of the connections can't be read.
        """
        now: GitHub | AzureDevOps
        now = github(self.github, self.subject, self.issuer) if self.github else azure_devops(self.azure_devops or "")
        stands: dict[str, tuple[Trust, ...]] = {}
        if earlier is not None and str(earlier.repository) == str(now):
            now, anew = self._answered(now, earlier.repository)
            stands = {} if anew else {identity.key: identity.trusts for identity in earlier.identities}
        given = {key: (trust,) for key, trust in self._given()}
        return pipeline(now, stacks, trusts=stands | given, **self.options), frozenset(stands) - frozenset(given)

    def _answered(self, now: GitHub | AzureDevOps, before: GitHub | AzureDevOps) -> tuple[GitHub | AzureDevOps, bool]:
        """The repository with the answer that counts, this run's or the last one's, and whether it is a new one."""
        if not (isinstance(now, GitHub) and isinstance(before, GitHub)):
            return now, False
        counts = replace(
            now, subject=now.subject or before.subject, issuer=before.issuer if self.issuer is None else now.issuer
        )
        return counts, (counts.issuer, counts.subject) != (before.issuer, before.subject)

    def _given(self) -> Iterator[tuple[str, Trust]]:
        if self.connections is not None:
            yield from connections("--connections", read_text(self.connections), _KEYS).items()
        for identity, issuer, subject in self.trusts:
            key = identity.removeprefix(identity_name(""))
            if key not in _KEYS:
                raise PipelineError(
                    "--trust",
                    f"{identity[:100]} is no identity",
                    f"it is one of {', '.join(_KEYS)}",
                    "write --trust IDENTITY ISSUER SUBJECT, once for each",
                )
            name = CONNECTION if self.azure_devops else WORKLOAD
            yield key, workload("--trust", key, issuer, subject, name)


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
    local = environment.get(WORKSPACE)
    workspace = Workspace(Path(local).parent / FOLDER if local else project / FOLDER, project)
    declared, standing = asked.pipeline(settings, workspace.earlier())
    if standing and workspace.exists:
        graph = connect(declared.tenant, declared.state.subscription).graph
        declared = corrected(declared, standing, graph, say)
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
