"""What is said to a tenant from outside, also while it runs: its clock and its faults. It obeys at the next request.

Whoever may write the state folder may say it: no route of the server takes commands.
"""

from contextlib import closing
from pathlib import Path

from entra_local import clock, faults
from entra_local.start import open_store


def move_clock(state: Path, forward: int | None, *, reset: bool) -> str:
    """Move the clock forward by seconds, or set it to the machine's. Returns the tenant's time. Raises StartError."""
    with closing(open_store(state)) as store:
        with store.transaction():
            if reset:
                store.set(clock.SETTING, None)
            if forward:
                store.set(clock.SETTING, str(store.clock_ahead() + forward))
        ahead = store.clock_ahead()
    with clock.moved(ahead):
        return f"{clock.stamp()} {ahead}"


def plan_faults(state: Path, plan: str | None, *, off: bool) -> str:
    """Keep a plan of faults, or forget it. Returns the plan that holds, "" for none. Raises StartError or PlanError."""
    wanted = faults.Plan.read(plan).written() if plan is not None else None
    with closing(open_store(state)) as store:
        if off or wanted is not None:
            with store.transaction():
                store.set(faults.SETTING, wanted)
        return store.setting(faults.SETTING) or ""
