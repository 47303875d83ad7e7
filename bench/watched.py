"""What the benches of the watcher have in common: a company, Airflows on PostgreSQL, and other people's sessions."""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from airflow_entra.local import tenant as tenants
from airflow_entra.local.airflow import deployed, process
from airflow_entra.local.world import World
from bench.subjects import ROOT
from tests.airflow import stacks
from tests.airflow.company import Company, company_in
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


def fill(site: Site, url: str, sessions: int) -> None:
    """Other people's rows: a session is a row, whoever began it."""
    program = f"""
import json, time, uuid
import sqlalchemy as sa
from airflow_entra_auth.tables import IDENTITIES, SESSIONS
engine, now = sa.create_engine({url!r}), int(time.time())
users = sa.Table("ab_user", sa.MetaData(), autoload_with=engine)
with engine.begin() as connection:
    for number in range({sessions}):
        person = str(uuid.uuid4())
        row = dict(id=100000 + number, username=person, first_name="A", last_name="B", email=person, active=True)
        connection.execute(sa.insert(users).values(row))
        who = dict(user_id=row["id"], tenant_id={stacks.TENANT!r}, object_id=person)
        connection.execute(sa.insert(IDENTITIES).values(roles="[]", display_name="A B", updated_at=now, **who))
        ends = dict(signed_in_at=now - 600, ends_at=now + 20000)
        connection.execute(sa.insert(SESSIONS).values(id=uuid.uuid4().hex, **who, **ends))
"""
    done = site.python("-c", program)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])


def percentile(values: Sequence[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(part * len(ordered)) - 1)]


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 -- a command's result
