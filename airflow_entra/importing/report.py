"""What an import found, did and left, as text, Markdown or JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from airflow_entra.escape.json_text import document
from airflow_entra.escape.markdown import Md, code, table, text
from airflow_entra.escape.terminal import line
from airflow_entra.finding import Finding, Severity
from airflow_entra.importing.changes import Property
from airflow_entra.importing.differences import Difference
from airflow_entra.report.findings import Format, as_json, as_markdown, as_text, counted
from airflow_entra.words import many

FAIL_ON: Severity = "warning"
"""An import is done where nobody has to look at anything."""


@dataclass(frozen=True)
class Report:
    """`file` was written where `written`, else used as it was, or left alone. `imported` None: the state was not asked
    for."""

    stack: str
    file: str
    written: bool
    found: tuple[Finding, ...] = ()
    imported: int | None = None
    differing: tuple[Difference, ...] = ()
    dry_run: bool = False
    """Nothing was to be written."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found, and first of all what the next `up` would do."""
        return (*self._next_up(), *self.found)

    def _next_up(self) -> Iterator[Finding]:
        lost = [one for one in self.differing if one.operation in ("delete", "replace")]
        unavoidable = sum(one.expected for one in self.differing)
        expected = f" ({unavoidable} because a client secret can't be taken over)" if unavoidable else ""
        if self.differing:
            yield Finding(
                f"stack {self.stack}",
                f"the next `pulumi up` would change {many(len(self.differing), 'resource')}{expected}"
                + (f", and delete or replace {len(lost)} of them" if lost else ""),
                "it changes nothing, or no more than you mean",
                f"correct {self.file}{' first' if lost else ' where that is not meant'}, and run this again",
                severity="error" if lost else "warning",
                id="import/next-up",
            )


def render(report: Report, form: Format, width: int | None = None) -> str:
    if form == "json":
        said = {key: value for key, value in asdict(report).items() if key != "found"}
        return document(said | {"findings": list(map(as_json, report.findings))})
    return _text(report, width) if form == "text" else _markdown(report)


def conclusion(report: Report) -> str:
    """One line for the person: how it stands, and what to do next."""
    found = f"{counted(report.findings)}. " if report.findings else ""
    if report.dry_run:
        return f"{found}Nothing was written. Next: the same without --dry-run."
    if report.imported is None:
        return f"{found}Next: read {report.file}, then run this again to take over the state."
    if not report.differing:
        nothing = "" if report.imported else "Nothing to import. "
        return f"{found}{nothing}Stack {report.stack} is taken over: the next `pulumi up` changes nothing."
    return f"{found}Stack {report.stack} is in the state: settle what the next `pulumi up` would change."


def _text(report: Report, width: int | None) -> str:
    how = "Written" if report.written else "Left alone" if report.dry_run else "Used as it is"
    lines = [line(f"{how}: {report.file}"), ""]
    lines += as_text(report.findings, width).splitlines()
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
        lines += [*as_markdown(report.findings), ""]
    if report.differing:
        columns = ("operation", "resource", "property", "today", "declared")
        lines += [*table(columns, (row for one in report.differing for row in _rows(one))), ""]
    return "\n".join(lines)


def _rows(one: Difference) -> Iterator[tuple[Md, ...]]:
    name = f"{one.name} ({_kind(one.type)}{', expected' if one.expected else ''})"
    for change in one.properties or (Property("", "", ""),):
        yield tuple(map(text, (one.operation, name, change.path, change.before, change.after)))
