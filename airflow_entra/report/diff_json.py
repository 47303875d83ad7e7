"""The difference in access as JSON: everything that differs, by name and by key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from airflow_entra.access.compare import Compared
from airflow_entra.access.diff import StackDiff
from airflow_entra.access.stated import Grant, Right, StatedGroup


def as_json(compared: Compared) -> dict[str, Any]:
    """The content of a document; the findings are another part of it."""
    said: dict[str, Any] = {
        "base": compared.base,
        "head": compared.head,
        "compared": compared.stacks,
        "changed": bool(compared.changes),
        "stacks": [_stack(one) for one in compared.changes],
    }
    if compared.people is not None:
        said["people"] = [asdict(person) for person in compared.people]
    return said


def _stack(one: StackDiff) -> dict[str, Any]:
    return {
        "stack": one.stack,
        "change": one.what,
        "environment": (one.after if one.what != "removed" else one.before).values.get("environment"),
        "roles": {"gained": _grants(one, one.grants.gained), "lost": _grants(one, one.grants.lost)},
        "dagRights": {"gained": _rights(one, one.rights.gained), "lost": _rights(one, one.rights.lost)},
        "renamedRoles": [asdict(change) for change in one.roles.values() if change.before and change.after],
        "groups": [
            {"key": key, "before": _group(change.before), "after": _group(change.after)}
            for key, change in one.groups.items()
        ],
        "settings": [{"name": key, **asdict(change)} for key, change in one.values.items()],
        "lists": [
            {"name": key, "gained": sorted(moved.gained), "lost": sorted(moved.lost)}
            for key, moved in one.lists.items()
        ],
    }


def _grants(one: StackDiff, grants: Iterable[Grant]) -> list[dict[str, str]]:
    found = [
        {"role": one.role_name(grant.role), "group": one.group_name(grant.group), "key": grant.group}
        for grant in grants
    ]
    return sorted(found, key=lambda grant: tuple(grant.values()))


def _rights(one: StackDiff, rights: Iterable[Right]) -> list[dict[str, str]]:
    return [
        {"role": one.role_name(right.role), "dags": right.pattern, "action": right.action} for right in sorted(rights)
    ]


def _group(group: StatedGroup | None) -> dict[str, str | None] | None:
    if group is None:
        return None
    return {"name": group.name, "kind": group.kind, "rule": group.rule, "objectId": group.object_id}
