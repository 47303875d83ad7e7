"""A watcher that is killed over and over while people leave and come back: which change is missed, or made twice.

`python -m bench.watch_kills --kills 50` has an Airflow on PostgreSQL with 500 sessions and two watchers beside it, of
which whoever leads is killed (SIGKILL) at a moment of chance and started anew. It ends with exit code 1 where a change
never arrives, a session outlives its person, Airflow's audit log has a change twice or not at all, or a watcher says
that it is fresher than the database's last applied round. With `--in-trouble` Graph throttles 30 % of the requests,
fails at 5 % and drops 2 % of the connections meanwhile; with `--wrong-clocks` each watcher's machine is an hour ahead
or behind. `--write` puts the figures into bench/RESULTS.md.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx

from airflow_entra_auth.graph import GraphError
from airflow_entra_auth.graph.patience import THROTTLED, UNCLEAR
from bench import results
from bench.results import Kills
from bench.subjects import ROOT
from bench.watched import STACK, company_with, crowd, fill, people, percentile, say, site_on
from tests.airflow import watcher
from tests.airflow.company import Company
from tests.airflow.people import TestPerson
from tests.airflow.postgres import postgres, programs
from tests.airflow.site import Site
from tests.airflow.watcher import Watcher
from tests.trouble import in_trouble

STAFF = people(24)
CROWD = crowd(500)
LANES = 8
PATIENCE = 120.0
"""Seconds after which a change is missed."""
MOMENT = 3.0
"""Seconds from a watcher's first round, within which the moment to kill it is drawn."""
LOOK = 0.5
AHEAD = (3600.0, -3600.0)
"""Seconds."""
TOLERANCE = 5.0
"""Seconds between a question to the database and one to a watcher, on a machine that runs much else."""


@dataclass
class Figures:
    version: str
    kills: int = 0
    seconds: list[float] = field(default_factory=list)
    sign_ins: int = 0
    asked: int = 0
    """How often a watcher was asked how it is."""
    wrong: list[str] = field(default_factory=list)

    def kills_of(self, how: str) -> Kills:
        half, longest = statistics.median(self.seconds), max(self.seconds)
        return Kills(self.version, how, self.kills, len(self.seconds), half, longest, self.asked, len(self.wrong))

    def __str__(self) -> str:
        return (
            f"Airflow {self.version}: {self.kills} kills, {len(self.seconds)} changes and {self.sign_ins} sign-ins "
            f"meanwhile, {len(self.wrong)} wrong; a change took p50 {statistics.median(self.seconds):.1f} s, "
            f"longest {percentile(self.seconds, 1):.1f} s; asked {self.asked} times how they are"
        )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.watch_kills", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--in-trouble", action="store_true")
    parser.add_argument("--wrong-clocks", action="store_true")
    parser.add_argument("--write", action="store_true", help="into bench/RESULTS.md")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--version", action="append", choices=("3.3", "2.11"))
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    found = []
    with (
        tempfile.TemporaryDirectory(prefix="airflow-entra-bench-") as place,
        company_with(Path(place), [*STAFF, *CROWD]) as company,
    ):
        for version in options.version or ("3.3", "2.11"):
            trouble = in_trouble(company.world) if options.in_trouble else nullcontext()
            chance = random.Random(options.seed)  # noqa: S311 -- no secret
            found.append(_measure(company, version, options.kills, chance, trouble, wrong_clocks=options.wrong_clocks))
            say("\n".join([str(found[-1]), *found[-1].wrong[:20]]))
    if options.write:
        how = "clocks an hour wrong" if options.wrong_clocks else "Graph in trouble" if options.in_trouble else ""
        results.write_kills([figures.kills_of(how) for figures in found])
    return int(any(figures.wrong for figures in found))


def _measure(
    company: Company, version: str, kills: int, chance: random.Random, trouble: Any, *, wrong_clocks: bool
) -> Figures:
    with ExitStack() as open_:
        url = open_.enter_context(postgres())
        site = site_on(company, version, 0, url, open_)
        fill(site, url, CROWD)
        database = Database(url)
        office = Office(company, site, database, Event(), Figures(version))
        for person in STAFF:
            office.sign_in(person)
        watchers = Watchers(site, chance, AHEAD if wrong_clocks else (0.0,))
        open_.callback(watchers.end)
        open_.enter_context(trouble)
        open_.enter_context(Honesty(watchers, database, office.figures))
        with ThreadPoolExecutor(LANES) as pool:
            lanes = [pool.submit(office.work, STAFF[number::LANES]) for number in range(LANES)]
            try:
                for number in range(kills):
                    watchers.kill_who_leads()
                    office.figures.kills += 1
                    say(f"  {number + 1} kills, {len(office.figures.seconds)} changes")
            finally:
                office.closing.set()
            for lane in lanes:
                lane.result()
        watchers.who_leads()
        office.check()
        return office.figures


class Watchers:
    """Two at any time, one of which leads; their clocks are `ahead` by turns, in seconds."""

    def __init__(self, site: Site, chance: random.Random, ahead: Sequence[float]) -> None:
        self._site, self._chance, self._ahead, self._started = site, chance, ahead, 0
        self._all = [self._start(), self._start()]

    def _start(self) -> Watcher:
        ahead = self._ahead[self._started % len(self._ahead)]
        self._started += 1
        program = (str(ROOT / "bench" / "skewed.py"), str(ahead)) if ahead else watcher.PROGRAM
        return watcher.start(self._site, f"watch-{self._started}", program=program)

    def now(self) -> list[Watcher]:
        return list(self._all)

    def who_leads(self) -> int:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for number, one in enumerate(self._all):
                if one.leads():
                    return number
            time.sleep(LOOK)
        raise RuntimeError("no watcher leads\n" + "\n".join(one.log for one in self._all))

    def kill_who_leads(self) -> None:
        number = self.who_leads()
        time.sleep(self._chance.uniform(0, MOMENT))
        self._all[number].kill()
        self._all[number] = self._start()

    def end(self) -> None:
        for one in self._all:
            one.kill()


class Honesty:
    """Asks both watchers all the time how they are, and the database how it is."""

    def __init__(self, watchers: Watchers, database: Database, figures: Figures) -> None:
        self._watchers, self._database, self._figures = watchers, database, figures
        self._over, self._thread = Event(), Thread(target=self._ask, daemon=True)

    def __enter__(self) -> Honesty:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(60)

    def _ask(self) -> None:
        number, changed_at = "", time.monotonic()
        while not self._over.wait(LOOK):
            asked_at = time.monotonic()
            rows = self._database.rows(_APPLIED)
            found = str(rows[0]["link"]) if rows else ""
            if found != number:
                number, changed_at = found, asked_at
            for one in self._watchers.now():
                self._compare(one, changed_at)

    def _compare(self, one: Watcher, changed_at: float) -> None:
        """A number that the database showed last at `changed_at` can't have been seen to change much later."""
        try:
            lives, age = one.lives().status_code, one.metric("up_to_date_seconds")
        except (httpx.TransportError, AssertionError):
            return  # killed at this moment, or not yet there
        self._figures.asked += 1
        truly = time.monotonic() - changed_at
        if lives != 200:
            self._figures.wrong.append(f"a watcher that serves said {lives} at /healthz")
        if age < truly - TOLERANCE:
            self._figures.wrong.append(f"a watcher said {age:.1f} s, and the last applied round was {truly:.1f} s ago")


_APPLIED = "SELECT link FROM airflow_entra_watch WHERE feed = 'applied'"
_STANDING = """
SELECT roles, (
    SELECT count(*) FROM airflow_entra_session WHERE object_id = identity.object_id AND ended_at IS NULL
) AS live FROM airflow_entra_identity AS identity WHERE object_id = :'person'
"""
_AUDITED = "SELECT event, owner, extra FROM log WHERE event LIKE 'entra_%' ORDER BY id"


class Database:
    """Airflow's PostgreSQL, by its own client."""

    def __init__(self, url: str) -> None:
        self._url = url.replace("+psycopg2", "")

    def rows(self, query: str, person: str = "") -> list[Any]:
        """`:'person'` in the query is that text."""
        found = programs()
        if found is None:
            raise SystemExit("bench: install Debian's postgresql")
        done = subprocess.run(
            [found / "psql", "-XAt", self._url, "-v", f"person={person}", "-v", "ON_ERROR_STOP=1"],
            input=f"SELECT coalesce(json_agg(found), '[]') FROM ({query}) AS found;",  # noqa: S608 -- our own text
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        rows: list[Any] = json.loads(done.stdout)
        return rows

    def standing(self, person: TestPerson) -> tuple[list[str], int]:
        """(roles, live sessions) at one moment."""
        (row,) = self.rows(_STANDING, person.object_id)
        return json.loads(row["roles"]), row["live"]

    def audited(self) -> list[tuple[str, str, dict[str, Any]]]:
        """(event, object id, content) of every line about somebody's roles or sessions, in the order of time."""
        rows = self.rows(_AUDITED)
        return [(row["event"], row["owner"], json.loads(row["extra"])) for row in rows]


@dataclass
class Office:
    """Where people leave and come back until it closes. Each waits for its last change to arrive."""

    company: Company
    site: Site
    database: Database
    closing: Event
    figures: Figures
    ended: dict[str, int] = field(default_factory=dict)
    """How often a person's open sessions had to end."""
    changed: dict[str, int] = field(default_factory=dict)
    """How often a person's roles had to change."""

    def sign_in(self, person: TestPerson) -> None:
        browser, page = self.site.sign_in(person)
        if not self.site.is_signed_in(browser):
            raise RuntimeError(f"{person.name} can't sign in: {page.status} {page.text[:500]}")
        self.site.browsers.remove(browser)
        browser.http.close()
        self.figures.sign_ins += 1
        self.ended[person.object_id] = self.ended.get(person.object_id, 0) + 1

    def work(self, staff: Sequence[TestPerson]) -> None:
        turn = 0
        while not self.closing.is_set():
            person = staff[turn % len(staff)]
            by_group = turn // len(staff) % 2 == 0
            leave: Callable[[TestPerson], None] = self._leave if by_group else self.company.disable
            back: Callable[[TestPerson], None] = self._join if by_group else self.company.enable
            self._change(person, leave, ([], 0))
            self._change(person, back, (["Viewer"], 0))
            self.sign_in(person)
            turn += 1

    def _leave(self, person: TestPerson) -> None:
        self.company.leave(person, STACK, "Viewer")

    def _join(self, person: TestPerson) -> None:
        """Again where nobody knows what became of it; that the person is a member already then is what was wanted."""
        while True:
            try:
                return self.company.join(person, STACK, "Viewer")
            except httpx.TransportError:
                continue
            except GraphError as refused:
                if refused.status == 400:
                    return None
                if refused.status not in THROTTLED | UNCLEAR:
                    raise

    def _change(self, person: TestPerson, change: Callable[[TestPerson], None], wanted: tuple[list[str], int]) -> None:
        change(person)
        self.changed[person.object_id] = self.changed.get(person.object_id, 0) + 1
        began = time.monotonic()
        while self.database.standing(person) != wanted:
            if time.monotonic() - began > PATIENCE:
                self.figures.wrong.append(f"{person.name} never came to {wanted}: {self.database.standing(person)}")
                return
            time.sleep(LOOK)
        self.figures.seconds.append(time.monotonic() - began)

    def check(self) -> None:
        """Nothing twice, nothing left out: each change is one line, and begins where the last one ended."""
        audited = self.database.audited()
        for person in STAFF:
            lines = [(event, extra) for event, owner, extra in audited if owner == person.object_id]
            changes = [extra for event, extra in lines if event == "entra_role_change"]
            signed_out = sum(event == "entra_sign_out" for event, _ in lines)
            made = 1 + self.changed.get(person.object_id, 0)  # the first sign-in is one
            if len(changes) != made:
                self._wrong(person, f"{len(changes)} role changes are written down of {made}")
            live = self.ended[person.object_id] - signed_out
            if live != self.database.standing(person)[1] or live != 1:
                self._wrong(person, f"{signed_out} sessions ended of {self.ended[person.object_id]}")
            held: list[str] = []
            for one in changes:
                if one["rolesBefore"] != held:
                    self._wrong(person, f"{one['rolesBefore']} before a change, and {held} after the last one")
                held = one["roles"]

    def _wrong(self, person: TestPerson, what: str) -> None:
        self.figures.wrong.append(f"{person.name}: {what}")


if __name__ == "__main__":
    sys.exit(main())
