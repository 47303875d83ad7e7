"""What an import found, did and left, as text, Markdown or JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from airflow_entra.escape.json_text import document
from airflow_entra.escape.markdown import Md, code, table, text
from airflow_entra.escape.terminal import line
from airflow_entra.importing.changes import Property
from airflow_entra.importing.differences import Difference
from airflow_entra.importing.finding import Found

Form = Literal["text", "json", "markdown"]


@dataclass(frozen=True)
class Report:
    """`file` was written where `written`, else used as it was. `imported` None: the state was not asked for."""

    stack: str
    file: str
    written: bool
    findings: tuple[Found, ...] = ()
    imported: int | None = None
    differing: tuple[Difference, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether nobody has to look: nothing found that matters, and the next `up` changes nothing."""
        return not self.differing and all(one.severity == "note" for one in self.findings)


def render(report: Report, form: Form) -> str:
    return {"text": _text, "json": _json, "markdown": _markdown}[form](report)


def conclusion(report: Report) -> str:
    """One line for the person: how it stands, and what to do next."""
    serious = sum(one.severity == "error" for one in report.findings)
    findings = f"{len(report.findings)} findings, {serious} of them serious. " if report.findings else ""
    if report.imported is None:
        return f"{findings}Next: read {report.file}, then run this again to take over the state."
    if not report.differing:
        return f"{findings}Stack {report.stack} is taken over: the next `pulumi up` changes nothing."
    lost = [one for one in report.differing if one.operation in ("delete", "replace")]
    if lost:
        return (
            f"{findings}Careful: the next `pulumi up` would delete or replace {len(lost)} of "
            f"{len(report.differing)} resources that differ. Correct {report.file} first, and run this again."
        )
    unavoidable = sum(one.expected for one in report.differing)
    return (
        f"{findings}The next `pulumi up` changes {len(report.differing)} resources ({unavoidable} because a client "
        f"secret can't be taken over). Correct {report.file} where that is not meant, and run this again."
    )


def _text(report: Report) -> str:
    lines = [line(f"{'Written' if report.written else 'Used as it is'}: {report.file}")]
    for one in report.findings:
        lines += ["", line(f"{one.severity}: {one.where}"), f"  {line(one.what)}"]
        lines += [f"  right: {line(one.right)}", f"  fix: {line(one.fix)}"]
    if report.imported is not None:
        lines += ["", f"Imported into the state: {report.imported}", ""]
        lines += _said(report.differing) or ["The next `pulumi up` changes nothing."]
    return "\n".join(lines) + "\n"


def _said(differing: Sequence[Difference]) -> list[str]:
    lines = ["The next `pulumi up` would:"] if differing else []
    for one in differing:
        why = " (expected: the secret's value can't be taken over)" if one.expected else ""
        lines.append("  " + line(f"{one.operation} {one.name} ({_kind(one.type)}){why}"))
        lines += [f"      {line(_change(change))}" for change in one.properties]
    return lines


def _change(change: Property) -> str:
    if not change.before:
        return f"{change.path}: + {change.after}" if change.after else change.path
    return f"{change.path}: {change.before} -> {change.after}" if change.after else f"{change.path}: - {change.before}"


def _kind(type_: str) -> str:
    return type_.rpartition(":")[2]


def _markdown(report: Report) -> str:
    lines = [f"### Import of stack {code(report.stack)}", "", text(conclusion(report)), ""]
    if report.findings:
        found = (tuple(map(text, (one.severity, one.where, one.what, one.right, one.fix))) for one in report.findings)
        lines += [*table(("severity", "where", "what", "what would be right", "fix"), found), ""]
    if report.differing:
        columns = ("operation", "resource", "property", "today", "declared")
        lines += [*table(columns, (row for one in report.differing for row in _rows(one))), ""]
    return "\n".join(lines)


def _rows(one: Difference) -> Iterator[tuple[Md, ...]]:
    name = f"{one.name} ({_kind(one.type)}{', expected' if one.expected else ''})"
    for change in one.properties or (Property("", "", ""),):
        yield tuple(map(text, (one.operation, name, change.path, change.before, change.after)))


def _json(report: Report) -> str:
    return document(asdict(report) | {"clean": report.clean})
