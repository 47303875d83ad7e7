"""Whatever the tests deploy meets a directory whose copies are five seconds behind, as Entra's may be.

What a run makes it sees late. What the runs before it and the test itself wrote was long ago: no test waits.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

from airflow_entra.local.fault import Faults, read, set_faults
from airflow_entra.local.world import World

UNSEEN = 5000
"""Milliseconds."""


def copies_are_late(world: World) -> None:
    """Have the running tenant show late what is written; one that has other faults keeps those."""
    if read(world) is None:
        set_faults(world, Faults(unseen=UNSEEN))


def long_ago(world: World) -> None:
    """Let everybody see what was written until now."""
    with closing(sqlite3.connect(world.tenant / "tenant.sqlite", timeout=10)) as store, store:
        store.execute("DELETE FROM written")
