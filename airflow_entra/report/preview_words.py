"""What every form of a preview's report says in the same words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from airflow_entra.escape.json_text import json_text
from airflow_entra.escape.terminal import line
from airflow_entra.finding import Finding
from airflow_entra.preview.changes import UNKNOWN
from airflow_entra.preview.result import ABSENT, Previewed, PropertyChange, StackPreview, Step
from airflow_entra.pulumi.scrub import SECRET
from airflow_entra.report.findings import counted as counted_findings
from airflow_entra.words import many
from airflow_entra_auth.claims import display

_VERBS = {
    "create": "to create",
    "update": "to update",
    "delete": "to delete",
    "replace": "to replace",
    "import": "to import",
    "discard": "to forget",
}
_SIGNS = {"create": "+", "delete": "-", "replace": "!", "import": "+", "gone": "-"}
_LONGEST_VALUE = 400
_MOST_NAMES = 8
_LONGEST_REASON = 200


def names(stacks: Iterable[str]) -> str:
    """Names of stacks, not too many."""
    listed = list(stacks)
    more = len(listed) - _MOST_NAMES
    return ", ".join(listed[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def counted(steps: Iterable[Step]) -> str:
    """`3 to create, 1 to delete`."""
    counts = Counter(step.op for step in steps)
    return ", ".join(f"{number:,} {_VERBS.get(op, op)}" for op, number in counts.items()) or "no change"


def verdict(found: Previewed) -> str:
    """How many stacks, how many errors, and the stacks that have them."""
    errors = [finding for finding in found.findings if finding.severity == "error"]
    having = names(dict.fromkeys(finding.stack for finding in errors if finding.stack))
    said = f"{counted_findings(errors)}{f' ({having})' if having else ''}" if errors else "no error"
    return f"{many(len(found.stacks), 'stack')} previewed, {said}."


def summary(found: Previewed) -> str:
    """One line that says how many stacks, what is wrong, and what changes in access and in resources."""
    return " ".join(
        (
            verdict(found),
            f"Access: {_access(found)}.",
            f"Resources: {_resources(found)}{_drift(found)}.",
            f"Policies: {_policies(found)}.",
        )
    )


def _policies(found: Previewed) -> str:
    """Policies judge a stack as a whole only where its preview came to the end."""
    if not found.policies:
        return "not asked"
    if violations := [violation for one in found.stacks for violation in one.violations]:
        return counted_findings(violations)
    judged = sum(one.outcome == "previewed" for one in found.stacks)
    if judged == len(found.stacks):
        return "none violated"
    return f"none violated in {judged} of {many(len(found.stacks), 'stack')}" if judged else "not known"


def _access(found: Previewed) -> str:
    compared = found.compared
    if compared is None:
        return "not compared"
    if not compared.changes:
        return "no change"
    gained = sum(len(one.grants.gained) for one in compared.changes)
    lost = sum(len(one.grants.lost) for one in compared.changes)
    rights = sum(len(one.rights.gained) + len(one.rights.lost) for one in compared.changes)
    parts = (
        [f"{many(gained, 'role')} gained by groups", f"{lost:,} lost"] if gained or lost else ["no role gained or lost"]
    )
    parts += [f"{many(rights, 'DAG right')} changed"] if rights else []
    parts += [counted_findings(compared.findings)] if compared.findings else []
    return ", ".join(parts)


def _resources(found: Previewed) -> str:
    previewed = sum(one.outcome == "previewed" for one in found.stacks)
    if not previewed:
        return "not known"
    steps = [step for one in found.changed for step in one.steps]
    of = many(previewed, "previewed stack") if previewed < len(found.stacks) else many(previewed, "stack")
    return f"{counted(steps)} in {len(found.changed)} of {of}" if steps else f"no change in {of}"


def _drift(found: Previewed) -> str:
    number = sum(len(one.drift) for one in found.stacks)
    return f", {number:,} changed outside of Pulumi" if number else ""


def state(one: StackPreview) -> str:
    """How it stands with one stack, in a few words."""
    if one.outcome != "previewed":
        return "failed" if one.outcome == "failed" else "could not start"
    parts = [f"new stack: {counted(one.steps)}" if one.new else counted(one.steps)]
    parts += [f"{len(one.drift):,} changed outside of Pulumi"] if one.drift else []
    parts += [f"policies: {counted_findings(one.violations)}"] if one.violations else []
    return ", ".join(parts)


def gathered(found: Previewed) -> list[Finding]:
    """Each finding once, with the names of the stacks that have it."""
    stacks: dict[Finding, list[str]] = {}
    for finding in found.findings:
        stacks.setdefault(replace(finding, stack=""), []).append(finding.stack)
    return [replace(finding, stack=names(filter(None, having))) for finding, having in stacks.items()]


def removed(found: Previewed) -> str:
    """What becomes of stacks whose files are gone; empty where there are none."""
    stacks = [one.stack for one in found.compared.changes if one.what == "removed"] if found.compared else []
    if not stacks:
        return ""
    return f"No file any more: {names(stacks)}. What they made stays until `pulumi destroy` of each."


def left_out(found: Previewed) -> str:
    """The stacks that were not previewed, with the reasons; empty where there are none."""
    return f"Not previewed: {names(line(left)[:_LONGEST_REASON] for left in found.left)}." if found.left else ""


def step_lines(step: Step) -> list[str]:
    """A step as lines of a diff: its sign, what it is of, and each property that differs."""
    sign = _SIGNS.get(step.op, "~")
    why = f": {line(', '.join(step.because))}" if step.because else ""
    lines = [f"{sign} {line(step.name)}  {line(step.type)}  ({line(step.op)}{why})"]
    for change in step.changes:
        path = line(change.path)
        if step.op == "create" and change.before is ABSENT:
            lines.append(f"+     {path}: {value(change.after)}")
            continue
        lines += [f"-     {path}: {value(change.before)}"] if change.before is not ABSENT else []
        lines += [f"+     {path}: {value(change.after)}"] if change.after is not ABSENT else []
    return lines


def value(one: Any) -> str:
    """A property's value on one line, bounded."""
    if one is ABSENT:
        return "none"
    if one in (UNKNOWN, SECRET):
        return str(one)
    said = json_text(one)
    shown = display(said, _LONGEST_VALUE)
    return shown if len(said) <= _LONGEST_VALUE else f"{shown}… ({len(said):,} characters)"


def drifted(step: Step) -> list[tuple[str, str, str]]:
    """What was changed behind Pulumi's back: property, as Pulumi left it, as it was found."""
    if step.op == "gone" or not step.changes:
        return [("", "there", "gone" if step.op == "gone" else "changed")]
    return [_sides(change) for change in step.changes]


def _sides(change: PropertyChange) -> tuple[str, str, str]:
    return change.path, value(change.before), value(change.after)
