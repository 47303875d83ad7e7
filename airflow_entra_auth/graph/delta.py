"""What changed since a link: a list that ends with the link for what changes from then on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Page = Mapping[str, Any]


class Delta:
    """Iterate it once, to its end; then `link` is where to go on the next time.

    Changes come at least once, the newest state of each last. Raises SyncLost where Graph no longer knows the link.
    """

    def __init__(self, first: Callable[[], Page], follow: Callable[[str], Page]) -> None:
        self._first, self._follow = first, follow
        self._link: str | None = None

    @property
    def link(self) -> str:
        """Known at the end of the list."""
        if self._link is None:
            raise RuntimeError("a delta's link is known when all of it has been read")
        return self._link

    def __iter__(self) -> Iterator[Any]:
        page = self._first()
        while True:
            yield from page["value"]
            further = page.get("@odata.nextLink")
            if further is None:
                self._link = str(page["@odata.deltaLink"])
                return
            page = self._follow(further)
