"""Who has which Airflow role in a stack, as its directory stands now."""

from __future__ import annotations

from airflow_entra.access import DeclaredStack
from airflow_entra.directory.who import Standing, read, select, who
from airflow_entra.target import Target, asking


def standings(target: Target, stack: DeclaredStack, person: str | None) -> list[Standing]:
    """Everybody's standing, or that of the people who are called `person`.

    Raises UnknownPersonError, NotDeployedError with what to do, and what asking raises.
    """
    with asking(target) as clients:
        directory, rules = read(clients.graph, stack)
    return who(directory, rules, select(directory.people, person) if person is not None else directory.people)
