"""Airflow's roles."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_entra.finding import At, Finding
from airflow_entra.settings import limits
from airflow_entra.settings.checks.rule import Rule, at
from airflow_entra.settings.explain import closest
from airflow_entra.settings.model import StackSettings
from airflow_entra_auth.rules import BUILT_IN_ROLES


def custom_roles_name_dags(settings: StackSettings) -> Iterator[Finding]:
    for name, role in settings.roles.items():
        if name in BUILT_IN_ROLES and role.dags:
            yield Finding(
                At(at("roles", name, "dags")),
                f"{name} is Airflow's own role and takes no dags",
                "dags belong to custom roles: what Airflow's own roles may do is Airflow's",
                f"delete dags, or give them to a role of another name than {', '.join(BUILT_IN_ROLES)}",
            )
        elif name not in BUILT_IN_ROLES and _built_in(name) is None and not role.dags:
            meant = closest(name, list(BUILT_IN_ROLES))
            yield Finding(
                At(at("roles", name)),
                f"the custom role {name} may do nothing: it has no dags",
                (f"did you mean {meant}? A" if meant else "a")
                + ' custom role says what it may do, such as dags: {"finance_*": [read, trigger]}',
                f"write {meant}, or add dags"
                if meant
                else f"add dags, or use one of Airflow's own roles ({', '.join(BUILT_IN_ROLES)})",
            )


def names_differ_by_more_than_case(settings: StackSettings) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for name in settings.roles:
        built_in = _built_in(name)
        earlier = seen.setdefault(name.lower(), name)
        if built_in is not None:
            yield Finding(
                At(at("roles", name)),
                f"the role {name} differs from Airflow's own {built_in} only in case",
                f"did you mean {built_in}? Airflow tells them apart, some of its databases do not",
                f"write {built_in}, or choose another name",
            )
        elif earlier != name:
            yield Finding(
                At(at("roles", name), first=at("roles", earlier)),
                f"the roles {name} and {earlier} ({{first}}) differ only in case",
                "some of Airflow's databases don't tell them apart",
                "rename one",
            )


def former_names_are_free(settings: StackSettings) -> Iterator[Finding]:
    former: dict[str, str] = {}
    for name, role in settings.roles.items():
        if role.was is None:
            continue
        other = former.setdefault(role.was, name)
        if role.was in settings.roles:
            yield Finding(
                At(at("roles", name, "was"), first=at("roles", role.was)),
                f"the former name {role.was} is the name of a role in {{first}}",
                "`was` is a name that no role has any more",
                "delete was, or rename the other role",
            )
        elif other != name:
            yield Finding(
                At(at("roles", name, "was"), first=at("roles", other, "was")),
                f"{other} ({{first}}) was called {role.was} as well",
                "one former name belongs to one role",
                "delete one of the two",
            )


def app_roles_differ(settings: StackSettings) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for name, role in settings.roles.items():
        if role.app_role is None:
            continue
        other = seen.setdefault(role.app_role, name)
        if other != name:
            yield Finding(
                At(at("roles", name, "appRole"), first=at("roles", other, "appRole")),
                f"the app role {role.app_role} is that of {other} ({{first}}) as well",
                "one app role is one role",
                "correct one of the two, or delete it: a new app role is made then",
            )


def actions_once(settings: StackSettings) -> Iterator[Finding]:
    for name, role in settings.roles.items():
        for pattern, actions in role.dags.items():
            for index, action in enumerate(actions):
                if action in actions[:index]:
                    yield Finding(
                        At(at("roles", name, "dags", pattern, index)),
                        f"{action} is listed twice for {pattern}",
                        "each action stands once",
                        "delete the second",
                    )


def manifest_has_room(settings: StackSettings) -> Iterator[Finding]:
    """App roles and redirect URIs share Entra's limit of entries in one application."""
    count = len(settings.roles) + len(settings.airflow)
    if settings.sign_in.roles_from == "appRoles" and count > limits.MANIFEST_ENTRIES:
        yield Finding(
            At(at("roles")),
            f"{count} app roles and redirect URIs don't fit into one application",
            f"Entra stores {limits.MANIFEST_ENTRIES} entries",
            "write rolesFrom: assignedGroups, or split the stack",
        )


def nested_members_get_in(settings: StackSettings) -> Iterator[Finding]:
    """Assignment reaches direct members only, while the groups claim lists the groups above as well."""
    if settings.sign_in.roles_from == "securityGroups" and settings.sign_in.assignment_required:
        yield Finding(
            At(at("sign_in", "assignmentRequired")),
            "assignmentRequired keeps out members of nested groups, which securityGroups is there for",
            "Entra counts direct members of assigned groups as assigned, nobody else",
            "write assignmentRequired: false, or rolesFrom: assignedGroups",
            severity="warning",
        )


def somebody_assigns(settings: StackSettings) -> Iterator[Finding]:
    needed = settings.sign_in.roles_from != "securityGroups" or settings.sign_in.assignment_required
    if settings.tenant.manage.assignments == "none" and needed:
        yield Finding(
            At(at("tenant", "manage", "assignments")),
            "manage.assignments is none: no group gets its role in the application",
            "roles from app roles or assigned groups, and assignmentRequired, need groups assigned",
            "write managed or request; existing where somebody else assigns them",
            severity="warning",
        )


def _built_in(name: str) -> str | None:
    """Airflow's own role that `name` is a miswriting of."""
    return next((role for role in BUILT_IN_ROLES if role.lower() == name.lower() and role != name), None)


RULES = (
    Rule(("roles",), custom_roles_name_dags),
    Rule(("roles",), names_differ_by_more_than_case),
    Rule(("roles",), former_names_are_free),
    Rule(("roles",), app_roles_differ),
    Rule(("roles",), actions_once),
    Rule(("roles", "airflow", "sign_in"), manifest_has_room),
    Rule(("sign_in",), nested_members_get_in),
    Rule(("tenant", "sign_in"), somebody_assigns),
)
