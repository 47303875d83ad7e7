"""What a check of stack files found."""

from __future__ import annotations

from airflow_entra import next_step
from airflow_entra.escape.json_text import document
from airflow_entra.report.findings import Format, as_json, as_markdown, as_text, counted
from airflow_entra.settings.check import Checked
from airflow_entra.words import many


def render(checked: Checked, form: Format, width: int | None = None) -> str:
    """The result for standard output, with its last newline; as text the empty string where there is nothing to say."""
    if form == "json":
        files = [{"file": str(file), "usable": file not in checked.unusable} for file in checked.files]
        return document({"files": files, "findings": list(map(as_json, checked.findings))})
    if form == "text":
        return as_text(checked.findings, width)
    return "\n".join([f"**{conclusion(checked)}**", "", *as_markdown(checked.findings)]).rstrip() + "\n"


def conclusion(checked: Checked) -> str:
    """One line for people: how it stands and what to do next."""
    files = many(len(checked.files), "file")
    errors = [finding for finding in checked.findings if finding.severity == "error"]
    if not errors:
        also = f", {counted(checked.findings)}" if checked.findings else ""
        return f"{files} fine{also}. Next: {next_step.preview()}."
    wrong = f"in {len(checked.unusable)} of {files}" if checked.unusable else f"between {files}, each usable"
    return f"{counted(errors)} {wrong}: correct and check again."
