"""Who may do what in one Airflow, as boxes in columns and arrows between them. Pure: from the stack file alone.

Groups -> app roles (where the token carries them) -> Airflow roles -> DAGs and what may be done with them. Every text
is on one line and without characters that command a display; how it is drawn, and escaped for that, is the reports'.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from airflow_entra.access.airflow_roles import AIRFLOWS_OWN, with_read
from airflow_entra.access.plan import AccessPlan, PlannedGroup
from airflow_entra.access.stack import DeclaredStack
from airflow_entra.escape.terminal import line
from airflow_entra.settings.model import Role, StackSettings

Look = Literal["created", "dynamic", "existing", "requested", "appRole", "role", "dags"]
Way = Literal["managed", "requested", "existing", "nobody"]
"""Who makes the assignment that an arrow stands for; `managed` for arrows that need nobody."""

_ROLES_FROM = {
    "appRoles": "Roles come from app roles: direct members of a group get its roles, members of nested groups don't.",
    "assignedGroups": "Roles come from groups assigned to the application: direct members alone.",
    "securityGroups": "Roles come from security groups: members of nested groups count.",
}
_SOURCES = {
    "created": "made by the stack",
    "dynamic": "made by the stack",
    "existing": "owned elsewhere",
    "requested": "asked of the identity team",
}
_WAYS: dict[str, Way] = {"managed": "managed", "request": "requested", "existing": "existing", "none": "nobody"}


@dataclass(frozen=True, slots=True)
class Box:
    """One thing; `key` is unique in its picture and plain (letters and digits)."""

    key: str
    look: Look
    name: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrow:
    """From box to box, by key; `role` is the number of the Airflow role that it leads to or from."""

    start: str
    end: str
    role: int
    way: Way = "managed"


@dataclass(frozen=True, slots=True)
class Column:
    heading: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """One stack. Arrows lead from a column to the next one; `sentences` say the same to who can't see it."""

    title: str
    subtitle: str
    columns: tuple[Column, ...]
    arrows: tuple[Arrow, ...]
    sentences: tuple[str, ...]


def picture(stack: DeclaredStack) -> Picture:
    """What the stack file declares. Groups in the order of the roles that they give, so that arrows cross little."""
    settings, access = stack.settings, stack.plan
    numbers = {role: number for number, role in enumerate(access.roles)}
    groups = {group.key: _group(f"g{at}", group) for at, group in enumerate(_in_order(access, numbers))}
    app_roles = {role.value: Box(f"a{numbers[role.value]}", "appRole", role.value) for role in access.app_roles}
    roles = {name: _role(f"r{number}", name, settings.roles[name]) for name, number in numbers.items()}
    rights, given = _rights(settings, numbers)
    way = _WAYS[settings.tenant.manage.assignments] if access.assignments else "managed"
    arrows = [
        Arrow(groups[key].key, (app_roles.get(role) or roles[role]).key, numbers[role], way)
        for role, keys in access.roles.items()
        for key in keys
    ]
    arrows += [Arrow(box.key, roles[role].key, numbers[role]) for role, box in app_roles.items()]
    columns = [
        Column("Members of groups in Entra", tuple(groups.values())),
        Column("App roles", tuple(app_roles.values())),
        Column("Airflow roles", tuple(roles.values())),
        Column("DAGs", rights),
    ]
    return Picture(
        title=f"Who may do what: {line(stack.name)}",
        subtitle=_ROLES_FROM[settings.sign_in.roles_from],
        columns=tuple(column for column in columns if column.boxes),
        arrows=(*arrows, *given),
        sentences=tuple(_sentences(stack)),
    )


def _in_order(access: AccessPlan, numbers: dict[str, int]) -> list[PlannedGroup]:
    def middle(group: PlannedGroup) -> float:
        return sum(numbers[role] for role in group.roles) / len(group.roles)

    return sorted(access.groups.values(), key=middle)


def _group(key: str, group: PlannedGroup) -> Box:
    notes = [_source(group)]
    if group.rule:
        notes.append(f"members by rule: {line(group.rule)}")
    return Box(key, group.source, line(group.name), tuple(notes))


def _role(key: str, name: str, role: Role) -> Box:
    return Box(key, "role", line(name), ("custom role",) if role.dags else ("Airflow's own",))


def _rights(settings: StackSettings, numbers: dict[str, int]) -> tuple[tuple[Box, ...], list[Arrow]]:
    """What roles may do; two custom roles that may do the same share the box."""
    boxes: dict[tuple[str, tuple[str, ...]], Box] = {}
    arrows = []
    for name, role in settings.roles.items():
        for right in _may(name, role):
            box = boxes.setdefault(right, Box(f"d{len(boxes)}", "dags", *right))
            arrows.append(Arrow(f"r{numbers[name]}", box.key, numbers[name]))
    return tuple(boxes.values()), arrows


def _may(name: str, role: Role) -> Iterator[tuple[str, tuple[str, ...]]]:
    if not role.dags:
        own = AIRFLOWS_OWN[name]
        yield own.heading, own.notes
    for pattern, actions in role.dags.items():
        yield line(pattern), (", ".join(with_read(actions)),)


def _sentences(stack: DeclaredStack) -> Iterator[str]:
    for role, keys in stack.plan.roles.items():
        groups = (stack.plan.groups[key] for key in keys)
        members = ", ".join(f"{line(group.name)} ({_said(group)})" for group in groups)
        rights = "; ".join(": ".join((what, *notes)) for what, notes in _may(role, stack.settings.roles[role]))
        yield f"{line(role)}: given to members of {members}. May do: {rights}."


def _said(group: PlannedGroup) -> str:
    return _source(group) + (", members by rule" if group.rule else "")


def _source(group: PlannedGroup) -> str:
    if group.source == "requested" and group.object_id:
        return "made by the identity team"
    return _SOURCES[group.source]
