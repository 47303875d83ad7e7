"""The local tenant's clock, which can be moved forward: what expires there expires sooner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from airflow_entra.local import tenant as tenants
from airflow_entra.local.world import World


@dataclass(frozen=True)
class Clock:
    """The tenant's time, and how far it is ahead of the machine's."""

    now: datetime
    ahead: timedelta


def read(world: World) -> Clock:
    """What the tenant's clock shows. Raises `UserError`."""
    return _said(tenants.tell(world, "clock"))


def forward(world: World, by: timedelta) -> Clock:
    """Move the clock forward from where it stands. Raises `UserError`."""
    return _said(tenants.tell(world, "clock", "--forward", str(by // timedelta(seconds=1))))


def reset(world: World) -> Clock:
    """Set the clock to the machine's. Raises `UserError`."""
    return _said(tenants.tell(world, "clock", "--reset"))


def _said(answer: str) -> Clock:
    now, ahead = answer.split()
    return Clock(datetime.fromisoformat(now), timedelta(seconds=int(ahead)))
