"""A change at a bad moment: nobody keeps for long what the directory took, and nobody loses what it gives."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import httpx
import pytest

from airflow_entra_auth.graph import GraphError
from airflow_entra_auth.watch.application import CONFIRM_AFTER
from airflow_entra_auth.watch.follow import COMPARE_EVERY, LOOK_AGAIN
from tests.auth.directory_double import GROUP_IDS, User
from tests.auth.sign_on import PERSON
from tests.auth.test_watch_follow import FINANCE, OTHER, VIEWERS, World

BY_HAND = "9e9e0000-0000-4000-8000-0000000000ff"
GROUP_IDS |= {BY_HAND}
SOON = 30
"""Rounds of a second, far fewer than until the next comparison of everybody."""


class DatabaseAwayError(Exception):
    pass


def away(*_: object) -> Any:
    raise DatabaseAwayError


def settled() -> World:
    """A world in which nothing has happened for a while."""
    world = World()
    for _ in range(SOON):
        world.round()
    return world


def late(world: World, seconds: float, groups: Callable[[set[str]], set[str]]) -> None:
    """A replica that says for some seconds that PERSON is in other groups than they are in."""
    truly, until = world.directory.groups_of, world.now + seconds

    def answered(member: str, *, nested: bool) -> set[str]:
        found = truly(member, nested=nested)
        return groups(found) if member == PERSON and world.now < until else found

    world.directory.groups_of = answered  # type: ignore[method-assign]


@pytest.mark.parametrize("change", ["application", "assignment"])
def test_a_database_that_is_away_when_the_application_changes_loses_no_change(change: str) -> None:
    world = World()
    world.directory.assign(OTHER, "Admin")
    for _ in range(SOON):
        world.round()
    if change == "application":
        world.directory.application.enabled = False
    else:
        world.directory.unassign(OTHER)
    world.round()
    known, world.store.known = world.store.known, away  # type: ignore[method-assign]
    with pytest.raises(DatabaseAwayError):
        world.round()
    world.store.known = known  # type: ignore[method-assign]
    for _ in range(3):
        world.round()
    assert "Admin" not in world.store.roles[OTHER]


def test_a_change_that_could_not_be_written_down_is_not_taken_for_done() -> None:
    """The database fails, then Graph says nothing about the person: the next watcher hears of the change again."""
    world = settled()
    before = world.store.saved
    world.directory.leave(VIEWERS, PERSON)
    apply, world.store.apply = world.store.apply, away  # type: ignore[method-assign,assignment]
    with pytest.raises(DatabaseAwayError):
        world.round()
    world.store.apply = apply  # type: ignore[method-assign]
    answer = world.directory._one

    def silent(method: str, url: str) -> dict[str, Any]:
        error = {"code": "UnknownError", "message": ""}
        return {"status": 503, "body": {"error": error}} if PERSON in url else answer(method, url)

    world.directory._one = silent  # type: ignore[method-assign]
    with pytest.raises(GraphError):
        world.round()
    assert world.store.saved == before


def test_somebody_who_leaves_a_group_while_its_assignment_goes_is_out_all_the_same() -> None:
    """The stack file doesn't name the group, and its members are listed after the person has left."""
    world = World()
    world.directory.groups[BY_HAND] = {PERSON, OTHER}
    world.directory.assign(BY_HAND, "Admin")
    for _ in range(SOON):
        world.round()
    assert "Admin" in world.store.roles[PERSON]
    world.directory.unassign(BY_HAND)
    world.round()
    list_members = world.follower._list_members

    def too_late() -> None:
        if PERSON in world.directory.groups[BY_HAND]:
            world.directory.leave(BY_HAND, PERSON)
        list_members()

    world.follower._list_members = too_late  # type: ignore[method-assign]
    for _ in range(SOON):
        world.round()
    assert "Admin" not in world.store.roles[PERSON]


def test_a_feed_that_is_lost_takes_nothing_of_what_the_other_reported() -> None:
    world = settled()
    world.directory.leave(VIEWERS, PERSON)
    late(world, SOON, lambda groups: groups | {VIEWERS})
    world.round()
    assert "Viewer" not in world.store.roles[PERSON]
    lost = [httpx.Response(410, json={"error": {"code": "syncStateNotFound", "message": ""}})]
    world.directory.fault = lambda: lost.pop() if lost else None  # the feed of accounts is asked first
    for _ in range(2 * SOON):
        world.round()
        assert "Viewer" not in world.store.roles[PERSON]


def test_a_clock_that_is_set_back_puts_no_comparison_off() -> None:
    world = World()
    for session in world.store.sessions:
        session.begun = 900_000  # long before what the clock says then
    for _ in range(SOON):
        world.round()
    world.set_back = 6 * 3600.0
    world.directory.groups[VIEWERS].discard(PERSON)  # no feed reports it
    world.round(COMPARE_EVERY)
    assert "Viewer" not in world.store.roles[PERSON]


def test_a_doubt_is_not_settled_by_the_same_replica_because_people_wait_for_answers() -> None:
    world = settled()
    for number in range(100):
        other = f"c0ffee00-0000-4000-8000-{number:012x}"
        world.directory.users[other] = User()
        world.directory.groups[FINANCE].add(other)
        world.store.sign_in(other, ("finance-editor",), 999_000)
    old = deepcopy(world.directory.application)
    world.directory.assign(PERSON, "Admin")
    world.store.sign_in(PERSON, ("Admin", "Viewer", "finance-editor"), int(world.now))
    world.round()
    world.now += COMPARE_EVERY
    world.directory.stale = [old] * 2  # for a tenth of a second
    for _ in range(3):
        world.follower.round()
        world.now += CONFIRM_AFTER / 10
    world.directory.stale = []
    world.now += CONFIRM_AFTER
    world.whole()
    assert "Admin" in world.store.roles[PERSON]
    assert len(world.store.live(PERSON)) == 2


def test_the_second_answer_about_a_person_is_asked_for_a_moment_later() -> None:
    world = settled()
    world.now += COMPARE_EVERY - LOOK_AGAIN
    late(world, LOOK_AGAIN + CONFIRM_AFTER / 2, lambda _: set())
    world.now += LOOK_AGAIN
    world.whole()
    assert world.store.live(PERSON)
    assert world.store.roles[PERSON] == ("Viewer", "finance-editor")
