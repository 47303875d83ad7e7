"""Previews of a project's stacks, each where its target has its backend."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import chdir
from dataclasses import replace
from pathlib import Path

from airflow_entra.access import DeclaredStack
from airflow_entra.access.compare import Compared, compare
from airflow_entra.errors import UserError, shown
from airflow_entra.local.world import World
from airflow_entra.next_step import POLICIES
from airflow_entra.preview.base import default_base
from airflow_entra.preview.engine import Engine
from airflow_entra.preview.result import Previewed
from airflow_entra.preview.run import Progress, preview_all
from airflow_entra.settings.sides import Side, sides
from airflow_entra.settings.stack_file import FOLDER
from airflow_entra.target import Target, target_of

_SHOWN_OF_A_COMMIT = 12


def preview(
    world: World,
    named: Sequence[str],
    *,
    base: str | None,
    refresh: bool,
    policies: bool,
    expect_no_changes: bool,
    jobs: int | None,
    port: int,
    progress: Progress,
    say: Callable[[str], None],
) -> Previewed:
    """The named stacks, or all that have a file; `jobs` at a time, one for each CPU where it is None.

    `port` is where a local tenant is started that isn't running; 0 for any.

    Raises SettingsError with every mistake of every stack file, UserError, and Interrupted after a signal.
    """
    for stack in named:
        world.existing_stack_file(stack)
    head = _head(world)
    declared = (DeclaredStack(stack, file.settings) for stack, file in sorted(head.stacks.items()))
    targets = {stack.name: target_of(world, stack, port=port, say=say) for stack in declared}
    stacks, left = _chosen(targets, named)
    compared, no_base = _compared(world, head, base)
    if compared and named:
        compared = _of(compared, stacks)
    pulumis = (targets[stack].pulumi() for stack in stacks)
    engines = [Engine(pulumi, _pack(pulumi.folder) if policies else None, refresh=refresh) for pulumi in pulumis]
    found = preview_all(engines, jobs or len(os.sched_getaffinity(0)), progress)
    return Previewed(
        tuple(found),
        compared,
        no_base,
        policies=policies,
        refresh=refresh,
        expect_no_changes=expect_no_changes,
        left=tuple(left),
    )


def _head(world: World) -> Side:
    with chdir(world.project):
        (head,) = sides(_shown(world))
    return head


def _shown(world: World) -> str:
    """The stack files as a reader of the report knows them: not by a path of this machine."""
    return "." if world.stacks == world.project / FOLDER else str(world.stacks)


def _chosen(targets: Mapping[str, Target], named: Sequence[str]) -> tuple[list[str], list[str]]:
    """The stacks to preview, and those that are left out with the reason.

    Nothing is started for a stack that isn't named, unless there is no other.
    """
    if named:
        return list(dict.fromkeys(named)), []
    at_hand = [stack for stack, target in targets.items() if target.at_hand] or list(targets)
    left = [
        f"{stack} (it is for the local tenant: airflow-entra preview --stack {stack})"
        for stack in targets
        if stack not in at_hand
    ]
    return at_hand, left


def _compared(world: World, head: Side, named: str | None) -> tuple[Compared | None, str]:
    """The difference in access, or why there is none. What the caller named has to be right."""
    base = named
    if base is None:
        found = default_base(world.project, os.environ)
        if found.missing:
            return None, found.missing
        base = found.revision
    elif Path(base).exists():
        base = str(Path(base).absolute())
    with chdir(world.project):
        try:
            before, after = sides(base, head.name)
        except UserError as problem:
            if named is not None:
                raise
            return None, f"{base[:_SHOWN_OF_A_COMMIT]}, where the branch began, can't be read: {problem}"
    shown = base[:_SHOWN_OF_A_COMMIT] if named is None else named
    return compare(replace(before, name=shown), after), ""


def _of(compared: Compared, stacks: Sequence[str]) -> Compared:
    """Of these stacks alone; what is wrong between stacks stays, for it concerns each of them."""
    return replace(
        compared,
        stacks=len(stacks),
        changes=tuple(one for one in compared.changes if one.stack in stacks),
        findings=tuple(finding for finding in compared.findings if not finding.stack or finding.stack in stacks),
    )


def _pack(folder: Path) -> Path:
    if not (folder / POLICIES / "PulumiPolicy.yaml").is_file():
        raise UserError(
            f"{shown(folder / POLICIES)} holds no policy pack (PulumiPolicy.yaml): copy the folder from airflow-entra, "
            "or preview without (--no-policies)"
        )
    return folder / POLICIES
