"""The directory as bad as it gets: what asks it then has to end as if it were well."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow_entra.local import fault
from airflow_entra.local.fault import Faults
from airflow_entra.local.world import World

AS_BAD_AS_IT_GETS = Faults(throttle=30, server_errors=5, drop=2, hosts=("graph", "arm", "vault"))
"""In percent of all requests. Tokens are given as ever: Pulumi's providers ask for one once, and then end."""


@contextmanager
def in_trouble(world: World, faults: Faults = AS_BAD_AS_IT_GETS) -> Iterator[None]:
    fault.set_faults(world, faults)
    try:
        yield
    finally:
        fault.end(world)
