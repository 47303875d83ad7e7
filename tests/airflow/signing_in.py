"""People who sign in all the time, each in a fresh browser, while something else happens."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from tests.airflow.people import EDITOR, OP, VIEWER, TestPerson
from tests.airflow.site import Site
from tests.airflow.waiting import until

_PATIENCE = 120.0


@dataclass
class SignIns:
    """How many came in, and what those read who did not."""

    done: int = 0
    failed: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, problem: str) -> None:
        with self._lock:
            if problem:
                self.failed.append(problem)
            else:
                self.done += 1

    def go_on(self, more: int) -> None:
        """Wait until so many more have come in, or one has not."""
        enough = self.done + more
        until(lambda: self.done >= enough or self.failed, _PATIENCE, "people go on to sign in")


@contextmanager
def signing_in(
    site: Site, people: Sequence[TestPerson] = (OP, VIEWER, EDITOR), *, pause: float = 0.0
) -> Iterator[SignIns]:
    """One thread for each of the people, who rest for `pause` seconds in between; ends them all."""
    found, stop = SignIns(), threading.Event()

    def go_on(person: TestPerson) -> None:
        while not stop.is_set():
            found.count(_sign_in(site, person))
            stop.wait(pause)

    threads = [threading.Thread(target=go_on, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _sign_in(site: Site, person: TestPerson) -> str:
    """What went wrong; empty where the person is in."""
    with site.browser() as browser:
        site.browsers.remove(browser)
        try:
            page = site.sign_in(person, browser)[1]
            if page.status == 200 and site.is_signed_in(browser):
                return ""
        except (httpx.HTTPError, AssertionError) as error:
            return f"{person.name}: {type(error).__name__}: {error}"
        return f"{person.name}: {page.status} {page.url}: {page.text[:300]}"
