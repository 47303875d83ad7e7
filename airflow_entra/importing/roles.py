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
from airflow_entra.importing.existing_sign_in import ExistingSignIn
from airflow_entra.importing.groups import Groups, new_group
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
    """`entries` are the stack file's roles by name, `app_roles` the ids of the app roles that they are."""

    roles_from: RolesFrom
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    app_roles: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def roles(application: Registered, choices: Choices) -> Roles:
    """Raises DraftError where there are groups and nothing says which role any of them gives."""
    groups = Groups(application, choices)
    found = Roles(_roles_from(application))
    if found.roles_from == "appRoles":
        _by_app_role(application, choices, groups, found)
    else:
        _by_group(application, choices, groups, found)
    found.findings += groups.findings
    if not found.entries and (application.groups or application.group_claims):
        raise DraftError(say.no_role(application, found.findings))
    if not found.entries:
        _begin(application, choices, found)
    for name, entry in found.entries.items():
        if not entry["groups"]:
            entry["groups"].append(new_group(choices.stack, name))
            people = sum(
                one.kind == "User" and one.app_role == found.app_roles.get(name) for one in application.assigned
            )
            found.findings.append(say.new_group(name, entry["groups"][0]["create"], people))
    if choices.existing:
        found.findings += _of_nobody(application, choices.existing)
    return found


def _begin(application: Registered, choices: Choices, found: Roles) -> None:
    """The roles of a registration in which nobody has one: whoever is put into their groups is the first."""
    others = (choices.existing.everybody if choices.existing else None) or "Viewer"
    found.roles_from = "appRoles"
    found.findings.append(say.nobody_yet(application))
    for name in dict.fromkeys(("Admin", _airflows_own(others))):
        _add(found, None, name, (), "")


def _of_nobody(application: Registered, existing: ExistingSignIn) -> list[Finding]:
    """The values of AUTH_ROLES_MAPPING that nothing of the registration is called by."""
    groups = application.groups or {}
    known = {name for role in application.app_roles for name in (role.value, role.id)}
    known |= {name for one in application.assigned if one.kind == "Group" for name in (one.principal, one.name)}
    known |= {name for group in groups.values() for name in (group.id, group.name)}
    folded = {name.casefold() for name in known}
    return [
        say.mapped_to_nobody(value, roles, existing.mapping)
        for value, roles in existing.roles.items()
        if value.casefold() not in folded
    ]


def _roles_from(application: Registered) -> RolesFrom:
    given = {one.app_role for one in application.assigned}
    usable = [role for role in application.app_roles if role.value and role.enabled and role.for_people]
    claims = application.group_claims
    if any(role.id in given for role in usable) or (usable and not (claims and application.groups)):
        return "appRoles"
    return "securityGroups" if "SecurityGroup" in claims or "All" in claims else "assignedGroups"


def _by_app_role(application: Registered, choices: Choices, groups: Groups, found: Roles) -> None:
    taken: dict[str, AppRole] = {}
    held = {one.app_role for one in application.assigned}
    begun = any(role.id in held and _role_names(role, choices) for role in application.app_roles)
    for role in application.app_roles:
        holders = [one for one in application.assigned if one.app_role == role.id]
        found.findings += [say.not_a_group(one, role) for one in holders if one.kind != "Group"]
        given = _role_names(role, choices)
        if not given:
            found.findings.append(say.unusable(role, holders))
            continue
        if begun and not holders:
            found.findings.append(say.nobody_has(role))
            continue
        name, *others = given
        assigned = [one for one in holders if one.kind == "Group"]
        people = [one for one in holders if one.kind == "User"]
        if name in taken:
            found.findings.append(say.same_role(role, taken[name], name, people))
        elif name != role.value:
            found.findings.append(say.renamed(role, name))
        if others:
            found.findings.append(say.several_roles(role, given, people))
        if role.for_applications:
            found.findings.append(say.for_applications(role))
        for each in given:
            _add(found, groups, each, assigned, role.description if each == name else "")
        if taken.setdefault(name, role) is role:
            found.app_roles[name] = role.id
            if role.id != names.app_role_id(name):
                found.entries[name]["appRole"] = role.id.lower()
    known = {role.id for role in application.app_roles}
    for one in application.assigned:
        if one.app_role not in known:
            found.findings.append(say.without_role(one))


def _role_names(role: AppRole, choices: Choices) -> tuple[str, ...]:
    """The Airflow roles that an app role gives, its own first; none where it can give none."""
    if not (role.value and role.enabled and role.for_people):
        return ()
    said = choices.roles.get(role.value) or choices.roles.get(role.id.lower()) or (role.value,)
    return _named(said)


def _named(said: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in map(_airflows_own, said) if _NAME.fullmatch(name)))


def _airflows_own(value: str) -> str:
    return next((name for name in BUILT_IN_ROLES if name.lower() == value.lower()), value)


def _by_group(application: Registered, choices: Choices, groups: Groups, found: Roles) -> None:
    assigned = {one.principal: one for one in application.assigned if one.kind == "Group"}
    found.findings += [say.not_a_group(one, None) for one in application.assigned if one.kind != "Group"]
    known = application.groups or {}
    wanted = {key.casefold(): _named(given) for key, given in choices.roles.items()}
    for id_ in dict.fromkeys([*assigned, *known]):
        name = known[id_].name if id_ in known else assigned[id_].name
        one = assigned.get(id_) or Assigned("", id_, "Group", name, names.DEFAULT_ACCESS)
        given = wanted.get(id_.casefold()) or wanted.get(name.casefold())
        if not given:
            found.findings.append(say.which_role(one))
        for role in given or ():
            _add(found, groups, role, [one], "")


def _add(found: Roles, groups: Groups | None, name: str, assigned: Iterable[Assigned], description: str) -> None:
    entry = found.entries.setdefault(name, {"groups": []})
    entry["groups"] += groups.entries(name, assigned, found.roles_from, entry["groups"]) if groups else []
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
