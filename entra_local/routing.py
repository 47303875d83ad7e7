"""URL tables: a service lists its routes once, in urls.py; this finds the one for a request."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from entra_local.wire import Reply

RequestT = TypeVar("RequestT")

_PARAMETER = re.compile(r"\{(\w+)(:path)?\}")


@dataclass(frozen=True)
class Route(Generic[RequestT]):
    """One line of a table.

    The template's `{name}` matches one path segment (`$count` and its like are no names), `{name:path}` any number of
    them. `needs` lists what the caller must hold: at least one permission out of each group. A route with
    `own_transactions` opens its own.
    """

    method: str
    template: str
    handler: Callable[[RequestT], Reply]
    needs: Sequence[frozenset[str]] = ()
    own_transactions: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        # Resource Manager and Graph both compare fixed segments without case.
        position, pattern = 0, ""
        for parameter in _PARAMETER.finditer(self.template):
            pattern += re.escape(self.template[position : parameter.start()])
            pattern += f"(?P<{parameter[1]}>{'.*' if parameter[2] else '[^/$][^/]*'})"
            position = parameter.end()
        return re.compile(f"{pattern}{re.escape(self.template[position:])}/?", re.IGNORECASE)


class NoRouteError(Exception):
    """Nothing is served at this path; `allowed` lists the methods that are."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self.allowed = sorted(allowed)
        super().__init__("no such route")


class Table(Generic[RequestT]):
    """All routes of one service; the first that matches wins, so fixed paths stand before patterns."""

    def __init__(self, routes: Sequence[Route[RequestT]]) -> None:
        self.routes = routes

    def find(self, method: str, path: str) -> tuple[Route[RequestT], dict[str, str]]:
        """The route and its parameters. Raises NoRouteError."""
        allowed: set[str] = set()
        for route in self.routes:
            match = route.pattern.fullmatch(path)
            if match is None:
                continue
            if route.method == method:
                return route, match.groupdict()
            allowed.add(route.method)
        raise NoRouteError(allowed)
