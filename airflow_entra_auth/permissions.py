"""What custom roles may do with which DAGs, from the patterns in the sign-on file. Pure; standard library alone.

A pattern is matched when somebody asks, so a DAG that is added later is covered at once and a renamed one is not.
Airflow's own roles are no matter of this module: they give nothing here, and Airflow's FAB permissions decide.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection, Iterable
from functools import lru_cache

from airflow_entra_auth.rules import Action, SignOnRules

_RUN = "RUN"
_AUDIT_LOG = "AUDIT_LOG"
_IN_MENUS = frozenset({None, _RUN, "TASK_INSTANCE"})


def action_for(method: str, access_entity: str | None = None) -> Action | None:
    """Which of a role's actions a request needs, for Airflow 2.11 and 3.x alike; None: no custom role gives it.

    `method` is Airflow's ResourceMethod (GET, POST, PUT, DELETE, and MENU in 2.11's menus), `access_entity` the name of
    a DagAccessEntity, or None for the DAG itself. Reading is one action whatever is read: code, logs, runs. A new run
    (also a backfill, or an asset that is materialised) is `trigger`; every other change to what belongs to a DAG is
    `edit`, deleting a run included, and so is pausing it; deleting the DAG is `delete`. An entity that a later Airflow
    adds is judged likewise.

    The audit log is Admin's alone, as in Airflow's own roles: it has lines of no DAG (who signed in, who changed which
    connection), and both versions hand them to whoever may read the log of a DAG that is named in the query.
    """
    if access_entity == _AUDIT_LOG:
        return None
    if method == "MENU":
        return "read" if access_entity in _IN_MENUS else None
    if method == "GET":
        return "read"
    if method not in ("POST", "PUT", "DELETE"):
        return None
    if access_entity is None:
        return "delete" if method == "DELETE" else "edit"
    return "trigger" if method == "POST" and access_entity == _RUN else "edit"


def may(roles: Collection[str], rules: SignOnRules, dag_id: str, action: Action | None) -> bool:
    """Whether any of `roles` gives `action` on this DAG. Every action gives `read` as well."""
    pattern = _pattern(rules, frozenset(roles), action)
    return pattern is not None and pattern.match(dag_id) is not None


def may_somewhere(roles: Collection[str], rules: SignOnRules, action: Action | None) -> bool:
    """Whether any of `roles` gives `action` on some DAG: the pages that list DAGs and runs ask this first."""
    return _pattern(rules, frozenset(roles), action) is not None


def permitted(dag_ids: Iterable[str], roles: Collection[str], rules: SignOnRules, action: Action | None) -> set[str]:
    """Those of `dag_ids` on which any of `roles` gives `action`."""
    pattern = _pattern(rules, frozenset(roles), action)
    return set() if pattern is None else {dag_id for dag_id in dag_ids if pattern.match(dag_id)}


@lru_cache(maxsize=1024)
def _pattern(rules: SignOnRules, roles: frozenset[str], action: Action | None) -> re.Pattern[str] | None:
    """One expression for all that gives `action`, or None. Case counts, as in Airflow's DAG ids."""
    if action is None:
        return None
    globs = sorted(
        {
            glob
            for name in roles
            if name in rules.roles
            for glob, actions in rules.roles[name].dags.items()
            if action in actions or action == "read"
        }
    )
    return re.compile("|".join(map(fnmatch.translate, globs))) if globs else None
