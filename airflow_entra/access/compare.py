"""Two sides of stack files, compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from airflow_entra.access.diff import StackDiff, diff
from airflow_entra.access.people import PersonDiff
from airflow_entra.access.risks import risks
from airflow_entra.access.stack import DeclaredStack
from airflow_entra.access.stated import Stated, stated
from airflow_entra.finding import Finding
from airflow_entra.settings.across import across
from airflow_entra.settings.sides import Side
from airflow_entra.settings.stack_file import StackFile


@dataclass(frozen=True)
class Compared:
    """What differs from `base` to `head`. `people` is None where nobody asked the directory.

    `findings` are errors of `head` as a whole, whatever `base` was, and warnings about what a stack's change opens.
    """

    base: str
    head: str
    stacks: int
    changes: tuple[StackDiff, ...]
    findings: tuple[Finding, ...]
    people: tuple[PersonDiff, ...] | None = None


def compare(base: Side, head: Side) -> Compared:
    """The difference in access. Two files are one stack each, the same one whatever they are called."""
    before, after = base.stacks, head.stacks
    if base.single and head.single:
        before = dict(zip(after, before.values(), strict=True))
    changes = diff(_changed(before, after), _changed(after, before))
    return Compared(
        base=base.name,
        head=head.name,
        stacks=len({*before, *after}),
        changes=changes,
        findings=(*across(after.values()), *risks(changes)),
    )


def _changed(one: Mapping[str, StackFile], other: Mapping[str, StackFile]) -> dict[str, Stated]:
    """Without the stacks whose files say the same: `sides` reads the same words once."""
    return {
        name: stated(DeclaredStack(name, file.settings))
        for name, file in one.items()
        if name not in other or other[name].settings is not file.settings
    }
