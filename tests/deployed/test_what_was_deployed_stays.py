"""What a release deployed is never replaced or deleted by newer code; what newer code updates is meant, and listed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from airflow_entra.local import clock
from airflow_entra.local import tenant as tenants
from airflow_entra.local.deploy import deploy
from airflow_entra.local.world import World
from airflow_entra.pulumi import PROJECT as NAME
from airflow_entra.pulumi.resource_types import PASSWORD
from tests.deploy.deployment import PROJECT, Deployment, assert_no_process_left
from tests.deploy.test_people import PEOPLE_WITH_ROLES, admitted
from tests.deployed.planned import planned
from tests.deployed.worlds import pack, releases, unpacked
from tests.rotation.rotating import Rotating

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

STACKS = ("local", "dev", "staging", "prod")
THE_WATCHERS = "the watcher reads the directory as somebody else than the application that people sign in to"
NO_PERSON = "in production no person owns it: those whom the stack file named are its contacts"
WATCHER = (
    "watcher",
    "watcher-application",
    "watcher-client-credential",
    "watcher-client-secret",
    "watcher-service-principal",
    "watcher-slot-a",
    "watcher-slot-b",
)
WATCHERS_PERMISSIONS = ("Application.Read.All", "GroupMember.Read.All", "User.Read.All")
MEANT: dict[tuple[str, str], dict[str, str]] = {
    ("0.1.0", "local"): {
        **{f"create {name}": THE_WATCHERS for name in WATCHER},
        **{f"create watcher-permission-{name}": THE_WATCHERS for name in WATCHERS_PERMISSIONS},
    },
    ("0.1.0", "prod"): {
        **{f"create {name}": THE_WATCHERS for name in WATCHER},
        "update application: notes, owners, requiredResourceAccesses": f"{NO_PERSON}; and it asks for no application "
        "permission any more: those that were granted stay until the identity team takes them (consent: request)",
        "update service-principal: owners": NO_PERSON,
        "update airflow-prod-admins: owners": NO_PERSON,
    },
}
"""(release, stack) -> step -> why a user who upgrades from that release wants it. Exact: a step that isn't here fails
the test, and so does one that is here and doesn't come any more."""
HARMLESS = ("create ", "update ")
LONG_AFTER = timedelta(days=800)
"""Each secret of release 0.1.0 has ended by then."""
MOST_BYTES = 200_000


@pytest.fixture(params=releases())
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def deployed(release: str, tmp_path: Path, engine: Path) -> Iterator[Deployment]:
    """The world of a release in a folder of its own, with the stack files of that release and ports of today."""
    assert (engine / "pulumi").exists()
    yield from _at_work(unpacked(release, tmp_path))


def _at_work(world: World) -> Iterator[Deployment]:
    deployment = Deployment(world)
    try:
        yield deployment
    finally:
        for live in deployment.lives:
            live.close()
        tenants.stop(world)
        assert_no_process_left(world)


def meant(release: str, stack: str) -> list[str]:
    return sorted(MEANT.get((release, stack), {}))


def test_nothing_that_is_meant_takes_away() -> None:
    for steps in MEANT.values():
        assert all(step.startswith(HARMLESS) and reason for step, reason in steps.items())


def test_a_preview_shows_what_is_meant_and_nothing_else(deployed: Deployment, release: str) -> None:
    found = {stack: planned(deployed, stack) for stack in STACKS}
    assert found == {stack: meant(release, stack) for stack in STACKS}


def test_the_shipped_stack_files_of_today_take_nothing_away_either(deployed: Deployment) -> None:
    """A fresh clone over an old world: its stack files may say more than those of the release."""
    today = Deployment(World(PROJECT, deployed.world.home, PROJECT / "stacks"))
    steps = [step for stack in STACKS for step in planned(today, stack)]
    assert [step for step in steps if not step.startswith(HARMLESS)] == []


def test_a_refresh_finds_everything_as_it_was_left(deployed: Deployment, release: str) -> None:
    found = {stack: planned(deployed, stack, "--refresh") for stack in STACKS}
    assert found == {stack: meant(release, stack) for stack in STACKS}


def test_a_cluster_that_joins_and_one_that_leaves_touch_their_own_credentials_alone(deployed: Deployment) -> None:
    """The one that was deployed has no name and stays as it is; Entra takes no second one for its workload."""
    file = deployed.world.stack_file("dev")
    text = file.read_text("utf-8")
    start = text.index("    federated:\n")
    end = text.index("  airflow-entra:roles:")
    first = yaml.safe_load(text[start:end])["federated"]
    assert sorted(first) == ["issuer", "subject"]
    clusters = [
        first,
        first
        | {
            "issuer": "https://northeurope.oic.prod-aks.azure.com/7a0c3f5e-52d1-4b5e-9d0a-6c1f0e8b2a11/c2a4f6e8-1b3d-4f57-9a0c-7e5d3b1f9c06/",
            "name": "north",
        },
    ]
    told = [[], ["create federated-north"], ["delete federated"]]
    for listed, steps in zip((clusters[:1], clusters, clusters[1:]), told, strict=True):
        file.write_text(text[:start] + f"    federated: {json.dumps(listed)}\n" + text[end:], "utf-8")
        assert planned(deployed, "dev") == steps
        deploy(deployed.session("dev"), "dev", say=deployed.said.append)
        assert planned(deployed, "dev") == []


def test_time_passing_makes_no_difference_not_even_beyond_the_end_of_every_secret(
    deployed: Deployment, release: str
) -> None:
    deployed.session("local")
    shown = clock.forward(deployed.world, LONG_AFTER).now
    state = [resource for stack in STACKS for resource in deployed.state(stack)]
    ends = [resource["outputs"]["endDate"] for resource in state if resource["type"] == PASSWORD]
    assert len(ends) == 6
    assert max(ends) < shown.isoformat()
    for options in ((), ("--refresh",)):
        found = {stack: planned(deployed, stack, *options) for stack in STACKS}
        assert found == {stack: meant(release, stack) for stack in STACKS}


def test_deployed_again_every_object_is_the_same_one_and_people_get_in_as_before(deployed: Deployment) -> None:
    before = {stack: _objects(deployed, stack) for stack in STACKS}
    for stack in STACKS:
        deploy(deployed.session(stack), stack, say=deployed.said.append)
        changes = deployed.world.state.changes_of_last_update(NAME, stack)
        done = {kind for kind, number in changes.items() if number}
        assert done <= {"same", "create", "update"}, stack
        after = _objects(deployed, stack)
        assert {urn: after.get(urn) for urn in before[stack]} == before[stack]
        assert planned(deployed, stack) == []
    rotating = Rotating(deployed, deployed.session("local"))
    assert rotating.is_taken(rotating.vault_secret())
    assert admitted(deployed) == PEOPLE_WITH_ROLES


def test_a_world_is_packed_small_without_its_machine_and_comes_back_the_same(
    deployed: Deployment, release: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How the next release's world is made, here of one that this code has worked on."""
    deploy(deployed.session("dev"), "dev", say=deployed.said.append)
    objects = _objects(deployed, "dev")
    tenants.stop(deployed.world)
    monkeypatch.setattr("tests.deployed.worlds.DATA", tmp_path)
    pack(deployed.world, tmp_path / "next.tgz")
    assert (tmp_path / "next.tgz").stat().st_size < MOST_BYTES
    for moved in _at_work(unpacked("next", tmp_path / "elsewhere")):
        assert _objects(moved, "dev") == objects
        assert planned(moved, "dev") == []
        assert planned(moved, "prod") == meant(release, "prod")


def _objects(deployment: Deployment, stack: str) -> dict[str, str | None]:
    """URN -> id of everything that the stack's state holds."""
    return {one["urn"]: one.get("id") for one in deployment.state(stack)}
