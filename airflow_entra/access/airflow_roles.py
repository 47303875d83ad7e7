"""What Airflow's roles let people do. docs/airflow-rights.md has what was measured, on both versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OwnRole:
    """One of Airflow's own roles: as a sentence, and as a picture has it, a heading with notes below."""

    may: str
    heading: str
    notes: tuple[str, ...] = ()


_ALL_DAGS = "read, trigger, edit, delete"
AIRFLOWS_OWN = {
    "Admin": OwnRole(
        "everything: users and roles, the audit log, and all that Op may",
        "All DAGs, and Airflow itself",
        (_ALL_DAGS, "users, roles, audit log; connections, variables, pools, configuration"),
    ),
    "Op": OwnRole(
        "see, run, change and delete all DAGs; connections, variables, pools and the configuration",
        "All DAGs, and what they run on",
        (_ALL_DAGS, "connections, variables, pools, configuration"),
    ),
    "User": OwnRole(
        "see, run, change and delete all DAGs and their runs; no connections, variables or configuration",
        "All DAGs",
        (_ALL_DAGS,),
    ),
    "Viewer": OwnRole(
        "see all DAGs, their code, runs, logs and results; change nothing",
        "All DAGs",
        ("read",),
    ),
    "Public": OwnRole("nothing", "Nothing"),
}


def may(role: str, dags: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """What `role` may do; of a custom role, one sentence for each pattern of DAGs."""
    if role in AIRFLOWS_OWN:
        return (AIRFLOWS_OWN[role].may,)
    return tuple(f"{', '.join(with_read(actions))} DAGs {pattern}" for pattern, actions in sorted(dags.items()))


def with_read(actions: Sequence[str]) -> tuple[str, ...]:
    """Every action lets people read as well."""
    return tuple(dict.fromkeys(("read", *actions)))
