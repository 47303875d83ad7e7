"""How the local tenant does with very many people: `python -m bench.directory [PEOPLE GROUPS]`.

A fresh tenant gets a made-up population while it runs; then Graph is read as an auditor reads it. Each line: what was
read, in how many requests, how long that took, how much of it the tenant computed, and what it held then.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from airflow_entra.local import tenant as tenants
from airflow_entra.local.identities import AUDITOR, identities
from airflow_entra.local.population import populate
from airflow_entra.local.world import World
from airflow_entra.settings import load

PEOPLE, GROUPS, SEED = 100_000, 10_000, 7
_PROJECT = Path(__file__).parents[1]
_EVENTUAL = {"ConsistencyLevel": "eventual"}


@dataclass(frozen=True)
class Read:
    """One reading, to its last page."""

    what: str
    items: int
    requests: int
    seconds: float
    computed: float
    held: int

    def __str__(self) -> str:
        return (
            f"{self.what:44}{self.items:>8,} in {self.requests:>4} requests  {self.seconds:6.2f} s"
            f"  (tenant's CPU {self.computed:5.2f} s)  {self.held / 1e6:4.0f} MB"
        )


class Reader:
    """Reads lists of the tenant's Graph to their ends."""

    def __init__(self, world: World, tenant: tenants.Tenant, tenant_id: str) -> None:
        auditor = identities(world)[AUDITOR]
        form = {"grant_type": "client_credentials", "client_id": auditor.client_id, "client_secret": auditor.secret}
        form["scope"] = "https://graph.microsoft.com/.default"
        self._process = psutil.Process(tenant.pid)
        self._client = httpx.Client(trust_env=False, timeout=120, base_url=f"{tenant.url}/v1.0")
        answer = self._client.post(f"{tenant.url}/{tenant_id}/oauth2/v2.0/token", data=form)
        self._client.headers["authorization"] = f"Bearer {answer.raise_for_status().json()['access_token']}"

    def read(self, what: str, url: str) -> tuple[Read, str]:
        """A list from its first page to its last, and its delta link, "" where it has none."""
        began, computed, items, requests = time.perf_counter(), self._computed(), 0, 0
        delta = ""
        while url:
            page = self._client.get(url, headers=_EVENTUAL).raise_for_status().json()
            items, requests = items + len(page["value"]), requests + 1
            url, delta = page.get("@odata.nextLink", ""), page.get("@odata.deltaLink", "")
        seconds = time.perf_counter() - began
        held = self._process.memory_info().rss
        return Read(what, items, requests, seconds, self._computed() - computed, held), delta

    def largest(self) -> str:
        """The object id of the largest group."""
        query = "/groups?$filter=endswith(displayName,'-00000')&$count=true&$select=id"
        found = self._client.get(query, headers=_EVENTUAL).raise_for_status().json()["value"]
        return str(found[0]["id"])

    def _computed(self) -> float:
        times = self._process.cpu_times()
        return times.user + times.system


def measure_directory(reader: Reader) -> Iterator[Read]:
    """What an audit and a watch read."""
    group = f"/groups/{reader.largest()}"
    page = "$select=id,displayName,accountEnabled&$top=999"
    yield reader.read("members of the largest group", f"{group}/members?{page}")[0]
    yield reader.read("the same, nested groups included", f"{group}/transitiveMembers?{page}")[0]
    yield reader.read("people", f"/users?{page}")[0]
    yield reader.read("people and their last sign-ins", "/users?$select=id,signInActivity&$top=999")[0]
    for what, query in (("users", "$select=id,accountEnabled"), ("groups", "$select=id,displayName,members")):
        whole, delta = reader.read(f"/{what}/delta, the first round", f"/{what}/delta?{query}")
        yield whole
        yield reader.read(f"/{what}/delta, a round without changes", delta)[0]


def main(people: int = PEOPLE, groups: int = GROUPS) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(_PROJECT, Path(folder))
        tenant = tenants.start(world, 0)
        try:
            began = time.perf_counter()
            added = populate(world, "local", people, groups, SEED)
            sys.stdout.write(f"{added}: {time.perf_counter() - began:.1f} s\n")
            for read in measure_directory(Reader(world, tenant, load(world.stack_file("local")).tenant_id)):
                sys.stdout.write(f"{read}\n")
        finally:
            tenants.stop(world)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
