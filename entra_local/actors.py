"""Who is acting: a caller of Graph, somebody at the portal, or the seed, which is who acts when nobody else does."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import uuid4


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or an application. `object_id` is empty of one that the directory does not know, which has a name."""

    object_id: str = ""
    app_id: str = ""
    person: bool = False
    name: str = ""
    correlation_id: str = field(default_factory=lambda: str(uuid4()))


SEED = "seed"
PORTAL = "portal"

_current: ContextVar[Actor | None] = ContextVar("actor", default=None)


def act(actor: Actor) -> None:
    """All that is done from here on in this request is done by this one."""
    _current.set(actor)


def current() -> Actor:
    """Who acts now."""
    return _current.get() or Actor(name=SEED)
