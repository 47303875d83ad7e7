"""Faults on demand: answers that are throttled, wrong, late or missing, the same for the same seed.

They come to whoever asks Azure's services, never to the pages at localhost.
"""

import json
from dataclasses import asdict, dataclass, replace
from random import Random
from typing import Any

SETTING = "faults"
"""The store's setting that holds the plan."""
HOSTS = ("graph", "login", "vault", "arm")
RETRY_AFTER = 1
"""Seconds that a throttled caller is told to wait."""

WORDS = {
    429: ("TooManyRequests", "Too many requests."),
    500: ("InternalServerError", "An internal server error occurred. The operation failed."),
    503: ("ServiceUnavailable", "The service is temporarily unavailable."),
    504: ("GatewayTimeout", "The gateway did not get an answer in time."),
}
"""Code and message of each status, where a service has none of its own."""


class PlanError(Exception):
    """A plan of faults that makes no sense."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How often what goes wrong, as shares of all requests, and at which hosts; no host is all of them.

    `slow` is in milliseconds, and every answer's. `unseen` is in seconds: so long what was written by way of Graph
    isn't to be seen (replica.py). `away`: no connection is answered at all.
    """

    throttle: float = 0
    errors: float = 0
    drop: float = 0
    slow: int = 0
    unseen: float = 0
    away: bool = False
    hosts: tuple[str, ...] = ()
    seed: int = 1

    @classmethod
    def read(cls, text: str) -> "Plan":
        """A plan from JSON. Raises PlanError."""
        try:
            given: Any = json.loads(text)
            plan = cls(**given)
            plan = replace(plan, hosts=tuple(plan.hosts))
            shares = (plan.throttle, plan.errors, plan.drop)
            if any(not 0 <= share <= 1 for share in shares) or sum(shares) > 1 or min(plan.slow, plan.unseen) < 0:
                raise PlanError("throttle, errors and drop are shares between 0 and 1 that add up to 1 at most")
            if unknown := set(plan.hosts) - set(HOSTS):
                raise PlanError(f"there is no host {', '.join(sorted(unknown))}; there are {', '.join(HOSTS)}")
        except (TypeError, ValueError) as error:
            raise PlanError(f"it is no plan of faults: {error}") from error
        return plan

    def written(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class Fate:
    """What happens to one request: it is late, it gets `status`, its connection is `dropped`.

    `done`: what was asked for happens all the same, and only its answer is lost.
    """

    delay: float = 0
    status: int = 0
    dropped: bool = False
    done: bool = True


FINE = Fate()


class Faults:
    """Decides over one request after the other. Another plan starts its own sequence."""

    def __init__(self) -> None:
        self._text = ""
        self._plan = Plan()
        self._asked = 0

    def fate(self, text: str | None, host: str, *, batch: bool = False, inner: bool = False) -> Fate:
        """What happens to the next request to a host, under the plan that is kept in the store.

        A batch is never throttled itself, but each request in it may be; those come and go on one connection.
        """
        if text is None or not host:
            return FINE
        plan = self._read(text)
        if plan.hosts and host not in plan.hosts:
            return FINE
        if plan.away:
            return Fate(dropped=True, done=False)
        self._asked += 1
        random = Random(f"{plan.seed} {self._asked}")  # noqa: S311 - repeatable on purpose
        drawn, after = random.random(), random.random() < 0.5
        delay = 0 if inner else plan.slow / 1000
        if drawn < plan.throttle:
            return Fate(delay) if batch else Fate(delay, status=429, done=False)
        if drawn < plan.throttle + plan.errors:
            status = random.choice((500, 503, 504))
            return Fate(delay, status=status, done=status == 504 and after)
        if drawn < plan.throttle + plan.errors + plan.drop and not inner:
            return Fate(delay, dropped=True, done=after)
        return Fate(delay)

    def unseen(self, text: str | None) -> float:
        """Seconds for which what is written by way of Graph isn't to be seen, under the plan in the store."""
        if text is None:
            return 0
        plan = self._read(text)
        return 0 if plan.hosts and "graph" not in plan.hosts else plan.unseen

    def _read(self, text: str) -> Plan:
        if text != self._text:
            self._text, self._plan, self._asked = text, Plan.read(text), 0
        return self._plan
