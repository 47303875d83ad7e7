"""Faults that the local tenant has on demand, so that what calls it can be seen to survive them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from airflow_entra.local import tenant as tenants
from airflow_entra.local.world import World

HOSTS = ("graph", "login", "vault", "arm")


@dataclass(frozen=True)
class Faults:
    """How often what goes wrong, in percent of all requests; `slow` in milliseconds is every answer's.

    `unseen`: milliseconds for which what Graph made or changed isn't to be seen.
    """

    throttle: float = 0
    server_errors: float = 0
    drop: float = 0
    slow: int = 0
    away: bool = False
    unseen: int = 0
    hosts: tuple[str, ...] = ()
    seed: int = 1

    def lines(self) -> Iterator[str]:
        """What happens, line by line."""
        if self.away:
            yield "away: no connection is answered"
        for share, what in (
            (self.throttle, "of the requests are throttled: 429 with Retry-After"),
            (self.server_errors, "are answered 500, 503 or 504"),
            (self.drop, "of the connections are dropped, before or after the change was done"),
        ):
            if share and not self.away:
                yield f"{share:g}% {what}"
        if self.slow and not self.away:
            yield f"every answer is {self.slow} ms late"
        if self.unseen and not self.away:
            yield f"new and changed objects of the directory are not to be seen for {self.unseen / 1000:g} s"
        yield f"at {', '.join(self.hosts or HOSTS)}; seed {self.seed}"


def read(world: World) -> Faults | None:
    """The faults that the tenant has now. Raises `UserError`."""
    return _said(tenants.tell(world, "fault"))


def set_faults(world: World, faults: Faults) -> Faults | None:
    """Have these faults and no others from the next request on. Raises `UserError`."""
    plan = {
        "throttle": faults.throttle / 100,
        "errors": faults.server_errors / 100,
        "drop": faults.drop / 100,
        "slow": faults.slow,
        "away": faults.away,
        "unseen": faults.unseen / 1000,
        "hosts": faults.hosts,
        "seed": faults.seed,
    }
    return _said(tenants.tell(world, "fault", "--plan", json.dumps(plan)))


def end(world: World) -> None:
    """Have none any more. Raises `UserError`."""
    tenants.tell(world, "fault", "--off")


def _said(answer: str) -> Faults | None:
    if not answer:
        return None
    plan = json.loads(answer)
    shares = {name: round(plan[key] * 100, 6) for name, key in _SHARES.items()}
    unseen = round(plan["unseen"] * 1000)
    rest = {name: plan[name] for name in ("slow", "away", "seed")}
    return Faults(**shares, **rest, unseen=unseen, hosts=tuple(plan["hosts"]))


_SHARES = {"throttle": "throttle", "server_errors": "errors", "drop": "drop"}
