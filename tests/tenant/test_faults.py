"""Faults on demand: which requests they meet, what they look like, and that they are the same for the same seed."""

import asyncio
import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entra_local.app import TenantApp
from entra_local.faults import SETTING, Fate, Faults, Plan, PlanError
from tests.tenant import directory, world
from tests.tenant.directory import ADA, ADMIN, Graph
from tests.tenant.process import Served, command, seed, served
from tests.tenant.world import GRAPH, LOGIN, TENANT, Tenant

HOSTS = {
    "graph": "https://graph.microsoft.com/v1.0/users",
    "login": "https://login.microsoftonline.com/common/discovery/instance",
    "arm": "https://management.azure.com/subscriptions?api-version=2022-12-01",
    "vault": "https://kv.vault.azure.net/secrets?api-version=7.5",
}
GROUP = {"mailEnabled": False, "securityEnabled": True}
shares = st.floats(0, 1 / 3)


def plan(tenant: Tenant, **wanted: Any) -> None:
    with tenant.world.store.transaction():
        tenant.world.store.set(SETTING, Plan(**wanted).written() if wanted else None)


class Client:
    """Asks the tenant's application as a server would, so that faults come."""

    def __init__(self, graph: Graph) -> None:
        self.token = graph.token
        self.transport = httpx.ASGITransport(TenantApp(graph.tenant.world))

    def send(self, method: str, url: str, body: Any = None) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self.transport) as client:
                return await client.request(method, url, json=body, headers={"authorization": f"Bearer {self.token}"})

        return asyncio.run(ask())


@given(throttle=shares, errors=shares, drop=shares, number=st.integers())
def test_the_same_seed_is_the_same_sequence(throttle: float, errors: float, drop: float, number: int) -> None:
    text = Plan(throttle, errors, drop, seed=number).written()
    first, second = Faults(), Faults()
    sequence = [first.fate(text, "graph") for _ in range(20)]
    assert [second.fate(text, "graph") for _ in range(20)] == sequence
    assert all(fate.done for fate in sequence if not fate.status and not fate.dropped)
    other = [second.fate(Plan(throttle, errors, drop, seed=number + 1).written(), "graph") for _ in range(20)]
    assert [second.fate(text, "graph") for _ in range(20)] == sequence
    assert len(other) == 20


def test_the_shares_are_met() -> None:
    faults, text = Faults(), Plan(throttle=0.3, errors=0.05, drop=0.02, seed=7).written()
    found = Counter(fate_kind(faults.fate(text, "graph")) for _ in range(10_000))
    assert found["429"] == pytest.approx(3000, abs=200)
    assert found["5xx"] == pytest.approx(500, abs=100)
    assert found["dropped before"] + found["dropped after"] == pytest.approx(200, abs=60)
    assert min(found["dropped before"], found["dropped after"]) > 50


def fate_kind(fate: Fate) -> str:
    if fate.dropped:
        return f"dropped {'after' if fate.done else 'before'}"
    return {0: "fine", 429: "429"}.get(fate.status, "5xx")


@pytest.mark.parametrize("host", HOSTS)
def test_throttled_in_the_words_of_each_service(graph: Graph, host: str) -> None:
    plan(graph.tenant, throttle=1, hosts=(host,))
    client = Client(graph)
    reply = client.send("GET", HOSTS[host])
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "1")
    error = reply.json()["error"]
    assert error == "temporarily_unavailable" if host == "login" else error["code"] == "TooManyRequests"
    others = [client.send("GET", url).status_code for name, url in HOSTS.items() if name != host]
    assert 429 not in others
    assert client.send("GET", "http://localhost:8400/health").status_code == 200


def test_server_errors_change_nothing_unless_the_gateway_gave_up(graph: Graph) -> None:
    client = Client(graph)
    plan(graph.tenant, errors=1, hosts=("graph",), seed=3)
    found: Counter[tuple[int, bool]] = Counter()
    for number in range(30):
        reply = client.send("PATCH", f"{GRAPH}/v1.0/users/{ADA}", {"jobTitle": f"{number}"})
        done = graph.get(f"/users/{ADA}")["jobTitle"] == f"{number}"
        found[reply.status_code, done] += 1
    assert found[500, True] == found[503, True] == 0
    assert all(found[case] for case in ((500, False), (503, False), (504, False), (504, True)))


def test_in_a_batch_each_request_is_throttled_on_its_own(graph: Graph) -> None:
    plan(graph.tenant, throttle=0.5, seed=2)
    requests = [{"id": f"{number}", "method": "GET", "url": f"/users/{ADA}"} for number in range(20)]
    for _ in range(3):
        reply = Client(graph).send("POST", f"{GRAPH}/v1.0/$batch", {"requests": requests})
        assert reply.status_code == 200
        found = reply.json()["responses"]
        assert {item["status"] for item in found} == {200, 429}
        assert all(item["headers"]["Retry-After"] == "1" for item in found if item["status"] == 429)


def test_the_portal_and_health_always_answer(graph: Graph) -> None:
    plan(graph.tenant, away=True)
    client = Client(graph)
    for path in ("/health", f"/portal/{world.TENANT}"):
        assert client.send("GET", f"http://localhost:8400{path}").status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        "{}x",
        '{"throttle": 2}',
        '{"unseen": -1}',
        '{"throttle": 0.9, "errors": 0.9}',
        '{"hosts": ["moon"]}',
        '{"fire": 1}',
        "[]",
        "null",
    ],
)
def test_a_plan_that_is_none(wrong: str) -> None:
    with pytest.raises(PlanError):
        Plan.read(wrong)


def test_a_running_tenant_drops_connections_and_goes_away(tmp_path: Path) -> None:
    state = tmp_path / "state"
    seed(state, world.SEED)
    seed(state, directory.SEED)
    with served(state) as running, running.client() as client:
        client.headers["authorization"] = f"Bearer {token_of(client)}"
        tell(state, {"drop": 1, "hosts": ["graph"], "seed": 5})
        names = [f"group-{number}" for number in range(8)]
        for name in names:
            with pytest.raises(httpx.TransportError):
                client.post(f"{GRAPH}/v1.0/groups", json=GROUP | {"displayName": name, "mailNickname": name})
        tell(state, None)
        there = {item["displayName"] for item in client.get(f"{GRAPH}/v1.0/groups").json()["value"]} & set(names)
        assert 0 < len(there) < len(names), "some were dropped after the change was done, some before"
        tell(state, {"away": True})
        for url in HOSTS.values():
            with pytest.raises(httpx.TransportError):
                client.get(url)
        assert health(running) == 200
        tell(state, {"slow": 50})
        late = client.get(HOSTS["login"])
        assert late.elapsed.total_seconds() >= 0.05
        tell(state, None)
        assert client.get(HOSTS["login"]).status_code == 200


def token_of(client: httpx.Client) -> str:
    form = {"grant_type": "client_credentials", "client_id": ADMIN["appId"], "client_secret": ADMIN["secret"]}
    form["scope"] = f"{GRAPH}/.default"
    return str(client.post(f"{LOGIN}/{TENANT}/oauth2/v2.0/token", data=form).json()["access_token"])


def health(running: Served) -> int:
    return httpx.get(f"http://localhost:{running.http_port}/health", trust_env=False).status_code


def tell(state: Path, wanted: Any) -> None:
    arguments = ["--off"] if wanted is None else ["--plan", json.dumps(wanted)]
    subprocess.run(command("fault", state, *arguments), check=True, capture_output=True)
