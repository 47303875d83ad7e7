"""What a check of stack files found."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_entra.escape.json_text import document
from airflow_entra.report.findings import Format, as_json, as_markdown, as_text, counted
from airflow_entra.settings.check import Checked, all_findings


def render(checked: Sequence[Checked], form: Format, width: int | None = None) -> str:
    """The result for standard output, with its last newline; as text the empty string where there is nothing to say."""
    findings = all_findings(checked)
    if form == "json":
        files = [{"file": str(one.file), "usable": one.usable} for one in checked]
        return document({"files": files, "findings": list(map(as_json, findings))})
    if form == "text":
        return as_text(findings, width)
    return "\n".join([f"**{conclusion(checked)}**", "", *(as_markdown(findings) if findings else ())]) + "\n"


def conclusion(checked: Sequence[Checked]) -> str:
    """One line for people: how it stands and what to do next."""
    files = f"{len(checked)} file{'' if len(checked) == 1 else 's'}"
    findings = all_findings(checked)
    errors = [finding for finding in findings if finding.severity == "error"]
    if not errors:
        return f"{files} fine{f', {counted(findings)}' if findings else ''}. Next: pulumi preview."
    wrong = sum(not one.usable for one in checked)
    said = f"{counted(errors)} in {wrong} of {files}" if wrong else f"{counted(errors)} between {files}, each usable"
    return f"{said}: correct and check again."
