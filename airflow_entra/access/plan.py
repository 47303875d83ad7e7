"""From a stack file to roles, groups and assignments, each with the key that outlives a rename."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from airflow_entra.access import names
from airflow_entra.settings.model import CreatedGroup, ExistingGroup, Role, StackSettings

Source = Literal["created", "dynamic", "existing", "requested"]


@dataclass(frozen=True, slots=True)
class AppRole:
    """One app role. `key` is the role's first name and decides `id`, unless the file says that; `value` is what the
    token carries."""

    key: str
    id: str
    value: str
    description: str


@dataclass(frozen=True, slots=True)
class PlannedGroup:
    """One group. `key` is the first name of a group that the stack file creates, else the object id."""

    key: str
    name: str
    source: Source
    roles: tuple[str, ...]
    object_id: str | None = None
    rule: str | None = None
    description: str = ""
    given_nickname: str | None = None

    @property
    def mail_nickname(self) -> str:
        return self.given_nickname or names.mail_nickname(self.key)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A group may sign in, with the role `role`, or with none in particular (default access)."""

    key: str
    group: str
    app_role_id: str
    role: str | None


@dataclass(frozen=True, slots=True)
class AccessPlan:
    """Everything about access that a stack file says; groups by key, roles by present name to group keys."""

    app_roles: tuple[AppRole, ...]
    groups: Mapping[str, PlannedGroup]
    assignments: tuple[Assignment, ...]
    roles: Mapping[str, tuple[str, ...]]

    def with_source(self, *sources: Source) -> tuple[PlannedGroup, ...]:
        return tuple(group for group in self.groups.values() if group.source in sources)


def plan(settings: StackSettings) -> AccessPlan:
    """The access that `settings` declare. Reordering the stack file changes no key, id or name."""
    groups = _groups(settings)
    app_roles = tuple(_app_role(name, role) for name, role in settings.roles.items())
    roles = {name: tuple(dict.fromkeys(map(_key, role.groups))) for name, role in settings.roles.items()}
    by_app_roles = settings.sign_in.roles_from == "appRoles"
    if by_app_roles:
        assignments = tuple(_with_role(role, group) for role in app_roles for group in roles[role.value])
    elif settings.sign_in.roles_from == "assignedGroups" or settings.sign_in.assignment_required:
        assignments = tuple(Assignment(group, group, names.DEFAULT_ACCESS, None) for group in groups)
    else:
        assignments = ()
    return AccessPlan(app_roles if by_app_roles else (), groups, assignments, roles)


def _app_role(name: str, role: Role) -> AppRole:
    first = role.was or name
    return AppRole(first, role.app_role or names.app_role_id(first), name, _describe(name, role))


def _with_role(role: AppRole, group: str) -> Assignment:
    return Assignment(f"{role.key}/{group}", group, role.id, role.value)


def _describe(name: str, role: Role) -> str:
    if not role.dags:
        return f"Airflow role {name}"
    rights = "; ".join(f"{dags}: {', '.join(actions)}" for dags, actions in sorted(role.dags.items()))
    return f"Airflow role {name} ({rights})"


def _key(group: CreatedGroup | ExistingGroup) -> str:
    return group.id if isinstance(group, ExistingGroup) else group.was or group.create


def _groups(settings: StackSettings) -> dict[str, PlannedGroup]:
    """Every group once. Settings made sure that all places that name a group say the same about it."""
    named: dict[str, CreatedGroup | ExistingGroup] = {}
    roles: dict[str, dict[str, None]] = {}
    for role, entry in settings.roles.items():
        for group in entry.groups:
            named.setdefault(_key(group), group)
            roles.setdefault(_key(group), {})[role] = None
    managed = settings.tenant.manage.groups == "managed"
    return {key: _planned(key, group, tuple(roles[key]), managed) for key, group in named.items()}


def _planned(key: str, group: CreatedGroup | ExistingGroup, roles: tuple[str, ...], managed: bool) -> PlannedGroup:
    if isinstance(group, ExistingGroup):
        return PlannedGroup(key, group.name, "existing", roles, group.id)
    made: Source = "dynamic" if group.rule else "created"
    return PlannedGroup(
        key=key,
        name=group.create,
        source=made if managed else "requested",
        roles=roles,
        object_id=group.id,
        rule=group.rule,
        description=group.description or f"Airflow {', '.join(roles)}; managed by airflow-entra",
        given_nickname=group.mail_nickname,
    )
