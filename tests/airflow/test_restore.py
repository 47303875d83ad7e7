"""Airflow's database is restored from a backup: what had ended since is alive again in it, and ends again."""

from __future__ import annotations

import re
import sqlite3
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from airflow_entra.local.airflow import process
from tests.airflow.company import Company
from tests.airflow.people import WATCHED, WATCHED_TWICE
from tests.airflow.postgres import postgres, programs
from tests.airflow.site import Site
from tests.airflow.test_watch import SOON, Holder
from tests.airflow.waiting import until
from tests.airflow.watcher import Watcher, watching


class Database(ABC):
    """An Airflow's database, as whoever makes backups sees it."""

    @abstractmethod
    def back_up(self, file: Path) -> None: ...

    @abstractmethod
    def restore(self, file: Path) -> None:
        """While Airflow and its watchers run: nobody may have to stop them first."""


@dataclass
class Sqlite(Database):
    file: Path

    def back_up(self, file: Path) -> None:
        _copy(self.file, file)

    def restore(self, file: Path) -> None:
        _copy(file, self.file)


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source, timeout=60)) as old, closing(sqlite3.connect(target, timeout=60)) as new:
        old.backup(new)


@dataclass
class Postgres(Database):
    url: str

    def back_up(self, file: Path) -> None:
        self._run("pg_dump", "--format=custom", f"--file={file}", self._plain)

    def restore(self, file: Path) -> None:
        self._run("pg_restore", "--clean", "--single-transaction", f"--dbname={self._plain}", str(file))

    @property
    def _plain(self) -> str:
        return self.url.replace("+psycopg2", "")

    def _run(self, program: str, *arguments: str) -> None:
        folder = programs()
        assert folder is not None
        done = subprocess.run(
            [str(folder / program), *arguments], capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module", params=["3.3-postgresql", "2.11-sqlite"])
def restorable(request: pytest.FixtureRequest, company: Company) -> Iterator[tuple[Site, Database]]:
    version, _, kind = request.param.partition("-")
    with ExitStack() as open_:
        changed: dict[str, str] = {}
        if kind == "postgresql":
            url = open_.enter_context(postgres())
            changed = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": ""}
        site = company.site("pair", version, authority=company.tenant.url, kind=f"restored-{kind}", changed=changed)
        open_.callback(process.stop, site.running.home.folder)
        database = Postgres(url) if changed else Sqlite(site.running.home.folder / "airflow.db")
        yield site, database
        for browser in site.browsers:
            browser.http.close()


def signed_out(site: Site, holder: Holder) -> None:
    site.sign_out(holder.browser)
    assert holder.is_out()


def test_watchers_notice_and_end_what_began_before(restorable: tuple[Site, Database], tmp_path: Path) -> None:
    site, database = restorable
    with watching(site, "watch") as first, watching(site, "watch-2") as second:
        until(lambda: _all_fresh(first, second), 2 * SOON, first.log + second.log)
        stays, leaves = Holder(site, WATCHED), Holder(site, WATCHED_TWICE)
        database.back_up(tmp_path / "backup")
        signed_out(site, leaves)
        rounds = first.metric("rounds_total") + second.metric("rounds_total")
        until(lambda: first.metric("rounds_total") + second.metric("rounds_total") > rounds + 5, SOON, first.log)
        database.restore(tmp_path / "backup")
        until(lambda: _restores(first, second) == 1, SOON, first.log + second.log)
        until(lambda: leaves.is_out() and stays.is_out(), SOON, first.log + second.log)
        assert "restored from a backup" in first.log + second.log
        again = Holder(site, WATCHED)
        rounds = first.metric("rounds_total") + second.metric("rounds_total")
        until(lambda: first.metric("rounds_total") + second.metric("rounds_total") > rounds + 5, SOON, first.log)
        assert any(again.ways_in()), "who signs in afterwards stays"
        assert leaves.is_out()
        assert stays.is_out()
        assert _restores(first, second) == 1
        assert _all_fresh(first, second)
        assert "Traceback" not in first.log + second.log


def test_where_no_watcher_ran_a_command_does_it(restorable: tuple[Site, Database], tmp_path: Path) -> None:
    site, database = restorable
    stays, leaves = Holder(site, WATCHED), Holder(site, WATCHED_TWICE)
    database.back_up(tmp_path / "backup")
    signed_out(site, leaves)
    database.restore(tmp_path / "backup")
    # The process that saw the session end keeps to that; any other finds it alive, and the command counts its person.
    for moment, ended in (("2026-01-01T00:00Z", False), ("2026-01-01T00:00+05:30", False), ("now", True)):
        done = site.python("-m", "airflow_entra_auth.watch", "--end-before", moment)
        assert done.returncode == 0, done.stderr
        found = re.search(r"^(\d+) sessions of (\d+) people ended$", done.stdout, re.MULTILINE)
        assert found, done.stdout
        assert (int(found[1]), int(found[2])) >= (2, 2) if ended else found[0].startswith("0 sessions")
    until(lambda: leaves.is_out() and stays.is_out(), SOON)
    wrong = site.python("-m", "airflow_entra_auth.watch", "--end-before", "2026-01-01T00:00")
    assert (wrong.returncode, "a time with its zone" in wrong.stderr) == (2, True)
    if isinstance(database, Sqlite):
        event, extra = site.audited(WATCHED)[-1]
        assert (event, "restore" in extra["reason"]) == ("entra_sign_out", True)


def _restores(*watchers: Watcher) -> float:
    return sum(watcher.metric("restores_total") for watcher in watchers)


def _all_fresh(*watchers: Watcher) -> bool:
    return all(watcher.fresh().status_code == 200 for watcher in watchers)
