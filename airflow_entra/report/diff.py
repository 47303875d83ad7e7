"""The difference in access as text for people, Markdown for pull requests and JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Literal, NamedTuple

from airflow_entra.access.compare import Compared
from airflow_entra.access.diff import Change, StackDiff
from airflow_entra.access.stated import Right, StatedGroup
from airflow_entra.escape import terminal
from airflow_entra.escape.json_text import document
from airflow_entra.escape.markdown import Md, table, text
from airflow_entra.escape.terminal import line
from airflow_entra.report.diff_json import as_json
from airflow_entra.report.findings import as_json as finding_as_json
from airflow_entra.report.findings import as_markdown, as_text, counted
from airflow_entra.words import form, many

Format = Literal["text", "json", "markdown"]

# What a reader of a new stack wants to know of its settings; JSON has all.
_OF_A_NEW_STACK = ("signIn.", "credential.", "environment", "redirect URLs")


class Row(NamedTuple):
    """One line of a stack's table. `what` is a role or a setting, `whom` a group, DAGs or a value."""

    verb: str
    what: str
    whom: str
    detail: str = ""


def render(compared: Compared, form: Format, width: int | None = None) -> str:
    """The result for standard output, with its last newline. Only what differs is in it."""
    if form == "json":
        return document(as_json(compared) | {"findings": list(map(finding_as_json, compared.findings))})
    if form == "text":
        told = as_text(compared.findings, width)
        return line(conclusion(compared)) + "\n" + (f"\n{told}" if told else "") + changes_as_text(compared, width)
    found = [*as_markdown(compared.findings), ""] if compared.findings else []
    return "\n".join([f"**{text(conclusion(compared))}**", "", *found, *changes_as_markdown(compared)])


def conclusion(compared: Compared) -> str:
    """One line: how much changes."""
    stacks = many(compared.stacks, "stack")
    if not compared.changes:
        head = "this folder" if compared.head == "." else compared.head
        say = form(compared.stacks, "says", "say")
        return f"No change in access: {stacks} {say} the same in {compared.base} and {head}."
    gained = sum(len(one.grants.gained) for one in compared.changes)
    lost = sum(len(one.grants.lost) for one in compared.changes)
    rights = sum(len(one.rights.gained) + len(one.rights.lost) for one in compared.changes)
    parts = [
        f"{many(gained, 'role')} gained by groups",
        f"{lost} lost",
        *([f"{many(rights, 'DAG right')} changed"] if rights else []),
        counted(compared.findings, "nothing that opens more"),
    ]
    return f"Access changes in {len(compared.changes)} of {stacks}: {', '.join(parts)}."


def changes_as_text(compared: Compared, width: int | None = None) -> str:
    """Each stack's changes, below an empty line."""
    parts = []
    room = width and width - 2
    for one in compared.changes:
        told = [f"  {row}" for row in terminal.table((), rows(one), room).split("\n") if row]
        parts.append("\n".join(["", line(_title(one)), *told]))
    if compared.people is not None:
        parts.append(_people_text(compared))
    return "".join(f"{row.rstrip()}\n" for part in parts for row in part.split("\n"))


def _people_text(compared: Compared) -> str:
    lines = ["", "people"]
    for person in compared.people or ():
        moved = [f"gains {role}" for role in person.gained] + [f"loses {role}" for role in person.lost]
        lines.append("  " + line(f"{person.person} in {person.stack}: {', '.join(moved)}"))
    return "\n".join(lines if compared.people else [*lines, "  nobody who is in these groups today"])


def changes_as_markdown(compared: Compared) -> list[str]:
    """A table for each stack that changes, and one of the people whom it means."""
    lines: list[str] = []
    for change in compared.changes:
        shown = ((text(row.verb), _strong(row), text(row.whom), text(row.detail)) for row in rows(change))
        lines += [f"#### {text(_title(change))}", ""]
        lines += [*table(("", "Role or setting", "Group, DAGs or value", ""), shown), ""]
    if compared.people is not None:
        people = (
            (text(person.person), text(person.stack), text(", ".join(person.gained)), text(", ".join(person.lost)))
            for person in compared.people
        )
        lines += ["#### People, by who is in the groups today", ""]
        lines += [*table(("Person", "Stack", "Gains", "Loses"), people), ""]
    return lines


def _strong(row: Row) -> Md:
    said = text(row.what)
    return Md(f"**{said}**") if row.verb in ("gains", "loses") else said


def _title(one: StackDiff) -> str:
    environment = (one.after if one.what != "removed" else one.before).values.get("environment", "")
    said = {"added": "new stack", "removed": "stack removed: everybody loses access", "changed": "changed"}[one.what]
    return f"{one.stack} ({environment}): {said}"


def rows(one: StackDiff) -> Iterator[Row]:
    """What changes in one stack, access first."""
    for verb, grants in (("gains", one.grants.gained), ("loses", one.grants.lost)):
        for role, group, key in sorted((one.role_name(g.role), one.group_name(g.group), g.group) for g in grants):
            yield Row(verb, role, group, _about(one, key, verb))
    yield from _rights("may", one, sorted(one.rights.gained))
    yield from _rights("may no longer", one, sorted(one.rights.lost))
    for renamed in one.roles.values():
        if renamed.before and renamed.after:
            yield Row("renamed", renamed.before, renamed.after, "the same role")
    for key, change in one.groups.items():
        yield from _group(key, change)
    for key, value in one.values.items():
        if one.what == "changed":
            yield Row("changed", key, f"{_or_default(key, value.before)} → {_or_default(key, value.after)}")
        elif value.after and key.startswith(_OF_A_NEW_STACK):
            yield Row("says", key, value.after)
    for key, moved in one.lists.items():
        if one.what == "changed" or (one.what == "added" and key in _OF_A_NEW_STACK):
            yield from (Row("adds", key, item) for item in sorted(moved.gained))
            yield from (Row("removes", key, item) for item in sorted(moved.lost))


def _about(one: StackDiff, key: str, verb: str) -> str:
    """What is to be known of a group whose roles change."""
    group = one.after.groups.get(key) or one.before.groups[key]
    if verb == "loses":
        return "" if key in one.after.groups else "the group is no longer named"
    made = {"created": "new group", "requested": "group to be made by the identity team", "existing": "group"}
    kind = made[group.kind] if key not in one.before.groups else "group"
    said = f"{kind} {group.object_id}" if group.object_id and group.kind == "existing" else kind
    return f"{said}, members by rule: {group.rule}" if group.rule else said


def _rights(verb: str, one: StackDiff, rights: Sequence[Right]) -> Iterator[Row]:
    for (role, pattern), same in groupby(rights, key=lambda right: (right.role, right.pattern)):
        yield Row(verb, one.role_name(role), pattern, ", ".join(right.action for right in same))


def _group(key: str, change: Change[StatedGroup]) -> Iterator[Row]:
    before, after = change.before, change.after
    if before is None or after is None:
        return
    if before.name != after.name:
        yield Row("renamed", f"group {before.name}", after.name, "the same group")
    if before.rule != after.rule:
        yield Row("changed", f"rule of {after.name}", f"{before.rule or 'none'} → {after.rule or 'none'}")
    if (before.kind, before.object_id) != (after.kind, after.object_id):
        was, now = (" ".join(filter(None, (side.kind, side.object_id))) for side in (before, after))
        yield Row("changed", f"group {after.name}", f"{was} → {now}")


def _or_default(key: str, value: str | None) -> str:
    return value or ("Entra's own default" if key in ("signIn.tokenLifetime", "signIn.signInFrequency") else "none")
