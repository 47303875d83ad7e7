"""What the previews found: text for people, JSON for programs, and Markdown for a pull request's comment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_entra.escape.json_text import document
from airflow_entra.escape.terminal import indented, line
from airflow_entra.finding import exit_code
from airflow_entra.preview.result import ABSENT, Previewed, PropertyChange, StackPreview, Step
from airflow_entra.report import diff, diff_json, preview_markdown
from airflow_entra.report.findings import Format, as_json, as_text
from airflow_entra.report.preview_words import (
    drifted,
    gathered,
    left_out,
    removed,
    state,
    step_lines,
    summary,
)


def render(found: Previewed, form: Format, width: int | None = None) -> str:
    """The result, with its last newline."""
    if form == "text":
        return _text(found, width)
    return _json(found) if form == "json" else preview_markdown.render(found)


def _text(found: Previewed, width: int | None) -> str:
    lines = [line(summary(found)), "", *_access(found, width)]
    if findings := gathered(found):
        lines += ["", *as_text(findings, width).splitlines()]
    for one in found.stacks:
        lines += ["", line(f"{one.stack}: {state(one)}"), *(f"  {line}" for line in _stack(one))]
    lines += [f"\n{line(said)}" for said in (removed(found), left_out(found)) if said]
    return "\n".join(row.rstrip() for row in lines) + "\n"


def _access(found: Previewed, width: int | None) -> list[str]:
    if found.compared is None:
        return [f"Access is not compared: {line(found.no_base)}"]
    return [line(diff.conclusion(found.compared)), *diff.changes_as_text(found.compared, width).splitlines()]


def _stack(one: StackPreview) -> Iterator[str]:
    for step in one.drift:
        for path, was, now in drifted(step):
            what = f"{step.name} {path}".rstrip()
            yield line(f"changed outside of Pulumi: {what}: {was} → {now}")
    for step in one.steps:
        yield from step_lines(step)
    for said, words in (("error", one.errors), ("warning", one.warnings)):
        yield from (f"{said}: {indented(row)}" for word in words for row in word.splitlines())


def _json(found: Previewed) -> str:
    content: dict[str, Any] = {
        "summary": summary(found),
        "exitCode": exit_code(found.findings),
        "findings": list(map(as_json, found.findings)),
        "policies": found.policies,
        "refresh": found.refresh,
        "access": diff_json.as_json(found.compared) if found.compared else None,
        "noAccess": found.no_base or None,
        "stacks": [_stack_json(one) for one in found.stacks],
        "notPreviewed": list(found.left),
    }
    return document(content)


def _stack_json(one: StackPreview) -> dict[str, Any]:
    return {
        "stack": one.stack,
        "outcome": one.outcome,
        "new": one.new,
        "changes": dict(one.counts),
        "unchanged": one.unchanged,
        "steps": [_step(step) for step in one.steps],
        "drift": [_step(step) for step in one.drift],
        "errors": list(one.errors),
        "warnings": list(one.warnings),
        "seconds": round(one.seconds, 1),
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "op": step.op,
        "type": step.type,
        "name": step.name,
        "because": list(step.because),
        "changes": list(map(_change, step.changes)),
    }


def _change(change: PropertyChange) -> dict[str, Any]:
    sides = {"before": change.before, "after": change.after}
    return {"path": change.path} | {side: value for side, value in sides.items() if value is not ABSENT}
