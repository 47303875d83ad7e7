"""Which groups give which Airflow role, as the application's app roles and assignments tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_entra.access import names
from airflow_entra.directory.registered import AppRole, Assigned, Registered
from airflow_entra.finding import Finding
from airflow_entra.importing import role_findings as say
from airflow_entra.importing.choices import Choices, DraftError
from airflow_entra.importing.groups import Groups
from airflow_entra.settings.model import RolesFrom
from airflow_entra_auth.rules import BUILT_IN_ROLES

NOBODY_KNOWS = {"say-which-dags": ["read"]}
"""What a custom role may do whose rights only Airflow's database knows: a DAG that doesn't exist."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,119}")
_RIGHTS = re.compile(r"Airflow role \S+ \((?P<rights>.+)\)")
_RIGHT = re.compile(r"(?P<dags>[\w.*?\[\]!-]{1,250}): (?P<actions>[a-z, ]+)", re.ASCII)
_ACTIONS = ("read", "trigger", "edit", "delete")


@dataclass
class Roles:
    """`entries` are the stack file's roles by name."""

    roles_from: RolesFrom
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def roles(application: Registered, choices: Choices) -> Roles:
    """Raises DraftError where no group gives any role."""
    groups = Groups(application, choices)
    found = Roles(_roles_from(application))
    if found.roles_from == "appRoles":
        _by_app_role(application, choices, groups, found)
    else:
        _by_group(application, choices, groups, found)
    found.findings += groups.findings
    if not found.entries:
        raise DraftError(say.no_role(application, found.findings))
    return found


def _roles_from(application: Registered) -> RolesFrom:
    given = {one.app_role for one in application.assigned}
    usable = [role for role in application.app_roles if role.value and role.enabled and role.for_people]
    claims = application.group_claims
    if any(role.id in given for role in usable) or (usable and not claims):
        return "appRoles"
    return "securityGroups" if "SecurityGroup" in claims or "All" in claims else "assignedGroups"


def _by_app_role(application: Registered, choices: Choices, groups: Groups, found: Roles) -> None:
    taken: dict[str, AppRole] = {}
    for role in application.app_roles:
        holders = [one for one in application.assigned if one.app_role == role.id]
        found.findings += [say.not_a_group(one, role) for one in holders if one.kind != "Group"]
        name = _role_name(role, choices)
        if name is None:
            found.findings.append(say.unusable(role, holders))
            continue
        assigned = [one for one in holders if one.kind == "Group"]
        if not assigned:
            found.findings.append(say.no_group(role, holders))
            continue
        if name in taken:
            found.findings.append(say.same_role(role, taken[name], name))
        elif name != role.value:
            found.findings.append(say.renamed(role, name))
        if role.for_applications:
            found.findings.append(say.for_applications(role))
        _add(found, groups, name, assigned, role.description)
        if taken.setdefault(name, role) is role and role.id != names.app_role_id(name):
            found.entries[name]["appRole"] = role.id.lower()
    known = {role.id for role in application.app_roles}
    for one in application.assigned:
        if one.app_role not in known:
            found.findings.append(say.without_role(one))


def _role_name(role: AppRole, choices: Choices) -> str | None:
    """The Airflow role that an app role is; None where it can be none."""
    if not (role.value and role.enabled and role.for_people):
        return None
    name = choices.roles.get(role.value) or choices.roles.get(role.id.lower()) or _airflows_own(role.value)
    return name if _NAME.fullmatch(name) else None


def _airflows_own(value: str) -> str:
    return next((name for name in BUILT_IN_ROLES if name.lower() == value.lower()), value)


def _by_group(application: Registered, choices: Choices, groups: Groups, found: Roles) -> None:
    assigned = {one.principal: one for one in application.assigned if one.kind == "Group"}
    found.findings += [say.not_a_group(one, None) for one in application.assigned if one.kind != "Group"]
    known = application.groups or {}
    wanted = {key.casefold(): _airflows_own(role) for key, role in choices.roles.items()}
    for id_ in dict.fromkeys([*assigned, *known]):
        name = known[id_].name if id_ in known else assigned[id_].name
        role = wanted.get(id_.casefold()) or wanted.get(name.casefold())
        one = assigned.get(id_) or Assigned("", id_, "Group", name, names.DEFAULT_ACCESS)
        if role is None or not _NAME.fullmatch(role):
            found.findings.append(say.which_role(one))
        else:
            _add(found, groups, role, [one], "")


def _add(found: Roles, groups: Groups, name: str, assigned: Iterable[Assigned], description: str) -> None:
    entry = found.entries.setdefault(name, {"groups": []})
    entry["groups"] += groups.entries(name, assigned, found.roles_from, entry["groups"])
    if name in BUILT_IN_ROLES or "dags" in entry:
        return
    dags = rights_in(description)
    entry["dags"] = dags or {dag: list(actions) for dag, actions in NOBODY_KNOWS.items()}
    if not dags:
        found.findings.append(say.what_may_it(name))


def rights_in(description: str) -> Mapping[str, list[str]] | None:
    """What a custom role may do, as this program writes it into an app role's description; None where it doesn't."""
    match = _RIGHTS.fullmatch(description)
    parts = [_RIGHT.fullmatch(part) for part in match["rights"].split("; ")] if match else []
    dags = {part["dags"]: part["actions"].split(", ") for part in parts if part}
    right = len(dags) == len(parts) and all(
        action in _ACTIONS and actions.count(action) == 1 for actions in dags.values() for action in actions
    )
    return dags if dags and right else None
