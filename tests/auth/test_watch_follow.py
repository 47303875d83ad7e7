"""What one round of the watcher does, case by case; the double says which requests it took."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from airflow_entra_auth.azure import GRAPH_V1
from airflow_entra_auth.graph import GraphError
from airflow_entra_auth.issuance import Account, Application, Assignment
from airflow_entra_auth.watch import follow
from airflow_entra_auth.watch.follow import COMPARE_EVERY, LOOK_AGAIN, Follower, LeaseLostError, Round
from airflow_entra_auth.watch.people import Found, verdict
from tests.auth.directory_double import GROUP_IDS, Directory, User
from tests.auth.sign_on import CLIENT, GROUPS, PERSON, rules
from tests.auth.store_double import MemoryStore

OTHER = "c0ffee00-1111-4222-8333-444455556667"
INNER = "1aaeb000-0000-4000-8000-000000000001"
ADMINS, VIEWERS, FINANCE = GROUPS
GROUP_IDS |= {*GROUPS, INNER}


class World:
    """Two people, one of them viewer and in finance; both signed in."""

    def __init__(self, roles_from: str = "appRoles", **changes: object) -> None:
        self.now, self.set_back = 1_000_000.0, 0.0
        self.directory = Directory({PERSON: User(), OTHER: User()}, {group: set() for group in (*GROUPS, INNER)})
        self.directory.groups[VIEWERS] |= {PERSON}
        self.directory.groups[FINANCE] |= {PERSON, OTHER}
        self.store, self.rules = MemoryStore(), rules(rolesFrom=roles_from, **changes)
        self.directory.assign_as_declared(self.rules)
        self.store.sign_in(PERSON, ("Viewer", "finance-editor"), 999_000)
        self.store.sign_in(OTHER, ("finance-editor",), 999_000)
        self.restart()

    def restart(self) -> None:
        self.follower = self.another()
        self.follower.round()

    def another(self) -> Follower:
        """A watcher on a machine whose clock was set back by `set_back` seconds."""
        clock, wall = lambda: self.now, lambda: self.now - self.set_back
        return Follower(self.directory.graph(), self.rules, self.store, clock, wall)

    def whole(self) -> Round:
        """Rounds until there is nothing left to ask; the last of them."""
        while (done := self.follower.round()).goes_on:
            self.now += done.pause(1.0)
        return done

    def round(self, seconds: float = 1.0) -> int:
        """The requests that it took."""
        self.now += seconds
        before = next(self.directory.requests)
        self.follower.round()
        return next(self.directory.requests) - before - 1


def test_a_quiet_round_takes_three_requests_and_writes_nothing() -> None:
    world = World()
    assert world.round() == 3
    saved = world.store.saved
    assert world.round() == 3
    assert world.store.saved is saved


def test_a_disabled_person_is_out_without_another_question() -> None:
    world = World()
    world.directory.set_enabled(PERSON, False)
    assert world.round() == 3
    assert world.store.roles[PERSON] == ()
    assert [one.why_ended for one in world.store.sessions] == ["disabled in the directory", None]


def test_a_deleted_person_is_out() -> None:
    world = World()
    world.directory.delete_user(PERSON)
    assert world.round() == 3
    assert [one.why_ended for one in world.store.sessions] == ["deleted from the directory", None]


def test_enabling_gives_roles_again_and_no_session() -> None:
    world = World()
    for enabled in (False, True):
        world.directory.set_enabled(PERSON, enabled)
        world.round()
    assert world.store.roles[PERSON] == ("Viewer", "finance-editor")
    assert world.store.live(PERSON) == []


def test_who_keeps_a_role_keeps_the_session() -> None:
    world = World()
    world.directory.leave(FINANCE, PERSON)
    world.directory.leave(FINANCE, OTHER)
    assert world.round() == 4
    assert world.store.roles == {PERSON: ("Viewer",), OTHER: ()}
    assert [one.why_ended for one in world.store.sessions] == [None, "no role left"]
    world.directory.join(ADMINS, PERSON)
    world.round()
    assert world.store.roles[PERSON] == ("Admin", "Viewer")
    assert len(world.store.live(PERSON)) == 1


def test_people_who_never_signed_in_are_not_asked_about() -> None:
    world = World()
    del world.store.roles[OTHER]
    world.directory.leave(FINANCE, OTHER)
    world.directory.set_enabled(OTHER, False)
    assert world.round() == 3


def test_groups_that_give_nothing_are_passed_over() -> None:
    world = World()
    world.directory.join(INNER, PERSON)
    assert world.round() == 3


@pytest.mark.parametrize("roles_from", ["appRoles", "assignedGroups", "securityGroups"])
def test_nested_groups_count_where_they_count_at_a_sign_in(roles_from: str) -> None:
    world = World(roles_from)
    world.directory.join(INNER, OTHER)
    world.round()
    world.directory.join(ADMINS, INNER)
    world.round()
    nested = roles_from == "securityGroups"
    assert world.store.roles[OTHER] == (("Admin", "Viewer", "finance-editor") if nested else ("finance-editor",))
    world.directory.leave(INNER, OTHER)
    world.round()
    assert world.store.roles[OTHER] == ("finance-editor",)
    world.directory.join(INNER, OTHER)
    world.round()
    world.directory.leave(ADMINS, INNER)
    world.round()
    assert world.store.roles[OTHER] == ("finance-editor",)


def test_a_deleted_group_gives_nothing() -> None:
    world = World()
    world.directory.delete_group(FINANCE)
    world.round()
    world.round()
    assert world.store.roles == {PERSON: ("Viewer",), OTHER: ()}


@pytest.mark.parametrize("external", [False, True])
def test_a_guest_is_out_where_guests_are_refused(external: bool) -> None:
    let_in = {"tenants": [CLIENT]}  # which tenant it is, the sign-in's token said; the directory doesn't
    for guests, roles in (("refuse", ()), ("allow", ("finance-editor",)), (let_in, ("finance-editor",) * external)):
        world = World(guests=guests)
        world.directory.users[OTHER].guest = not external
        world.directory.users[OTHER].external = external  # a member, by cross-tenant synchronisation
        world.directory.set_enabled(OTHER, True)
        world.round()
        assert world.store.roles[OTHER] == roles


def test_a_replica_that_is_late_opens_nothing_again() -> None:
    world = World()
    world.directory.leave(FINANCE, OTHER)
    world.round()
    world.directory.groups[FINANCE].add(OTHER)  # no feed tells it
    world.round(LOOK_AGAIN)
    assert world.store.roles[OTHER] == ()
    world.directory.join(FINANCE, OTHER)
    world.round()
    assert world.store.roles[OTHER] == ("finance-editor",)


def test_after_a_groups_end_a_replica_that_was_late_is_asked_once_more() -> None:
    """A group inside a group: nothing but Graph's answer about a person says that they were in the outer one."""
    world = World("securityGroups")
    world.directory.join(INNER, OTHER)
    world.directory.join(VIEWERS, INNER)
    world.round()
    assert "Viewer" in world.store.roles[OTHER]
    world.round(LOOK_AGAIN)
    world.directory.delete_group(INNER)
    world.directory.groups[INNER] = {OTHER}  # a replica that doesn't know yet; no feed tells it again
    world.directory.groups[VIEWERS].add(INNER)
    world.round()
    assert "Viewer" in world.store.roles[OTHER]
    del world.directory.groups[INNER]
    world.round(LOOK_AGAIN)
    assert world.store.roles[OTHER] == ("finance-editor",)
    assert world.round(LOOK_AGAIN) == 3  # and that is enough


def test_watchers_that_die_after_a_round_each_reach_everybody() -> None:
    """More people changed than a round asks about, and everybody is to be compared besides."""
    world = World()
    people = [f"c0ffee00-1111-4222-8333-{number:012}" for number in range(3 * follow.PEOPLE_AT_ONCE)]
    for person in people:
        world.directory.users[person] = User()
        world.store.sign_in(person, (), 999_000)
    world.whole()
    for person in people[: 2 * follow.PEOPLE_AT_ONCE]:
        world.directory.join(VIEWERS, person)
    for _ in range(60):
        world.restart()
    assert {world.store.roles[person] for person in people[: 2 * follow.PEOPLE_AT_ONCE]} == {("Viewer",)}


def test_what_the_feeds_reported_is_done_with_before_everybody_was_compared() -> None:
    """A comparison is made at each start anyway: the links don't wait for it."""
    world = World()
    for number in range(3 * follow.PEOPLE_AT_ONCE):
        person = f"c0ffee00-1111-4222-8333-{number:012}"
        world.directory.users[person] = User()
        world.store.sign_in(person, (), 999_000)
    before = world.store.saved
    world.directory.leave(FINANCE, OTHER)
    world.restart()
    assert world.store.roles[OTHER] == ()
    assert world.store.saved != before
    assert world.follower.round().owed  # and the comparison goes on


def test_a_sign_in_with_an_older_token_is_looked_at() -> None:
    """The role was taken away before the session was written, and no feed tells it again."""
    world = World()
    world.directory.leave(FINANCE, OTHER)
    world.round()
    world.store.sign_in(OTHER, ("finance-editor",), int(world.now))
    assert world.round() == 4
    assert world.store.live(OTHER) == []
    assert world.round() == 3
    world.round(LOOK_AGAIN)  # once more, in case that a replica was late
    assert world.round() == 3


def test_a_link_that_is_lost_is_a_comparison() -> None:
    world = World()
    world.directory.leave(FINANCE, OTHER)
    world.directory.lose_links()
    assert world.round() == 6  # each link and a new one, and both people
    world.round()
    assert world.store.roles[OTHER] == ()


@pytest.mark.parametrize(
    "link",
    ["nonsense", "https://evil.example/v1.0/users/delta", "https://[", f"{GRAPH_V1}/users/delta?\x00", "refused"],
)
def test_a_link_that_is_of_no_use_is_a_comparison(link: str) -> None:
    """Else whoever writes one into Airflow's database would stop the watcher for good."""
    world = World()
    if link == "refused":
        whole = world.directory._delta
        world.directory._delta = lambda kind, query: (  # type: ignore[method-assign]
            httpx.Response(400, json={"error": {"code": "BadRequest", "message": "Badly formed token"}})
            if query.get("$deltatoken") == "refused"
            else whole(kind, query)
        )
        link = f"{GRAPH_V1}/users/delta?$deltatoken=refused"
    world.store.saved = {**world.store.saved, "accounts": link}
    world.directory.leave(FINANCE, OTHER)
    world.restart()
    assert world.store.roles[OTHER] == ()
    assert world.store.saved["accounts"].startswith(GRAPH_V1)
    assert world.store.saved["accounts"] != link


def test_everybody_is_compared_now_and_then() -> None:
    world = World()
    del world.directory.users[OTHER]  # no feed tells it
    world.round()
    assert world.store.live(OTHER)
    world.round(COMPARE_EVERY)
    assert world.store.live(OTHER)
    world.round()
    assert world.store.live(OTHER) == []


@pytest.mark.parametrize(
    "odd",
    [
        {"status": 404, "body": {"error": {"code": "Request_ResourceNotFound"}}},
        {"status": 200, "body": {"accountEnabled": False, "value": []}},
        {"status": 200, "body": {"accountEnabled": True, "value": []}},
    ],
)
def test_one_odd_answer_to_a_comparison_ends_nobody(odd: dict[str, object]) -> None:
    """No feed said anything about these people, and an ended session doesn't come back."""
    world = World()
    whole, left = world.directory._one, 4
    replica = iter([odd] * left)
    world.directory._one = lambda method, url: next(replica, None) or whole(method, url)  # type: ignore[method-assign]
    world.round(COMPARE_EVERY)
    world.round()
    assert world.store.roles == {PERSON: ("Viewer", "finance-editor"), OTHER: ("finance-editor",)}
    assert [one.why_ended for one in world.store.sessions] == [None, None]


def test_a_new_start_goes_on_from_where_it_was_saved() -> None:
    world = World()
    world.directory.leave(FINANCE, OTHER)
    done = world.another().round()
    assert (done.lost, done.compared, done.looked_at) == (False, True, 2)
    assert world.store.roles[OTHER] == ()


def test_whoever_lost_the_lease_changes_nothing() -> None:
    world = World()
    world.store.leased = False
    world.directory.set_enabled(PERSON, False)
    with pytest.raises(LeaseLostError):
        world.round()
    assert world.store.live(PERSON)


def test_one_answer_that_fails_holds_up_nobody_else_and_is_asked_again() -> None:
    world = World()
    saved = world.store.saved
    world.directory.leave(FINANCE, PERSON)
    world.directory.leave(FINANCE, OTHER)
    whole = world.directory._one

    def one(method: str, url: str) -> dict[str, object]:
        return {"status": 403, "body": {"error": {"code": "Denied"}}} if OTHER in url else whole(method, url)

    world.directory._one = one  # type: ignore[method-assign]
    with pytest.raises(GraphError, match="403"):
        world.round()
    assert world.store.roles == {PERSON: ("Viewer",), OTHER: ("finance-editor",)}
    assert world.store.saved == saved
    asked: list[str] = []

    def again(method: str, url: str) -> dict[str, object]:
        asked.append(url)
        return whole(method, url)

    world.directory._one = again  # type: ignore[method-assign]
    world.round()
    assert world.store.roles[OTHER] == ()
    assert world.store.saved != saved
    assert asked
    assert all(OTHER in url for url in asked)


def test_however_many_are_disabled_they_are_out_in_the_same_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "PEOPLE_AT_ONCE", 1)
    world = World()
    while world.follower.round().owed:
        world.now += 1
    for person in (PERSON, OTHER):
        world.directory.set_enabled(person, False)
    assert world.round() == 3
    assert world.store.roles == {PERSON: (), OTHER: ()}


def test_who_left_while_everybody_is_compared_is_asked_about_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "PEOPLE_AT_ONCE", 1)
    world = World()
    while world.follower.round().owed:
        world.now += 1
    saved = world.store.saved
    world.now += COMPARE_EVERY
    assert world.follower.round().owed == 1
    assert world.store.saved == saved, "what is owed is not skipped by whoever goes on from here"
    last = next(iter(world.follower._owed))
    world.directory.leave(FINANCE, last)
    world.directory.leave(VIEWERS, last)
    done = world.follower.round()
    assert (done.owed, done.compared) == (0, True)
    assert world.store.roles[last] == ()
    assert world.store.saved != saved


@pytest.mark.parametrize("named", [PERSON, OTHER])
def test_whoever_a_feed_named_waits_for_no_sign_in(monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    """Of which a watcher whose clock is an hour behind sees an hour's."""
    monkeypatch.setattr(follow, "PEOPLE_AT_ONCE", 1)
    world = World()
    while world.follower.round().owed:
        world.now += 1
    for person in (PERSON, OTHER):
        world.store.sign_in(person, world.store.roles[person], int(world.now))
    world.directory.join(ADMINS, named)
    world.now += 1
    assert world.follower.round().owed == 1
    assert "Admin" in world.store.roles[named]


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 404, "body": "<html>a proxy's page</html>"},
        {"status": 404, "body": {"error": {"code": "UnknownError"}}},
        {"status": 200, "body": {"id": OTHER}},
        {"status": 200, "body": {"id": OTHER, "accountEnabled": None}},
        {"status": 200, "body": "text"},
    ],
)
def test_an_answer_that_says_nothing_puts_nobody_out(answer: dict[str, object]) -> None:
    world = World()
    world.directory.join(VIEWERS, OTHER)
    world.directory._one = lambda method, url: answer  # type: ignore[method-assign]
    with pytest.raises(GraphError):
        world.round()
    assert world.store.live(OTHER)
    assert world.store.roles[OTHER] == ("finance-editor",)


def test_a_feed_that_says_nothing_about_an_account_puts_nobody_out() -> None:
    world = World()
    world.directory._items = lambda kind, changes: iter(  # type: ignore[method-assign]
        [{"id": PERSON, "accountEnabled": None}, {"id": OTHER}] if kind == "users" else []
    )
    world.directory.changes.append(("user", PERSON))
    world.round()
    assert world.store.live(PERSON)
    assert world.store.live(OTHER)


def test_a_change_of_something_else_says_nothing_about_a_disabled_account() -> None:
    """Disabled, and sign-ins revoked: a feed tells at least what changed, and a replica may know of neither."""
    world = World()
    told: list[dict[str, object]] = [
        {"id": PERSON, "accountEnabled": False},
        {"id": PERSON, "signInSessionsValidFromDateTime": None},
    ]
    world.directory._items = lambda kind, changes: iter([] if kind == "groups" else told)  # type: ignore[method-assign]
    world.directory.changes.append(("user", PERSON))
    world.round()
    assert [one.why_ended for one in world.store.sessions] == ["disabled in the directory", None]
    world.round(LOOK_AGAIN)
    assert world.store.roles[PERSON] == ()


def test_a_directory_that_is_away_changes_nothing() -> None:
    world = World()
    world.directory.set_enabled(PERSON, False)
    world.directory.fault = lambda: httpx.Response(503, headers={"Retry-After": "120"})
    with pytest.raises(GraphError) as told:
        world.round()
    assert told.value.retry_after == 120
    assert world.store.live(PERSON)
    world.directory.fault = lambda: None
    world.round()
    assert world.store.live(PERSON) == []


@pytest.mark.parametrize(
    ("host", "followed"), [("graph.microsoft.com", True), ("graph.microsoft.com.evil.example", False)]
)
def test_whoever_is_in_many_groups_is_read_page_by_page(host: str, followed: bool) -> None:
    world = World()
    whole = world.directory._one

    def one(method: str, url: str) -> dict[str, object]:
        if "memberOf" not in url:
            return whole(method, url)
        return {"status": 200, "body": {"value": [], "@odata.nextLink": f"https://{host}/v1.0/users/x/memberOf?p=2"}}

    world.directory._one = one  # type: ignore[method-assign]
    world.directory._delta = _with_page_two(world.directory)  # type: ignore[method-assign, assignment]
    world.directory.join(ADMINS, OTHER)
    if followed:
        world.round()
        assert world.store.roles[OTHER] == ("Admin", "Viewer")
    else:
        with pytest.raises(GraphError, match="another host"):
            world.round()
        assert world.store.live(OTHER)


def _with_page_two(directory: Directory) -> Callable[[str, dict[str, str]], httpx.Response]:
    whole = directory._delta

    def answer(kind: str, query: dict[str, str]) -> httpx.Response:
        return httpx.Response(200, json={"value": [{"id": ADMINS.upper()}]}) if "p" in query else whole(kind, query)

    return answer


def test_a_verdict_says_why() -> None:
    known = rules()
    assigned = Application(known.client_id, frozenset({Assignment(VIEWERS, "Viewer"), Assignment(OTHER, "Admin")}))
    there = verdict(Found(Account(PERSON, direct=frozenset({VIEWERS, "another"}))), assigned, known)
    reason = f"Viewer: member of {VIEWERS}, which is assigned the app role Viewer"
    assert (there.roles, there.because, there.ends) == (("Viewer",), reason, None)
    assert verdict(Found(Account(OTHER)), assigned, known).because == "Admin: assigned in person"
    assert verdict(Found(Account(PERSON)), assigned, known).because == "not assigned to the application"
    guest = verdict(Found(Account(PERSON, guest=True, direct=frozenset({VIEWERS}))), assigned, known)
    assert (guest.because, guest.ends) == ("a guest or another tenant's, and those are refused", "no role left")
