"""Writes docs/mistakes.md: `python -m tests.settings.mistakes_page > docs/mistakes.md`.

Each kind of mistake with an example that was made in a stack file and checked, in the check's own words.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from textwrap import dedent
from typing import Any

import yaml

from airflow_entra.finding import Finding
from airflow_entra.settings.check import check
from airflow_entra.settings.kinds import KINDS, Kind

DATA = Path(__file__).parent / "data"
_NAME = "Pulumi.prod.yaml"
_WIDEST = 100  # characters of a line that is shown
# Not in mistakes.yaml, where each case makes one error alone: these bring others along.
_MORE: tuple[Mapping[str, Any], ...] = (
    {"replace": ("finance_*: [", "*finance: [")},
    {"replace": ("team: data-platform", f"team: {'[' * 30}{']' * 30}")},
)
_START = """\
# Kinds of mistakes

Everything that `airflow-entra check` can say of a stack file, as [findings](findings.md). The name of a kind never
changes: GitHub's and Azure DevOps's alerts (`--format sarif`, `--format github`) carry it. Each example is a stack file
with that mistake in it, as the check told it; `…` stands for the rest of the file.

This page is made by `make docs`.

| Kind | What is wrong |
|---|---|
"""


@dataclass(frozen=True)
class Example:
    """What was found, and the lines that it was found in."""

    finding: Finding
    lines: tuple[str, ...]


def text_of(case: Mapping[str, Any]) -> str:
    """The stack file of one case of mistakes.yaml, warnings.yaml or fine.yaml."""
    start = case.get("from", "everything.yaml")
    text: str = case.get("text") or (DATA / start).read_text("utf-8")
    for old, new in (case[key] for key in ("replace", "and", "and2", "and3", "and4") if key in case):
        assert old in text, f"{old!r} is not in {start}"
        text = text.replace(old, new, 1)
    return text


def page() -> str:
    """The whole page, Markdown."""
    found = examples()
    parts = [_START + "".join(f"| [`{kind.name}`](#{_anchor(kind)}) | {kind.title} |\n" for kind in KINDS.values())]
    parts += ["\n".join(_section(kind, found.get(kind.name))) for kind in KINDS.values()]
    return "\n".join(parts)


def examples() -> dict[str, Example]:
    """Kind -> the first example of it, found in as few other mistakes as there are."""
    written = [yaml.safe_load((DATA / f"{name}.yaml").read_text("utf-8")) for name in ("mistakes", "warnings")]
    cases = [*chain.from_iterable(written), *_MORE]
    found: dict[str, Example] = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / _NAME
        for case in cases:
            if "never" in case:
                continue  # a secret has no place in the documentation either
            text = text_of(case)
            file.write_text(text, "utf-8")
            for finding in check([file]).findings:
                lines = tuple(_around(text.splitlines(), finding.position[0]))
                found.setdefault(finding.id, Example(finding, lines))
    return found


def _around(lines: list[str], line: int) -> Iterator[str]:
    """The line with the one that it stands below."""
    (own,) = lines[line - 1 : line] or [""]
    indent = len(own) - len(own.lstrip(" -"))
    above = next((one for one in reversed(lines[: line - 1]) if len(one) - len(one.lstrip(" -")) < indent), None)
    yield from (_short(one) for one in (above, own) if one is not None)


def _short(line: str) -> str:
    return line if len(line) <= _WIDEST else line[: _WIDEST - 1] + "…"


def _section(kind: Kind, example: Example | None) -> Iterator[str]:
    yield f"## {kind.name}\n"
    yield f"**{kind.title}.** {kind.why} [Source]({kind.link})\n"
    if example is not None:
        if shown := dedent("\n".join(example.lines)).strip():
            yield f"```yaml\n# {_NAME}, line {example.finding.position[0]}\n…\n{shown}\n…\n```\n"
        for label in ("what", "right", "fix"):
            words = getattr(example.finding, label)
            yield f"- {_LABELS[label]}: {_code(words)}"
        yield ""


_LABELS = {"what": "Wrong", "right": "Right", "fix": "Fix"}


def _code(words: str) -> str:
    fence = "``" if "`" in words else "`"
    padding = " " if fence == "``" else ""
    return f"{fence}{padding}{words}{padding}{fence}"


def _anchor(kind: Kind) -> str:
    """As GitHub makes it of the heading."""
    return re.sub(r"[^\w-]", "", kind.name)


if __name__ == "__main__":
    sys.stdout.write(page())
