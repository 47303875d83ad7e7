"""What a check of stack files found, as text for people, JSON for programs and Markdown for pull requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from airflow_entra.escape.json_text import document
from airflow_entra.escape.markdown import Md, code, table, text
from airflow_entra.escape.terminal import line
from airflow_entra.settings.check import Checked
from airflow_entra.settings.mistakes import Mistake

_COLUMNS = ("line:column", "severity", "what is wrong", "what would be right", "fix")
Format = Literal["text", "json", "markdown"]


def render(checked: Sequence[Checked], form: Format) -> str:
    """The result for standard output, with its last newline; the empty string when there is nothing to say."""
    return {"text": _text, "json": _json, "markdown": _markdown}[form](checked)


def conclusion(checked: Sequence[Checked]) -> str:
    """One line for people: how it stands and what to do next."""
    wrong = [one for one in checked if not one.usable]
    warnings = sum(mistake.severity == "warning" for one in checked for mistake in one.mistakes)
    files = f"{len(checked)} file{'' if len(checked) == 1 else 's'}"
    if wrong:
        mistakes = sum(mistake.severity == "error" for one in wrong for mistake in one.mistakes)
        return f"{mistakes} mistake{'' if mistakes == 1 else 's'} in {len(wrong)} of {files}: correct and check again."
    between = sum(mistake.between_files for one in checked for mistake in one.mistakes)
    if between:
        return f"{between} findings between {files}, each usable by itself: correct and check again."
    said = f", {warnings} warning{'' if warnings == 1 else 's'}" if warnings else ""
    return f"{files} fine{said}. Next: pulumi preview."


def _text(checked: Sequence[Checked]) -> str:
    return "".join(
        line(
            f"{mistake.file}:{mistake.line}:{mistake.column}: {mistake.severity}: "
            f"{mistake.what}; {mistake.right}; {mistake.fix}"
        )
        + "\n"
        for one in checked
        for mistake in one.mistakes
    )


def _json(checked: Sequence[Checked]) -> str:
    files = [
        {
            "file": str(one.file),
            "usable": one.usable,
            "findings": [
                {
                    "line": mistake.line,
                    "column": mistake.column,
                    "severity": mistake.severity,
                    "kind": mistake.kind,
                    "what": mistake.what,
                    "right": mistake.right,
                    "fix": mistake.fix,
                }
                for mistake in one.mistakes
            ],
        }
        for one in checked
    ]
    return document({"files": files})


def _markdown(checked: Sequence[Checked]) -> str:
    lines = []
    for one in checked:
        lines += [f"### {code(str(one.file))}: {'usable' if one.usable else 'not usable'}", ""]
        if one.mistakes:
            lines += [*table(_COLUMNS, map(_row, one.mistakes)), ""]
    return "\n".join(lines) + "\n" if lines else ""


def _row(one: Mistake) -> tuple[Md, ...]:
    return (
        text(f"{one.line}:{one.column}"),
        text(one.severity),
        text(one.what),
        text(one.right),
        text(one.fix),
    )
