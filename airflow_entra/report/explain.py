"""Who has which Airflow role and why, as text for people, Markdown for reviews and JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, Literal

from airflow_entra.access.explain import Explanation
from airflow_entra.escape import markdown
from airflow_entra.escape.json_text import document
from airflow_entra.escape.markdown import Md, text
from airflow_entra.escape.terminal import folded, line

Format = Literal["text", "json", "markdown"]


def render(explanations: Sequence[Explanation], form: Format, width: int | None = None) -> str:
    """The result for standard output, with its last newline."""
    if form == "text":
        return _text(explanations, width)
    return _json(explanations) if form == "json" else _markdown(explanations)


def _verdict(one: Explanation) -> str:
    if one.refused:
        return f"{one.subject} gets no role in the Airflow of stack {one.stack}: {one.why}"
    if one.subject.startswith("role "):
        return f"{one.subject} in the Airflow of stack {one.stack}"
    roles = ", ".join(held.role for held in one.roles)
    return f"{one.subject} has {roles} in the Airflow of stack {one.stack}"


def _sections(one: Explanation) -> list[tuple[str, tuple[str, ...]]]:
    sections = [("fix", (one.fix,)), ("until", one.until), ("note", one.notes)]
    return [(name, said) for name, said in sections if any(said)]


def _text(explanations: Sequence[Explanation], width: int | None) -> str:
    lines: list[str] = []
    for one in explanations:
        lines.append(folded("", line(_verdict(one)), width))
        for held in one.roles:
            lines.append(f"  {line(held.role)}")
            lines += [folded("    through  ", line(group), width) for group in held.through]
            lines += [folded("    may      ", line(right), width) for right in held.may]
        lines += [
            folded(f"  {name:<5}  ", line(said), width) for name, sentences in _sections(one) for said in sentences
        ]
        lines.append("")
    return "\n".join(lines[:-1]) + "\n"


def _markdown(explanations: Sequence[Explanation]) -> str:
    lines: list[str] = []
    for one in explanations:
        lines += [f"**{text(_verdict(one))}**", ""]
        if one.roles:
            rows = ((text(held.role), _stacked(held.through), _stacked(held.may)) for held in one.roles)
            lines += [*markdown.table(("Airflow role", "Through", "May"), rows), ""]
        lines += [f"- {name}: {text(said)}" for name, sentences in _sections(one) for said in sentences]
        lines.append("")
    return "\n".join(lines)


def _stacked(texts: Iterable[str]) -> Md:
    return Md("<br>".join(map(text, texts)))


def _json(explanations: Sequence[Explanation]) -> str:
    return document({"answers": [_object(one) for one in explanations]})


def _object(one: Explanation) -> dict[str, Any]:
    said = asdict(one)
    return {"stack": said.pop("stack"), "subject": said.pop("subject"), "admitted": one.refused is None} | {
        key: value if value != "" else None for key, value in said.items()
    }
