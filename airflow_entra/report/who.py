"""Who has which Airflow role, as a table for people, JSON for programs and Markdown for pull requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from airflow_entra.directory.who import IN_PERSON, Standing
from airflow_entra.escape import markdown, terminal
from airflow_entra.escape.json_text import document
from airflow_entra.words import many

Format = Literal["text", "json", "markdown"]

_COLUMNS = ("Person", "Signs in as", "Airflow roles", "Through", "Why not")


def render(stack: str, standings: Sequence[Standing], form: Format, width: int | None = None) -> str:
    """The result for standard output, with its last newline."""
    if form == "text":
        return terminal.table(_COLUMNS, map(row, standings), width) + "\n"
    return _json(stack, standings) if form == "json" else _markdown(stack, standings)


def conclusion(stack: str, standings: Sequence[Standing]) -> str:
    """One line: how many may sign in."""
    admitted = sum(one.refused is None for one in standings)
    people = f"{many(len(standings), 'person', 'people')}"
    roles = ", with these roles at their next sign-in" if admitted else ""
    return f"{admitted} of {people} may sign in to the Airflow of stack {stack}{roles}."


def row(one: Standing) -> tuple[str, str, str, str, str]:
    """Cells below `_COLUMNS`: an audit says of a person what this says."""
    roles = ", ".join(held.role for held in one.roles) or "none"
    through = dict.fromkeys(name for held in one.roles for name in (held.through or (IN_PERSON,)))
    why_not = "; ".join(
        part for part in (one.why, *(f"not {missed.role}: {missed.why}" for missed in one.missed)) if part
    )
    return one.person.name, one.person.sign_in_name, roles, ", ".join(through), why_not


def _markdown(stack: str, standings: Sequence[Standing]) -> str:
    table = markdown.table(_COLUMNS, (tuple(map(markdown.text, row(one))) for one in standings))
    return "\n".join([f"### Who may do what in the Airflow of stack {markdown.text(stack)}", "", *table]) + "\n"


def _json(stack: str, standings: Sequence[Standing]) -> str:
    return document({"stack": stack, "people": [_object(one) for one in standings]})


def _object(one: Standing) -> dict[str, Any]:
    return {
        "id": one.person.id,
        "name": one.person.name,
        "signInName": one.person.sign_in_name,
        "guest": one.person.guest,
        "enabled": one.person.enabled,
        "admitted": one.refused is None,
        "roles": [{"role": held.role, "through": list(held.through)} for held in one.roles],
        "refused": one.refused,
        "why": one.why or None,
        "missed": [{"role": missed.role, "why": missed.why} for missed in one.missed],
    }
