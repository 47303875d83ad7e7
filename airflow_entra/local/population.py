"""Made-up people for the local tenant, as many as a large company has."""

from __future__ import annotations

import json
from dataclasses import dataclass

from airflow_entra.local import tenant as tenants
from airflow_entra.local.identities import identities
from airflow_entra.local.seed import seed_for
from airflow_entra.local.world import World


@dataclass(frozen=True)
class Added:
    """What was not there before."""

    people: int
    groups: int
    memberships: int


def populate(world: World, stack: str, people: int, groups: int, seed: int) -> Added:
    """Add a population to a stack's tenant, which may be running. A second time adds what is missing.

    Raises UserError.
    """
    settings = world.declared(stack).settings
    world.prepare()
    tenants.seed(world, seed_for(settings, identities(world).values()))
    numbers = {"--people": people, "--groups": groups, "--seed": seed}
    arguments = [part for name, number in numbers.items() for part in (name, str(number))]
    return Added(**json.loads(tenants.tell(world, "populate", "--tenant", settings.tenant_id, *arguments)))
