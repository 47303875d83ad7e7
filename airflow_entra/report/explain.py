"""Who has which Airflow role and why, as text for people, Markdown for reviews and JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, Literal

from airflow_entra.access.explain import Explanation
from airflow_entra.report.text import cell, markdown_table, whole

Format = Literal["text", "json", "markdown"]


def render(explanations: Sequence[Explanation], form: Format) -> str:
    """The result for standard output, with its last newline."""
    return {"text": _text, "json": _json, "markdown": _markdown}[form](explanations)


def _verdict(one: Explanation) -> str:
    if one.refused:
        return f"{whole(one.subject)} gets no role in the Airflow of stack {one.stack}: {whole(one.why)}"
    if one.subject.startswith("role "):
        return f"{whole(one.subject)} in the Airflow of stack {one.stack}"
    roles = ", ".join(held.role for held in one.roles)
    return f"{whole(one.subject)} has {roles} in the Airflow of stack {one.stack}"


def _sections(one: Explanation) -> list[tuple[str, tuple[str, ...]]]:
    sections = [("fix", (one.fix,)), ("until", one.until), ("note", one.notes)]
    return [(name, tuple(map(whole, said))) for name, said in sections if any(said)]


def _text(explanations: Sequence[Explanation]) -> str:
    lines: list[str] = []
    for one in explanations:
        lines += [_verdict(one)]
        for held in one.roles:
            lines.append(f"  {held.role}")
            lines += [f"    through  {whole(group)}" for group in held.through]
            lines += [f"    may      {whole(right)}" for right in held.may]
        lines += [f"  {name:<5}  {said}" for name, sentences in _sections(one) for said in sentences]
        lines.append("")
    return "\n".join(lines[:-1]) + "\n"


def _markdown(explanations: Sequence[Explanation]) -> str:
    lines: list[str] = []
    for one in explanations:
        lines += [f"**{cell(_verdict(one))}**", ""]
        if one.roles:
            rows = ((cell(held.role), _stacked(held.through), _stacked(held.may)) for held in one.roles)
            lines += [*markdown_table(("Airflow role", "Through", "May"), rows), ""]
        lines += [f"- {name}: {cell(said)}" for name, sentences in _sections(one) for said in sentences]
        lines.append("")
    return "\n".join(lines)


def _stacked(texts: Iterable[str]) -> str:
    return "<br>".join(cell(whole(text)) for text in texts)


def _json(explanations: Sequence[Explanation]) -> str:
    return json.dumps({"answers": [_object(one) for one in explanations]}, indent=2, ensure_ascii=False) + "\n"


def _object(one: Explanation) -> dict[str, Any]:
    said = asdict(one)
    return {"stack": said.pop("stack"), "subject": said.pop("subject"), "admitted": one.refused is None} | {
        key: value if value != "" else None for key, value in said.items()
    }
