"""The picture of who may do what as a Mermaid flowchart, which GitHub draws in Markdown and in .mmd files.

https://mermaid.js.org/syntax/flowchart.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_entra.access.picture import Arrow, Box, Look, Picture, Way
from airflow_entra.escape.mermaid import label

MOST_CHARACTERS = 50_000  # Mermaid's maxTextSize; a page can't raise it on GitHub
MOST_ARROWS = 500  # Mermaid's maxEdges
_MOST_SHOWN = 300  # characters of one line in a box: a membership rule may have 3,072

_SHAPES: dict[Look, tuple[str, str]] = {
    "created": ('["', '"]'),
    "dynamic": ('{{"', '"}}'),
    "existing": ('[["', '"]]'),
    "requested": ('["', '"]'),
    "appRole": ('(["', '"])'),
    "role": ('("', '")'),
    "dags": ('["', '"]'),
}
# Each has its own text colour, so that it is legible on a light and on a dark page.
_CLASSES: dict[Look, str] = {
    "created": "fill:#ddf4ff,stroke:#0969da,color:#1f2328",
    "dynamic": "fill:#dafbe1,stroke:#1a7f37,color:#1f2328",
    "existing": "fill:#eaeef2,stroke:#57606a,color:#1f2328",
    "requested": "fill:#fff8c5,stroke:#9a6700,color:#1f2328,stroke-dasharray:6 4",
    "appRole": "fill:#fbefff,stroke:#8250df,color:#1f2328",
    "role": "fill:#ffeff7,stroke:#bf3989,color:#1f2328",
    "dags": "fill:#ffffff,stroke:#57606a,color:#1f2328",
}
_ARROWS: dict[Way, str] = {"managed": "-->", "requested": "-.->", "existing": "==>", "nobody": "-. nobody assigns .->"}
LEGEND: dict[Look, str] = {
    "created": "group made by the stack",
    "dynamic": "group with members by rule",
    "existing": "group owned elsewhere",
    "requested": "group asked of the identity team",
}
_WAYS: dict[Way, str] = {"requested": "assigned by the identity team", "existing": "assigned elsewhere"}


def mermaid(pictures: Sequence[Picture]) -> str:
    """One flowchart with a frame for each stack. Draws nothing that a name asks for: see escape.mermaid."""
    lines = ["flowchart LR", f"  accTitle: {_title(pictures)}", "  accDescr {"]
    lines += [f"    {label(sentence)}" for one in pictures for sentence in (one.title, one.subtitle, *one.sentences)]
    lines.append("  }")
    for number, one in enumerate(pictures):
        lines += _stack(one, f"s{number}")
    lines += _legend(pictures)
    lines += [f"  classDef {look} {style}" for look, style in _CLASSES.items()]
    return "\n".join(lines) + "\n"


def fenced(chart: str) -> str:
    """The chart as a block of Markdown; no name can end the block, as backticks are never written."""
    return f"```mermaid\n{chart}```\n"


def too_much(pictures: Sequence[Picture]) -> str | None:
    """Why Mermaid as GitHub sets it would refuse the chart; None where it draws it."""
    arrows, characters = sum(len(one.arrows) for one in pictures), len(mermaid(pictures))
    if arrows > MOST_ARROWS:
        return f"{arrows} arrows, and Mermaid draws at most {MOST_ARROWS}"
    if characters > MOST_CHARACTERS:
        return f"{characters} characters, and Mermaid reads at most {MOST_CHARACTERS}"
    return None


def _title(pictures: Sequence[Picture]) -> str:
    return label(pictures[0].title if len(pictures) == 1 else f"Who may do what in {len(pictures)} Airflows")


def _stack(one: Picture, prefix: str) -> Iterator[str]:
    yield f'  subgraph {prefix}["{label(one.title)}"]'
    yield "    direction LR"
    for column in one.columns:
        yield from (f"    {_box(prefix, box, column.heading)}" for box in column.boxes)
    yield from (f"    {_arrow(prefix, arrow)}" for arrow in one.arrows)
    yield "  end"


def _box(prefix: str, box: Box, heading: str) -> str:
    start, end = _SHAPES[box.look]
    said = {"appRole": "app role", "role": "Airflow role"}.get(box.look)
    notes = box.notes if said is None or box.notes == ("custom role",) else (said,)
    words = "<br/>".join(label(_short(line)) for line in (box.name, *notes))
    return f"{prefix}{box.key}{start}{words}{end}:::{box.look}"


def _short(line: str) -> str:
    return line if len(line) <= _MOST_SHOWN else line[: _MOST_SHOWN - 1] + "…"


def _arrow(prefix: str, arrow: Arrow) -> str:
    return f"{prefix}{arrow.start} {_ARROWS[arrow.way]} {prefix}{arrow.end}"


def _legend(pictures: Sequence[Picture]) -> Iterator[str]:
    looks = {box.look for one in pictures for column in one.columns for box in column.boxes}
    ways = {arrow.way for one in pictures for arrow in one.arrows}
    yield '  subgraph legend["Legend"]'
    yield "    direction LR"
    for look, words in LEGEND.items():
        if look in looks:
            start, end = _SHAPES[look]
            yield f"    l{look}{start}{label(words)}{end}:::{look}"
    for way, words in _WAYS.items():
        if way in ways:
            yield f'    l{way}1["group"]:::created {_ARROWS[way]} l{way}2(["{label(words)}"]):::appRole'
    yield "  end"
