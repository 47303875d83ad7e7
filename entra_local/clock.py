"""The tenant's clock, which can stand ahead of the machine's, and the one spelling of a moment on the wire."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

SETTING = "clock"
"""The store's setting of how many seconds the tenant's clock is ahead."""

_ahead: ContextVar[int] = ContextVar("ahead", default=0)


@contextmanager
def moved(seconds: int) -> Iterator[None]:
    """Inside, the tenant's clock is that much ahead of the machine's."""
    before = _ahead.set(seconds)
    try:
        yield
    finally:
        _ahead.reset(before)


def now() -> datetime:
    """The current moment in UTC, to the second: Graph and Resource Manager show no more."""
    return (datetime.now(UTC) + timedelta(seconds=_ahead.get())).replace(microsecond=0)


def seconds() -> int:
    """The current moment in seconds since 1970, as tokens write it."""
    return int(now().timestamp())


def at(seconds: int) -> datetime:
    """The moment of a number of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def stamp(moment: datetime | None = None) -> str:
    """RFC 3339 with a Z, as every Microsoft service writes it."""
    return (moment or now()).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse(text: str) -> datetime:
    """Read an RFC 3339 moment; one without an offset counts as UTC.

    Raises ValueError for anything else.
    """
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
