"""Which group of the tenant each group of the stack file is.

A mailNickname isn't unique: anybody who may create a group may create another with the same. So a group that is
assigned to the application, with the name and nickname that the file says, comes before any that only has the nickname;
and where two could be meant, neither is taken.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from airflow_entra.access import AccessPlan, PlannedGroup
from airflow_entra.directory.registered import Registered
from airflow_entra.escape.terminal import line
from airflow_entra.finding import Finding


@dataclass(frozen=True)
class LiveGroups:
    """`ids`: the plan's keys -> object ids of the groups that exist."""

    ids: Mapping[str, str]
    findings: tuple[Finding, ...] = ()


def live_groups(
    plan: AccessPlan, application: Registered, with_nickname: Callable[[str], Collection[str]]
) -> LiveGroups:
    """`with_nickname` gives the object ids of all groups of the tenant with a mailNickname; asked only where needed."""
    assigned: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for live in (application.groups or {}).values():
        assigned[live.nickname, live.name].append(live.id)
    ids: dict[str, str] = {}
    findings: list[Finding] = []
    for key, group in plan.groups.items():
        if group.object_id:
            ids[key] = group.object_id
            continue
        found = assigned[group.mail_nickname, group.name] or list(with_nickname(group.mail_nickname))
        if len(found) == 1:
            ids[key] = found[0]
        elif found:
            findings.append(_ambiguous(group, found))
    return LiveGroups(ids, tuple(findings))


def _ambiguous(group: PlannedGroup, found: Collection[str]) -> Finding:
    return Finding(
        f"group {line(group.name)}",
        f"{len(found)} groups have its mailNickname {line(group.mail_nickname)}: {', '.join(found)}",
        "it is clear which group gives a role; a name or nickname is anybody's to give",
        "name the right one by its id ({id: ..., name: ...}), or change the other's mailNickname; until then none "
        "is imported, and the next `pulumi up` would make a new group",
        id="import/ambiguous-group",
    )
