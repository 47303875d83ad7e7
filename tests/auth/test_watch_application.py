"""What the watcher makes of the application: assignments that come and go, the application itself, revoked sessions."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import httpx
import pytest

from airflow_entra_auth.graph import GraphError
from airflow_entra_auth.watch import follow
from airflow_entra_auth.watch.application import ASK_AGAIN, CONFIRM_AFTER, DISBELIEVE, LONG_LIST_EVERY
from airflow_entra_auth.watch.follow import COMPARE_EVERY, LOOK_AGAIN, Round
from tests.auth.directory_double import GROUP_IDS, User
from tests.auth.sign_on import PERSON
from tests.auth.test_watch_follow import ADMINS, FINANCE, OTHER, VIEWERS, World

ROLES_FROM = ("appRoles", "assignedGroups")


def rounds(world: World) -> Round:
    """As the watcher does them: the next one at once, or in a moment, where there is something left to ask."""
    world.now += 1
    return world.whole()


def ended(world: World) -> list[str | None]:
    return [one.why_ended for one in world.store.sessions]


@pytest.mark.parametrize("roles_from", ROLES_FROM)
def test_a_group_whose_assignment_is_gone_gives_nothing(roles_from: str) -> None:
    world = World(roles_from)
    world.directory.unassign(ADMINS)
    rounds(world)
    world.directory.join(ADMINS, PERSON)
    rounds(world)
    assert world.store.roles[PERSON] == ("Viewer", "finance-editor")


@pytest.mark.parametrize("roles_from", ROLES_FROM)
def test_an_assignment_that_is_removed_lowers_and_ends_open_sessions(roles_from: str) -> None:
    world = World(roles_from)
    world.directory.unassign(FINANCE)
    rounds(world)
    assert world.store.roles == {PERSON: ("Viewer",), OTHER: ()}
    assert ended(world) == [None, "no role left"]


def test_an_assignment_that_is_made_raises_open_sessions() -> None:
    world = World()
    world.directory.unassign(FINANCE)
    world.directory.assign(OTHER, "Viewer")
    rounds(world)
    assert world.store.roles[OTHER] == ("Viewer",)
    assert ended(world) == [None, None], "one role went, another came"
    world.directory.assign(FINANCE, "finance-editor")
    rounds(world)
    assert world.store.roles[OTHER] == ("Viewer", "finance-editor")


def test_a_group_that_the_sign_on_file_does_not_name_gives_what_it_is_assigned() -> None:
    """By hand in the portal: the token says it, so the watcher says it, and takes it when a member leaves."""
    world = World()
    stray = "1aaeb000-0000-4000-8000-0000000000aa"
    world.directory.groups[stray] = {OTHER}
    world.directory.assign(stray, "Admin")
    world.now += COMPARE_EVERY
    rounds(world)
    assert world.store.roles[OTHER] == ("Admin", "finance-editor")
    world.directory.leave(stray, OTHER)
    rounds(world)
    assert world.store.roles[OTHER] == ("finance-editor",)


def test_one_answer_that_lacks_an_assignment_ends_nobody() -> None:
    world = World()
    less = deepcopy(world.directory.application)
    less.assigned = {}
    world.directory.stale = [less]
    rounds(world)
    assert ended(world) == [None, None]
    assert world.store.roles[OTHER] == ("finance-editor",)


def test_whoever_joins_a_group_that_just_lost_its_assignment_never_has_the_role() -> None:
    """It takes two rounds to believe that an assignment is gone, and none to give nothing by it."""
    world = World()
    world.directory.unassign(ADMINS)
    world.directory.join(ADMINS, PERSON)
    world.directory.join(VIEWERS, OTHER)  # this one is right, and comes a round later
    had = set[str]()
    for _ in range(3):
        world.now += 1
        for applied in world.follower.round().applied:
            had |= set(applied.roles)
    assert had == {"Viewer", "finance-editor"}
    assert world.store.roles == {PERSON: ("Viewer", "finance-editor"), OTHER: ("Viewer", "finance-editor")}


def test_whoever_moves_to_another_group_in_that_moment_stays_in_the_session() -> None:
    world = World()
    world.directory.unassign(ADMINS)
    world.directory.leave(FINANCE, OTHER)
    world.directory.join(VIEWERS, OTHER)
    rounds(world)
    rounds(world)
    assert world.store.roles[OTHER] == ("Viewer",)
    assert ended(world) == [None, None]


def test_a_replica_that_is_late_brings_no_assignment_back() -> None:
    world = World()
    before = deepcopy(world.directory.application)
    world.directory.unassign(FINANCE)
    rounds(world)
    world.directory.stale = [before]
    world.store.sign_in(OTHER, ("finance-editor",), int(world.now))
    rounds(world)
    assert world.store.roles[OTHER] == ()
    world.directory.assign(FINANCE, "finance-editor")  # a new one has a new id
    rounds(world)
    assert world.store.roles[OTHER] == ("finance-editor",)
    world.now += DISBELIEVE
    rounds(world)
    assert world.store.roles[OTHER] == ("finance-editor",)


@pytest.mark.parametrize("change", ["disabled", "gone"])
def test_an_application_that_is_disabled_or_gone_ends_everybody_once_two_rounds_say_so(change: str) -> None:
    world = World()
    whole = world.directory.application
    closed = replace(whole, gone=True) if change == "gone" else replace(whole, enabled=False)
    world.directory.stale = [closed]
    rounds(world)
    assert ended(world) == [None, None], "one odd answer ends nobody"
    world.directory.application = closed
    before = next(world.directory.requests)
    rounds(world)
    assert next(world.directory.requests) - before - 1 == 6, "nobody is asked about"
    assert ended(world) == ["application disabled in the directory"] * 2
    assert world.store.roles == {PERSON: (), OTHER: ()}
    world.directory.application = whole
    rounds(world)
    assert world.store.roles == {PERSON: ("Viewer", "finance-editor"), OTHER: ("finance-editor",)}
    assert world.store.live(PERSON) == [], "no session comes back"


def test_a_start_with_one_odd_answer_ends_nobody() -> None:
    world = World()
    world.directory.stale = [replace(world.directory.application, enabled=False)]
    world.restart()
    assert ended(world) == [None, None]


def test_an_assignment_that_is_required_now_counts() -> None:
    world = World("securityGroups")
    assert world.store.roles[OTHER] == ("finance-editor",)
    world.directory.unassign(FINANCE)
    rounds(world)
    assert world.store.roles[OTHER] == ("finance-editor",)
    world.directory.application.required = True
    rounds(world)
    assert world.store.roles[OTHER] == ()


def test_where_graph_does_not_say_who_is_assigned_no_role_is_raised_and_each_is_lowered() -> None:
    world = World()
    world.directory.application.refused = True
    world.restart()
    assert world.store.roles[PERSON] == ("Viewer", "finance-editor")
    world.directory.join(ADMINS, PERSON)
    done = rounds(world)
    assert not done.assignments_known
    assert world.store.roles[PERSON] == ("Viewer", "finance-editor")
    world.directory.leave(FINANCE, PERSON)
    world.directory.leave(FINANCE, OTHER)
    rounds(world)
    assert world.store.roles == {PERSON: ("Viewer",), OTHER: ()}
    assert ended(world) == [None, "no role left"]
    world.directory.join(FINANCE, PERSON)
    rounds(world)
    assert world.store.roles[PERSON] == ("Viewer",), "back at the next sign-in"
    world.directory.application.refused = False
    world.now += ASK_AGAIN
    assert rounds(world).assignments_known
    assert world.store.roles[PERSON] == ("Admin", "Viewer", "finance-editor")


def test_where_the_application_can_not_be_asked_about_leavers_are_out_and_nobody_gets_in() -> None:
    world = World()
    whole = world.directory._answer

    def failing(request: httpx.Request) -> httpx.Response:
        if b"(appId=" in request.content:
            return httpx.Response(500)
        return whole(request)

    world.directory._answer = failing  # type: ignore[method-assign]
    world.follower._graph = world.follower._application._graph = world.directory.graph()
    world.directory.set_enabled(OTHER, False)
    world.directory.join(ADMINS, PERSON)
    with pytest.raises(GraphError):
        world.round()
    assert ended(world) == [None, "disabled in the directory"]
    assert world.store.roles[PERSON] == ("Viewer", "finance-editor")
    world.directory._answer = whole  # type: ignore[method-assign]
    world.follower._graph = world.follower._application._graph = world.directory.graph()
    rounds(world)
    assert world.store.roles[PERSON] == ("Admin", "Viewer", "finance-editor")


def test_a_long_list_is_read_to_its_end_now_and_then() -> None:
    world = World()
    world.directory.application.page_size = 1
    world.now += LONG_LIST_EVERY
    assert rounds(world).long_list
    assert world.store.roles[OTHER] == ("finance-editor",)
    world.directory.unassign(FINANCE)
    rounds(world)
    assert world.store.roles[OTHER] == ("finance-editor",)
    world.now += LONG_LIST_EVERY
    rounds(world)
    assert world.store.roles[OTHER] == ()


def test_of_a_large_group_those_in_a_session_are_asked_about_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "PEOPLE_AT_ONCE", 1)
    world = World()
    for number in range(3):
        person = f"c0ffee00-0000-4000-8000-{number:012x}"
        world.directory.users[person] = User()
        world.directory.groups[FINANCE].add(person)
        world.store.roles[person] = ("finance-editor",)
    world.restart()
    rounds(world)
    world.directory.unassign(FINANCE)
    world.now += 1
    for _ in range(3):  # one to notice, one to be sure and ask about one of the two, one for the other
        world.follower.round()
        world.now += CONFIRM_AFTER
    assert world.store.roles[OTHER] == ()


def test_a_group_too_large_to_list_is_a_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "MOST_MEMBERS", 1)
    world = World()
    world.directory.unassign(FINANCE)
    rounds(world)
    assert world.store.roles == {PERSON: ("Viewer",), OTHER: ()}


@pytest.mark.parametrize("status", [400, 403])
def test_a_group_whose_members_nobody_may_list_holds_up_nobody_else(status: int) -> None:
    """Whoever may assign a group could otherwise keep every leaver in."""
    world = World()
    hidden = "1aaeb000-0000-4000-8000-0000000000bb"
    GROUP_IDS.add(hidden)
    world.directory.groups[hidden] = {OTHER}
    whole = world.directory._members
    refusal = httpx.Response(status, json={"error": {"code": "Authorization_RequestDenied", "message": "Hidden"}})
    world.directory._members = lambda group: refusal if group == hidden else whole(group)  # type: ignore[method-assign]
    world.directory.assign(hidden, "Viewer")
    rounds(world)
    assert world.store.roles[OTHER] == ("Viewer", "finance-editor"), "compared with everybody"
    world.directory.leave(VIEWERS, PERSON)
    world.directory.leave(FINANCE, PERSON)
    rounds(world)
    assert ended(world) == ["no role left", None]


def test_one_refusal_to_say_who_is_assigned_takes_nothing() -> None:
    """Somebody who is assigned in person is in no group of the sign-on file."""
    world = World()
    world.directory.assign(PERSON, "Admin")
    world.directory.leave(VIEWERS, PERSON)
    world.directory.leave(FINANCE, PERSON)
    rounds(world)
    assert world.store.roles[PERSON] == ("Admin",)
    odd = deepcopy(world.directory.application)
    odd.refused = True
    world.directory.stale = [odd]
    world.now += COMPARE_EVERY
    with pytest.raises(GraphError, match="403"):
        world.round()
    assert rounds(world).assignments_known
    assert world.store.roles[PERSON] == ("Admin",)
    assert ended(world) == [None, None]


def test_a_refusal_that_is_said_twice_counts() -> None:
    world = World()
    world.directory.application.refused = True
    with pytest.raises(GraphError, match="403"):
        world.round()
    assert not rounds(world).assignments_known


def test_revoked_sessions_end_and_later_ones_stay() -> None:
    world = World()
    world.store.sign_in(PERSON, ("Viewer", "finance-editor"), 1_000_010)
    world.now = 1_000_020
    world.directory.revoke_sessions(PERSON, 1_000_005)
    rounds(world)
    assert ended(world) == ["revoked in the directory", None, None]
    assert world.store.roles[PERSON] == ("Viewer", "finance-editor")


def test_a_replica_that_does_not_know_of_the_revocation_saves_no_session() -> None:
    world = World()
    world.directory.revoke_sessions(PERSON, 1_000_000)
    whole = world.directory._one
    world.directory._one = lambda method, url: _without_moment(whole(method, url))  # type: ignore[method-assign]
    rounds(world)
    assert ended(world) == ["revoked in the directory", None]


def _without_moment(answer: dict[str, object]) -> dict[str, object]:
    body = answer["body"]
    assert isinstance(body, dict)
    return {**answer, "body": {name: value for name, value in body.items() if not name.startswith("signIn")}}


def test_a_comparison_sees_a_revocation_that_no_feed_reported() -> None:
    world = World()
    world.directory.users[OTHER].valid_from = 1_000_000
    rounds(world)
    assert ended(world) == [None, None]
    world.now += COMPARE_EVERY
    rounds(world)
    assert ended(world) == [None, "revoked in the directory"]


def test_a_late_replica_is_asked_again() -> None:
    world = World()
    world.directory.assign(VIEWERS, "Admin")
    rounds(world)
    assert world.store.roles[PERSON] == ("Admin", "Viewer", "finance-editor")
    world.round(LOOK_AGAIN)
    assert world.store.roles[PERSON] == ("Admin", "Viewer", "finance-editor")


def test_one_answer_without_the_groups_claim_takes_nothing() -> None:
    """Without it a token names no groups: everybody would be out."""
    world = World("securityGroups")
    less = deepcopy(world.directory.application)
    less.claims = None
    world.directory.stale = [less]
    rounds(world)
    assert ended(world) == [None, None]
    assert world.store.roles == {PERSON: ("Viewer", "finance-editor"), OTHER: ("finance-editor",)}


def test_a_refusal_is_asked_about_once_a_minute_and_no_sooner() -> None:
    world = World()
    world.directory.application.refused = True
    world.follower = world.another()
    assert world.round(0) == 4, "both feeds, the application once, and everybody"
    assert world.round(ASK_AGAIN - 1) == 2
    world.directory.application.refused = False
    world.now += 1
    assert world.follower.round().assignments_known
