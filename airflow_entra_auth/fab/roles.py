"""What FAB's tables say about a custom role: enough to find the pages, and nothing of what is on them.

DAGs, their runs, tasks, logs and code are decided by `permissions.may` from the sign-on file, never by rows of a table
that somebody may change or that a DAG's own access_control fills. What is left for FAB are the home page, one's own
profile and the menus that lead to lists of one's own DAGs. Connections, variables, pools, configuration, users, the
audit log and everything else that isn't a DAG's stays with Airflow's own roles: a person may have both. So do assets,
which Airflow can't tell apart by DAG, and import errors: it shows everybody the stack traces of files without DAGs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from airflow_entra_auth.rules import RoleRule, SignOnRules

Pair = tuple[str, str]
"""(action, resource), by FAB's names."""
Pairs = frozenset[Pair]

_EVERYBODY: Pairs = frozenset(
    {
        ("can_read", "Website"),  # 2.11: the home page; FAB gives it to every role that isn't Airflow's own
        ("can_read", "My Profile"),  # 2.11: the page behind one's name
    }
)
_WITH_DAGS: Pairs = frozenset(
    {
        ("menu_access", "DAGs"),
        ("menu_access", "Browse"),
        ("menu_access", "DAG Runs"),
        ("menu_access", "Task Instances"),
    }
)
_WITH_EDIT: Pairs = frozenset({("menu_access", "HITL Detail")})  # 3.1 on: tasks that wait for an answer
_ATTEMPTS = 3  # several workers start at once and make the same rows

log = logging.getLogger(__name__)


def pairs(role: RoleRule) -> Pairs:
    """The (action, resource) pairs of a custom role, over all versions of Airflow. Needs no database."""
    if not role.dags:
        return _EVERYBODY
    edits = any("edit" in actions for actions in role.dags.values())
    return _EVERYBODY | _WITH_DAGS | (_WITH_EDIT if edits else frozenset())


def own_pairs(roles: Iterable[str]) -> Pairs:
    """The pairs of Airflow's own roles as its FAB provider ships them, whatever somebody wrote into the tables."""
    shipped = _shipped()
    return frozenset[Pair]().union(*(shipped.get(name, frozenset()) for name in roles))


@lru_cache(maxsize=1)
def _shipped() -> dict[str, Pairs]:
    from airflow.providers.fab.auth_manager.security_manager.override import FabAirflowSecurityManagerOverride

    return {config["role"]: frozenset(config["perms"]) for config in FabAirflowSecurityManagerOverride.ROLE_CONFIGS}


def sync_roles(security_manager: Any, rules: SignOnRules) -> tuple[str, ...]:
    """Makes the custom roles exist with exactly their pairs; the names of those that weren't so.

    Airflow's own roles are left to Airflow. Raises what the database raised where it can't be written.
    """
    known = {resource for config in security_manager.ROLE_CONFIGS for _, resource in config["perms"]}
    return tuple(
        role.name
        for role in rules.custom_roles
        if _sync(security_manager, role.name, frozenset(pair for pair in pairs(role) if pair[1] in known))
    )


def _sync(security_manager: Any, name: str, wanted: Pairs) -> bool:
    from sqlalchemy.exc import IntegrityError

    session = security_manager.appbuilder.session
    for left in reversed(range(_ATTEMPTS)):
        security_manager.add_role(name)
        role = security_manager.find_role(name)
        given = {_pair(permission) for permission in role.permissions}
        if given == wanted:
            return False
        role.permissions = [security_manager.create_permission(*pair) for pair in sorted(wanted)]
        try:
            session.commit()
        except IntegrityError:  # another worker was faster: look again
            session.rollback()
            if not left:
                raise
            continue
        if given:
            log.warning("The role %s had been changed in Airflow; it is again as the sign-on file says", name)
        return True
    return False


def _pair(permission: Any) -> Pair:
    return (getattr(permission.action, "name", ""), getattr(permission.resource, "name", ""))
