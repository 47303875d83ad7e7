"""What Airflow's roles let people do, in a sentence each. docs/airflow-rights.md has what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_BUILT_IN = {
    "Admin": "everything: users and roles, the audit log, and all that Op may",
    "Op": "see, run, change and delete all DAGs; connections, variables, pools and the configuration",
    "User": "see, run, change and delete all DAGs and their runs; no connections, variables or configuration",
    "Viewer": "see all DAGs, their code, runs, logs and results; change nothing",
    "Public": "nothing",
}


def may(role: str, dags: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """What `role` may do; of a custom role, one sentence for each pattern of DAGs."""
    if role in _BUILT_IN:
        return (_BUILT_IN[role],)
    return tuple(f"{', '.join(_with_read(actions))} DAGs {pattern}" for pattern, actions in sorted(dags.items()))


def _with_read(actions: Sequence[str]) -> tuple[str, ...]:
    """Every action lets people read as well."""
    return tuple(dict.fromkeys(("read", *actions)))
