"""Who has which Airflow role in a stack, as its directory stands now."""

from __future__ import annotations

from airflow_entra.access.explain import Explanation
from airflow_entra.directory.explain import explanation
from airflow_entra.directory.who import Standing, read, select, who
from airflow_entra.local.world import World
from airflow_entra.target import asking, target_of


def standings(world: World, stack: str, person: str | None, *, port: int, tried_here: bool = False) -> list[Standing]:
    """Everybody's standing, or that of the people who are called `person`.

    `port` is where a local tenant is started that isn't running; 0 for any. `tried_here` asks the local tenant
    whatever the stack's environment. Raises UserError and what asking raises.
    """
    declared = world.declared(stack)
    with asking(target_of(world, declared, port=port, tried_here=tried_here)) as clients:
        directory, rules = read(clients.graph, declared)
    return who(directory, rules, select(directory.people, person) if person is not None else directory.people)


def explanations(world: World, stack: str, person: str, *, port: int) -> list[Explanation]:
    """The same of one person, with what each role lets them do and until when."""
    declared = world.declared(stack)
    return [explanation(declared, standing) for standing in standings(world, stack, person, port=port)]
