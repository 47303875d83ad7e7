"""What a stamped user may do, the same on both versions. A user object without a stamp may do nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow_entra_auth import permissions
from airflow_entra_auth.fab.roles import Pairs
from airflow_entra_auth.rules import Action
from airflow_entra_auth.sign_on import sign_on

_READING = frozenset({"GET", "MENU", "can_read", "menu_access"})
_FROM_ENTRA = frozenset(
    {
        "Actions",
        "List Roles",
        "List Users",
        "My Password",
        "My Profile",
        "Passwords",
        "Permission Pairs",
        "Permission Views",
        "Permissions",
        "Resources",
        "Roles",
        "Reset Password",
        "User Registrations",
        "User",
        "Users",
        "View Menus",
    }
)
"""Names of resources in FAB, in several spellings, that say who may do what."""
_NONE: Pairs = frozenset()
DAGS = ("DAGs",)
"""The resources of a question about DAGs themselves."""
_ACTIONS = {"POST": "can_create", "GET": "can_read", "PUT": "can_edit", "DELETE": "can_delete", "MENU": "menu_access"}


def pairs(user: Any) -> Pairs:
    """The (action, resource) pairs of a signed-in user; none for anybody else."""
    given: Pairs = getattr(user, "_entra_perms", _NONE)
    return given


def refused_to_all(method: str, resource: str) -> bool:
    """Whether nobody may, an Admin neither: what the stack file and the directory say is not changed in Airflow."""
    return resource in _FROM_ENTRA and str(method) not in _READING


def may_dag(user: Any, method: str, entity: Any, dag_id: str, resources: Iterable[str]) -> bool:
    """Whether a user may `method` the DAG, or its `entity`; `resources` are FAB's names of what is asked about.

    By Airflow's own roles, which hold for all DAGs, or by the patterns of a custom one. Permissions on one DAG in the
    database, which a DAG's own access_control writes, count for neither.
    """
    of_dag = method if entity is None or str(method) == "GET" else "PUT"  # to change a run is to edit its DAG
    if all_dags(user, of_dag) and may_everywhere(user, method, resources):
        return True
    roles = _roles(user)
    return bool(roles) and permissions.may(roles, sign_on(), dag_id, _action(method, entity))


def may_some_dag(user: Any, method: str, entity: Any) -> bool:
    """Whether a custom role gives it on some DAG: a list is shown then, with those DAGs alone."""
    roles = _roles(user)
    return bool(roles) and permissions.may_somewhere(roles, sign_on(), _action(method, entity))


def all_dags(user: Any, method: str) -> bool:
    """Whether Airflow's own roles give it for all DAGs."""
    return may_everywhere(user, method, DAGS)


def may_everywhere(user: Any, method: str, resources: Iterable[str]) -> bool:
    """Whether Airflow's own roles give it for these resources, by FAB's names, of all DAGs."""
    given: Pairs = getattr(user, "_entra_dag_perms", _NONE)
    action = _ACTIONS[str(method)]
    wanted = {(action, resource) for resource in resources}
    return bool(wanted) and wanted <= given


def dags(user: Any, method: str, dag_ids: Iterable[str]) -> set[str]:
    """Those of `dag_ids` that a user may `method`."""
    if all_dags(user, method):
        return set(dag_ids)
    roles = _roles(user)
    if not roles:
        return set()
    return permissions.permitted(dag_ids, roles, sign_on(), permissions.action_for(str(method)))


def _roles(user: Any) -> tuple[str, ...]:
    found = getattr(user, "_entra", None)
    return found.roles if found else ()


def _action(method: str, entity: Any) -> Action | None:
    return permissions.action_for(str(method), None if entity is None else str(entity.name))
