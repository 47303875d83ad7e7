"""The one comment of a pull request: what changes in access, what the policies say, and what Pulumi would do."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from airflow_entra import next_step
from airflow_entra.escape.markdown import code, fence_for, table, text
from airflow_entra.escape.markup import xml
from airflow_entra.escape.terminal import indented, line
from airflow_entra.preview.result import Previewed, StackPreview
from airflow_entra.report import diff
from airflow_entra.report.findings import as_markdown
from airflow_entra.report.preview_words import (
    drifted,
    gathered,
    left_out,
    names,
    removed,
    state,
    step_lines,
    summary,
)
from airflow_entra.report.shorten import Block, Cut, blocks_of, fit, size
from airflow_entra.words import many

MARKER = "<!-- airflow-entra-preview -->"
"""The comment's last line, by which a pipeline finds the one that it wrote before."""
MOST_BYTES = 65_536
"""GitHub refuses a longer comment; Azure DevOps takes 150,000."""

_NO_MARKER = MARKER.replace("<!--", "<!- ")  # as it may stand in code; no longer than the marker
_MOST_ERROR_LINES = 40
_ERROR_LINE = 1000
_WIDTH = 110


def render(found: Previewed, most: int = MOST_BYTES) -> str:
    """The comment, at most `most` bytes (not fewer than 16,384): shortened from the bottom, saying what is missing."""
    top = [f"**{text(summary(found))}**", ""]
    bottom = _told_last(found)
    room = most - size(top) - size([*bottom, MARKER])
    reserved = min(room // 3, size(row for block in _access(found) for row in [*block.head, *block.rows, ""]))
    failures = fit(_failures(found), (room - reserved) // 2, _more_failures)
    findings = fit([*_findings(found), *_drift(found)], room - reserved - size(failures), _more_findings)
    room -= size(failures) + size(findings)
    access = fit(_access(found), room, lambda cuts: _more_access(found, cuts))
    diffs = fit(_diffs(found), room - size(access), _more_diffs)
    body = "\n".join([*top, *failures, *access, *findings, *diffs, *bottom, ""])
    return f"{body.replace(MARKER, _NO_MARKER)}{MARKER}\n"


def _failures(found: Previewed) -> list[Block]:
    """What the engine said, once for all stacks that failed with the same words."""
    alike: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for one in found.stacks:
        if one.outcome != "previewed":
            alike.setdefault((state(one), one.errors), []).append(one.stack)
    blocks = [Block(["### Failed previews"])] if alike else []
    for (outcome, errors), stacks in alike.items():
        said = [said for error in errors for said in error.splitlines()] or ["the engine said nothing"]
        lines = [part for row in said[:_MOST_ERROR_LINES] for part in _wrapped(indented(row))]
        more = len(said) - _MOST_ERROR_LINES
        lines += [f"({many(more, 'more line')})"] if more > 0 else []
        fence = fence_for(lines)
        heading = f"**{text(names(stacks))}**: {outcome}"
        blocks.append(Block([heading, "", f"{fence}text"], lines, [fence, ""], names(stacks)))
    return blocks


def _wrapped(row: str) -> list[str]:
    deeper = " " * (len(row) - len(row.lstrip(" ")) + 2)
    return textwrap.wrap(row[:_ERROR_LINE], _WIDTH, subsequent_indent=deeper, break_on_hyphens=False) or [""]


def _more_failures(cuts: Sequence[Cut]) -> str:
    stacks = names(text(cut.name) for cut in cuts)
    return f"_What {stacks} said is shortened here: `{next_step.preview('NAME')}` says all of it._"


def _access(found: Previewed) -> list[Block]:
    if found.compared is None:
        return [Block(["### Access", "", f"Not compared: {text(found.no_base)}"])]
    changes = diff.changes_as_markdown(found.compared)
    return [Block(["### Access"]), *blocks_of("\n".join(changes or [text(diff.conclusion(found.compared))]))]


def _more_access(found: Previewed, cuts: Sequence[Cut]) -> str:
    base = found.compared.base if found.compared else ""
    rows = sum(cut.rows for cut in cuts)
    command = code(f"airflow-entra diff {base}"[:_ERROR_LINE])
    return f"_{many(rows, 'row')} of the difference in access left out: {command} has all._"


def _findings(found: Previewed) -> list[Block]:
    findings = gathered(found)
    if not findings:
        return []
    head, line_below, *rows = as_markdown(findings)
    return [Block(["### Findings", "", head, line_below], rows)]


def _drift(found: Previewed) -> list[Block]:
    head, line_below, *rows = table(
        ("Stack", "Resource", "Type", "Property", "Was", "Is"),
        (
            tuple(map(text, (one.stack, step.name, step.type, *sides)))
            for one in found.stacks
            for step in one.drift
            for sides in drifted(step)
        ),
    )
    return [Block(["### Changed outside of Pulumi", "", head, line_below], rows)] if rows else []


def _more_findings(cuts: Sequence[Cut]) -> str:
    rows = sum(cut.rows for cut in cuts)
    return f"_{many(rows, 'more finding')} left out: `airflow-entra preview --format text` has all._"


def _diffs(found: Previewed) -> list[Block]:
    blocks = [Block(["### What Pulumi would do"])]
    for one in found.changed:
        steps = ["\n".join(step_lines(step)) for step in one.steps]
        warnings = [f"# {line(row)}" for warning in one.warnings for row in warning.splitlines()]
        rows = [*steps, *warnings]
        fence = fence_for(rows)
        title = f"<code>{xml(line(one.stack))}</code>: {xml(line(state(one)))}"  # where Markdown isn't read
        head = [f"<details><summary>{title}</summary>", "", f"{fence}diff"]
        blocks.append(Block(head, rows, [fence, "", "</details>", ""], one.stack))
    same = [one for one in found.stacks if one.outcome == "previewed" and not one.steps]
    if same:
        blocks.append(Block([f"No change: {text(names(map(_unchanged, same)))}."]))
    return blocks if len(blocks) > 1 else []


def _unchanged(one: StackPreview) -> str:
    return f"{one.stack} ({many(one.unchanged, 'resource')})"


def _more_diffs(cuts: Sequence[Cut]) -> str:
    left = names(f"{text(cut.name)} ({many(cut.rows, 'resource')})" for cut in cuts if cut.rows)
    return f"_Left out of Pulumi's diff: {left}. `{next_step.preview('NAME', '--diff')}` has all._"


def _told_last(found: Previewed) -> list[str]:
    return [row for said in (removed(found), left_out(found)) if said for row in (f"_{text(said)}_", "")]
