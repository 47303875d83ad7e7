"""The one comment of a pull request: what changes in access, what the policies say, and what Pulumi would do."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from airflow_entra.preview.result import Previewed, StackPreview
from airflow_entra.report import diff
from airflow_entra.report.preview_words import (
    drifted,
    gathered,
    indented,
    left_out,
    many,
    names,
    removed,
    state,
    step_lines,
    summary,
)
from airflow_entra.report.shorten import Block, Cut, blocks_of, fence_for, fit, size
from airflow_entra.report.text import cell, whole

MARKER = "<!-- airflow-entra-preview -->"
"""The comment's last line, by which a pipeline finds the one that it wrote before."""
MOST_BYTES = 65_536
"""GitHub refuses a longer comment; Azure DevOps takes 150,000."""

_PLAIN = re.compile(r"[\w ./:~^-]{1,200}")
_MOST_ERROR_LINES = 40
_ERROR_LINE = 1000
_WIDTH = 110


def render(found: Previewed, most: int = MOST_BYTES) -> str:
    """The comment, at most `most` bytes (not fewer than 16,384): shortened from the bottom, saying what is missing."""
    top = [f"**{cell(summary(found))}**", ""]
    bottom = [*_told_last(found), MARKER]
    room = most - size(top) - size(bottom)
    reserved = min(room // 3, size(line for block in _access(found) for line in [*block.head, *block.rows, ""]))
    failures = fit(_failures(found), (room - reserved) // 2, _more_failures)
    findings = fit([*_policies(found), *_drift(found)], room - reserved - size(failures), _more_findings)
    room -= size(failures) + size(findings)
    access = fit(_access(found), room, lambda cuts: _more_access(found, cuts))
    diffs = fit(_diffs(found), room - size(access), _more_diffs)
    return "\n".join([*top, *failures, *access, *findings, *diffs, *bottom]) + "\n"


def _failures(found: Previewed) -> list[Block]:
    """What the engine said, once for all stacks that failed with the same words."""
    alike: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for one in found.stacks:
        if one.outcome != "previewed":
            alike.setdefault((state(one), one.errors), []).append(one.stack)
    blocks = [Block(["### Failed previews"])] if alike else []
    for (outcome, errors), stacks in alike.items():
        said = [line for error in errors for line in error.splitlines()] or ["the engine said nothing"]
        lines = [part for line in said[:_MOST_ERROR_LINES] for part in _wrapped(_fenced(indented(line)))]
        more = len(said) - _MOST_ERROR_LINES
        lines += [f"({many(more, 'more line')})"] if more > 0 else []
        fence = fence_for(lines)
        heading = f"**{cell(names(stacks))}**: {outcome}"
        blocks.append(Block([heading, "", f"{fence}text"], lines, [fence, ""], names(stacks)))
    return blocks


def _wrapped(line: str) -> list[str]:
    deeper = " " * (len(line) - len(line.lstrip(" ")) + 2)
    return textwrap.wrap(line[:_ERROR_LINE], _WIDTH, subsequent_indent=deeper, break_on_hyphens=False) or [""]


def _more_failures(cuts: Sequence[Cut]) -> str:
    stacks = names(cell(cut.name) for cut in cuts)
    return f"_What {stacks} said is shortened here: `pulumi preview --stack NAME` says all of it._"


def _access(found: Previewed) -> list[Block]:
    if found.compared is None:
        return [Block(["### Access", "", f"Not compared: {cell(whole(found.no_base))}"])]
    blocks = blocks_of(diff.render(found.compared, "markdown"))
    return [Block(["### Access"]), *blocks[1 if len(blocks) > 1 else 0 :]]  # the first line of all has said how much


def _more_access(found: Previewed, cuts: Sequence[Cut]) -> str:
    base = whole(found.compared.base) if found.compared else ""
    rows = sum(cut.rows for cut in cuts)
    return f"_{many(rows, 'row')} of the difference in access left out: {_code(f'airflow-entra diff {base}')} has all._"


def _policies(found: Previewed) -> list[Block]:
    violations = gathered(found.stacks)
    if not violations:
        return []
    head = ["### Policies", "", "| | Policy | Stack | Resource | What is wrong | Remedy |", "|---|---|---|---|---|---|"]
    rows = [
        f"| {'**mandatory**' if one.mandatory else 'advisory'} | {_code(one.policy)} | {cell(names(stacks))} "
        f"| {_said(one.resource or 'the stack')} | {_said(one.problem)} | {_said(one.remedy or one.rule)} |"
        for one, stacks in violations
    ]
    return [Block(head, rows)]


def _drift(found: Previewed) -> list[Block]:
    rows = [
        f"| {cell(one.stack)} | {_said(step.name)} | {_said(step.type)} | {_said(path)} | {_said(was)} | {_said(now)} |"
        for one in found.stacks
        for step in one.drift
        for path, was, now in drifted(step)
    ]
    if not rows:
        return []
    head = ["### Changed outside of Pulumi", "", "| Stack | Resource | Type | Property | Was | Is |"]
    return [Block([*head, "|---|---|---|---|---|---|"], rows)]


def _more_findings(cuts: Sequence[Cut]) -> str:
    rows = sum(cut.rows for cut in cuts)
    return f"_{many(rows, 'more finding')} left out: `airflow-entra preview --format text` has all._"


def _diffs(found: Previewed) -> list[Block]:
    blocks = [Block(["### What Pulumi would do"])]
    for one in found.changed:
        steps = ["\n".join(step_lines(step)) for step in one.steps]
        warnings = [f"# {whole(line)}" for warning in one.warnings for line in warning.splitlines()]
        rows = list(map(_fenced, [*steps, *warnings]))
        fence = fence_for(rows)
        head = [f"<details><summary>{cell(one.stack)}: {state(one)}</summary>", "", f"{fence}diff"]
        blocks.append(Block(head, rows, [fence, "", "</details>", ""], one.stack))
    same = [one for one in found.stacks if one.outcome == "previewed" and not one.steps]
    if same:
        blocks.append(Block([f"No change: {cell(names(map(_unchanged, same)))}."]))
    return blocks if len(blocks) > 1 else []


def _unchanged(one: StackPreview) -> str:
    return f"{one.stack} ({many(one.unchanged, 'resource')})"


def _more_diffs(cuts: Sequence[Cut]) -> str:
    left = names(f"{cell(cut.name)} ({many(cut.rows, 'resource')})" for cut in cuts if cut.rows)
    return f"_Left out of Pulumi's diff: {left}. `pulumi preview --diff --stack NAME` has all._"


def _told_last(found: Previewed) -> list[str]:
    return [line for said in (removed(found), left_out(found)) if said for line in (f"_{cell(said)}_", "")]


def _fenced(text: str) -> str:
    """Text in a fence is shown as it is; only another comment's marker must not be found in it."""
    return text.replace("<!--", "<! --")


def _said(text: str) -> str:
    return cell(whole(text))


def _code(text: str) -> str:
    """As code where it is plain, else as harmless text."""
    return f"`{text}`" if _PLAIN.fullmatch(text) else _said(text[:_ERROR_LINE])
