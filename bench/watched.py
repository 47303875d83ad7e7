"""What the benches of the watcher have in common: a company, Airflows on PostgreSQL, and other people's sessions."""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from airflow_entra.local import tenant as tenants
from airflow_entra.local.airflow import deployed, process
from airflow_entra.local.world import World
from airflow_entra_auth.variables import SESSION_KEY
from bench.subjects import ROOT
from tests.airflow import stacks
from tests.airflow.company import KEY, Company, company_in
from tests.airflow.people import TestPerson
from tests.airflow.site import Site

STACK = "pair"
_KEYS = {
    "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(32),
    "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
    "AIRFLOW__WEBSERVER__SECRET_KEY": secrets.token_urlsafe(32),
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": "",  # asyncpg isn't in the lock file, and nothing asked here needs it
    "AIRFLOW__API__WORKERS": "2",
    "AIRFLOW__WEBSERVER__WORKERS": "2",
}
"""Two servers of one Airflow have these in common."""


def people(number: int) -> list[TestPerson]:
    """So many who are viewers."""
    return [TestPerson(f"bench-{one}", f"Bench {one}", ("Viewer",)) for one in range(number)]


@contextmanager
def company_with(folder: Path, staff: Sequence[TestPerson]) -> Iterator[Company]:
    """A company of its own, with these people in their groups."""
    stacks.write(folder / "stacks")
    world = World(ROOT, folder / "world", folder / "stacks")
    try:
        with company_in(world) as company:
            tenants.seed(world, {"users": [person.as_seed() for person in staff]})
            company.admit(staff, STACK)
            yield company
    finally:
        deployed.stop_all(world)
        tenants.stop(world)


def site_on(company: Company, version: str, number: int, url: str, open_: ExitStack) -> Site:
    """One server of two workers, which ends with `open_`; several of one version and `url` are one Airflow."""
    changed = {**_KEYS, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url}
    site = company.site(STACK, version, authority=company.tenant.url, kind=f"pg-{number}", changed=changed)
    open_.callback(process.stop, site.running.home.folder)
    return site


def crowd(number: int) -> list[TestPerson]:
    """So many others who are viewers, and to whom nothing happens."""
    return [TestPerson(f"crowd-{one}", f"Crowd {one}", ("Viewer",)) for one in range(number)]


def fill(site: Site, url: str, others: Sequence[TestPerson]) -> None:
    """A session and the rows that a sign-in leaves for each of these people, as a server with the key writes them."""
    program = f"""
import json, os, sys, time
os.environ[{SESSION_KEY!r}] = {KEY!r}
import sqlalchemy as sa
from airflow_entra_auth import identities, sessions
from airflow_entra_auth.claims import Person
from airflow_entra_auth.tables import IDENTITIES
engine, now = sa.create_engine({url!r}), int(time.time())
users = sa.Table("ab_user", sa.MetaData(), autoload_with=engine)
with engine.begin() as connection:
    for number, object_id in enumerate(json.load(sys.stdin), 100000):
        row = dict(id=number, username=object_id, first_name="A", last_name="B", email=object_id, active=True)
        connection.execute(sa.insert(users).values(row))
        person = Person({stacks.TENANT!r}, object_id, "A B", None, object_id, guest=False)
        values = identities._values(None, number, person, ("Viewer",), ("Viewer",)) | dict(display_name="A B")
        connection.execute(sa.insert(IDENTITIES).values(values))
        sessions.start(connection, person, number, sid=None, lifetime=20000, at=now - 600)
"""
    done = site.python("-c", program, told=json.dumps([person.object_id for person in others]))
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])


def percentile(values: Sequence[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(part * len(ordered)) - 1)]


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 -- a command's result
