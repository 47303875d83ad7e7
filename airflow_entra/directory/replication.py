"""Waits until Entra shows what this run has made.

Entra's servers copy from each other: an object that was made a moment ago may be 404, and refused in references, for
seconds, at times for most of a minute (https://github.com/microsoftgraph/msgraph-sdk-java/issues/2575). Whoever made it
knows better than the answer. What this run did not make is missing where Graph says so, and so is what was deleted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from airflow_entra_auth.graph import Graph, GraphError

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds."""
_PAUSES = (0.5, 1.0, 2.0, 3.0)  # seconds; the last one again and again
_NOT_YET = "does not exist or one of its queried reference-property objects are not present"


def once_there(
    ask: Callable[[], T],
    graph: Graph,
    made: Collection[str],
    *,
    say: Callable[[str], object],
    sleep: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> T:
    """What `ask` answers, asked again while Graph says that one of the objects `made` (their ids) isn't there.

    Raises GraphError for every other refusal at once, for this one after `PATIENCE`, and for an object that was deleted
    at once.
    """
    from airflow_entra_auth.graph import GraphError

    start, tries = clock(), 0
    while True:
        try:
            return ask()
        except GraphError as error:
            missing, waited = _missing(error, made), clock() - start
            if missing is None or waited >= PATIENCE or (tries == 0 and _deleted(graph, missing)):
                raise
        so_far = f"{waited:.0f} of {PATIENCE:.0f} s"
        say(f"Entra doesn't show {missing}, made a moment ago, everywhere yet: waiting ({so_far})")
        sleep(_PAUSES[min(tries, len(_PAUSES) - 1)])
        tries += 1


def _missing(error: GraphError, made: Collection[str]) -> str | None:
    """The one of the objects that Graph says isn't there."""
    if error.status not in (400, 404) or _NOT_YET not in error.message:
        return None
    return next((id_ for id_ in made if id_ and id_.lower() in error.message.lower()), None)


def _deleted(graph: Graph, id_: str) -> bool:
    from airflow_entra_auth.graph import GraphError

    try:
        graph.get(f"/directory/deletedItems/{id_}")
    except GraphError:  # not there, of a kind that is deleted for good, or not to be seen
        return False
    return True
