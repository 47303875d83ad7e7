"""Delta queries of users and groups: rounds, pages, members, deletions, tokens."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entra_local import clock
from entra_local.graph.models import deltas
from entra_local.keys import Keys
from entra_local.wire import JsonObject
from tests.tenant.directory import ADA, GRACE, ON_CALL, SEED, STRANGER, Graph, reference
from tests.tenant.world import GRAPH, tenant_in

NEXT, DELTA = "@odata.nextLink", "@odata.deltaLink"
USERS = "/users/delta?$select=id,accountEnabled,displayName"
GROUPS = "/groups/delta?$select=id,displayName,members"


class Feed:
    """A client of one delta query, which knows only the link that it was given last."""

    def __init__(self, graph: Graph, path: str, headers: dict[str, str] | None = None) -> None:
        self.graph, self.link, self.headers = graph, path, headers
        self.pages = 0

    def read(self) -> list[JsonObject]:
        """One round: everything up to the next delta link."""
        return [item for page in self.read_pages() for item in page]

    def read_pages(self) -> Iterator[list[JsonObject]]:
        while True:
            page = self.graph.request("GET", self.link, 200, headers=self.headers)
            self.pages += 1
            self.link = path_of(page.get(NEXT) or page[DELTA])
            yield page["value"]
            if DELTA in page:
                assert NEXT not in page
                return


def path_of(link: str) -> str:
    assert link.startswith(f"{GRAPH}/v1.0/"), link
    return link.removeprefix(f"{GRAPH}/v1.0")


def user(graph: Graph, name: str) -> str:
    body = {"displayName": name, "mailNickname": name, "userPrincipalName": f"{name}@contoso.example"}
    return str(graph.post("/users", body | {"accountEnabled": True, "passwordProfile": {"password": "x"}})["id"])


def members(items: list[JsonObject], group: str) -> list[tuple[str, bool]]:
    """The members that a round told of a group: id, and whether it is one now."""
    return [
        (member["id"], "@removed" not in member)
        for item in items
        if item["id"] == group
        for member in item.get("members@delta", [])
    ]


def test_the_first_round_tells_all_and_the_next_nothing(graph: Graph) -> None:
    feed = Feed(graph, USERS)
    assert feed.read() == [
        {"id": ADA, "accountEnabled": True, "displayName": "Ada Lovelace"},
        {"id": GRACE, "accountEnabled": True, "displayName": "Grace Hopper"},
    ]
    assert feed.read() == []
    assert Feed(graph, "/users/microsoft.graph.delta()").read()[0]["userPrincipalName"] == "ada@contoso.com"


def test_a_changed_person_comes_with_what_was_asked_for(graph: Graph) -> None:
    feed = Feed(graph, USERS)
    feed.read()
    minimal = Feed(graph, feed.link, {"prefer": "return=minimal"})
    graph.patch(f"/users/{ADA}", {"accountEnabled": False})
    graph.patch(f"/users/{GRACE}", {"jobTitle": "Admiral"})
    assert minimal.read() == [{"id": ADA, "accountEnabled": False}]
    assert feed.read() == [{"id": ADA, "accountEnabled": False, "displayName": "Ada Lovelace"}]
    assert feed.read() == []


def test_a_value_that_was_taken_away_is_null_and_one_that_never_was_is_not_there(graph: Graph) -> None:
    feed = Feed(graph, "/users/delta?$select=mail,jobTitle")
    assert feed.read() == [{"id": ADA, "mail": "ada@contoso.com"}, {"id": GRACE}]
    graph.patch(f"/users/{ADA}", {"mail": None})
    assert feed.read() == [{"id": ADA, "mail": None}]


def test_deleted_restored_and_purged(graph: Graph) -> None:
    people, groups = Feed(graph, USERS), Feed(graph, GROUPS)
    people.read()
    groups.read()
    graph.delete(f"/users/{ADA}")
    assert people.read() == [{"id": ADA, "@removed": {"reason": "changed"}}]
    assert members(groups.read(), ON_CALL) == [(ADA, False)]
    graph.post(f"/directory/deletedItems/{ADA}/restore", {}, 200)
    assert people.read() == [{"id": ADA, "accountEnabled": True, "displayName": "Ada Lovelace"}]
    assert members(groups.read(), ON_CALL) == [(ADA, True)]
    graph.delete(f"/users/{ADA}")
    graph.delete(f"/directory/deletedItems/{ADA}")
    assert people.read() == [{"id": ADA, "@removed": {"reason": "deleted"}}]
    graph.delete(f"/groups/{ON_CALL}")
    assert groups.read() == [{"id": ON_CALL, "@removed": {"reason": "changed"}}]
    graph.post(f"/directory/deletedItems/{ON_CALL}/restore", {}, 200)
    assert groups.read() == [{"id": ON_CALL, "displayName": "platform-on-call"}]


def test_a_restored_group_comes_with_its_members(graph: Graph) -> None:
    feed = Feed(graph, GROUPS)
    feed.read()
    graph.delete(f"/groups/{ON_CALL}")
    feed.read()
    graph.post(f"/directory/deletedItems/{ON_CALL}/restore", {}, 200)
    assert members(feed.read(), ON_CALL) == [(ADA, True)]


def test_members_come_and_go(graph: Graph) -> None:
    feed = Feed(graph, GROUPS)
    first = feed.read()
    assert members(first, ON_CALL) == [(ADA, True)]
    assert first[0]["members@delta"] == [{"@odata.type": "#microsoft.graph.user", "id": ADA}]
    nested = graph.group("nested")["id"]
    graph.add(f"/groups/{ON_CALL}/members", nested)
    graph.add(f"/groups/{ON_CALL}/members", GRACE)
    graph.delete(f"/groups/{ON_CALL}/members/{ADA}/$ref")
    graph.delete(f"/groups/{ON_CALL}/members/{GRACE}/$ref")
    second = feed.read()
    assert members(second, ON_CALL) == [(nested, True), (ADA, False), (GRACE, False)]
    told = next(item for item in second if item["id"] == ON_CALL)["members@delta"]
    assert [member["@odata.type"].rpartition(".")[2] for member in told] == ["group", "user", "user"]
    assert told[1]["@removed"] == {"reason": "deleted"}
    assert feed.read() == []


def test_who_does_not_ask_for_members_hears_of_none(graph: Graph) -> None:
    feed = Feed(graph, "/groups/delta?$select=displayName")
    assert feed.read() == [{"id": ON_CALL, "displayName": "platform-on-call"}]
    graph.add(f"/groups/{ON_CALL}/members", GRACE)
    assert feed.read() == []
    assert "members@delta" in Feed(graph, "/groups/delta").read()[0]


def test_sync_from_now(graph: Graph) -> None:
    feed = Feed(graph, f"{USERS}&$deltaToken=latest")
    assert feed.read() == []
    made = user(graph, "new")
    assert [item["id"] for item in feed.read()] == [made]


def test_some_groups_alone(graph: Graph) -> None:
    other = graph.group("other")["id"]
    later = graph.group("later")["id"]
    chosen = f"{GROUPS}&$filter=id eq '{ON_CALL}' or id eq '{later.upper()}'"
    feed = Feed(graph, chosen)
    assert {item["id"] for item in feed.read()} == {ON_CALL, later}
    for id_ in (other, later):
        graph.add(f"/groups/{id_}/members", ADA)
    assert members(feed.read(), later) == [(ADA, True)]
    fifty = " or ".join(f"id eq '{ON_CALL[:-2]}{number:02}'" for number in range(50))
    assert Feed(graph, f"{GROUPS}&$filter={fifty}").read() == []
    assert "at most 50" in graph.refused("GET", f"{GROUPS}&$filter={fifty} or id eq '{other}'", 400)


def test_a_large_group_is_spread_over_pages(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deltas, "PAGE_MEMBERS", 3)
    feed = Feed(graph, GROUPS)
    people = [user(graph, f"p{number}") for number in range(7)]
    large, small = graph.group("large")["id"], graph.group("small")["id"]
    for id_ in people:
        graph.add(f"/groups/{large}/members", id_)
    graph.add(f"/groups/{small}/members", GRACE)
    pages = list(feed.read_pages())
    told = [item for page in pages for item in page]
    assert [name for name, _ in members(told, large)] == people
    assert members(told, small) == [(GRACE, True)]
    assert all(sum(len(item.get("members@delta", [])) for item in page) <= 3 for page in pages)
    assert {item["displayName"] for item in told if item["id"] == large} == {"large"}
    for id_ in people[::2]:
        graph.delete(f"/groups/{large}/members/{id_}/$ref")
    pages = list(feed.read_pages())
    assert len(pages) == 2
    assert members([item for page in pages for item in page], large) == [(id_, False) for id_ in people[::2]]


def test_a_group_that_goes_in_the_middle_of_its_members_takes_nobody_elses(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deltas, "PAGE_MEMBERS", 2)
    people = [user(graph, f"p{number}") for number in range(4)]
    behind = graph.group("behind")["id"]
    large = graph.group("large")["id"]
    graph.add(f"/groups/{behind}/members", GRACE)
    for id_ in people:
        for group in (ON_CALL, large):
            graph.add(f"/groups/{group}/members", id_)
    feed = Feed(graph, GROUPS)
    round_ = feed.read_pages()
    told = next(round_)
    graph.delete(f"/groups/{ON_CALL}")
    for page in round_:
        told += page
    assert members(told, behind) == [(GRACE, True)]
    assert [id_ for id_, _ in members(told, large)] == people
    assert {"id": ON_CALL, "@removed": {"reason": "changed"}} in feed.read()


def test_what_changes_between_two_pages_is_not_lost(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deltas, "PAGE", 1)
    feed = Feed(graph, USERS)
    round_ = feed.read_pages()
    assert [item["id"] for item in next(round_)] == [ADA]
    graph.patch(f"/users/{ADA}", {"accountEnabled": False})
    new = user(graph, "new")
    assert GRACE in [item["id"] for page in round_ for item in page]
    assert {(item["id"], item["accountEnabled"]) for item in feed.read()} == {(ADA, False), (new, True)}


def test_a_token_is_good_for_a_week(graph: Graph) -> None:
    feed = Feed(graph, f"{GROUPS}&$filter=id eq '{ON_CALL}'")
    feed.read()
    feed.graph = later(graph, 7 * 24 * 3600 - 60)
    assert feed.read() == []
    old = later(graph, 15 * 24 * 3600)
    reply = old.tenant.send("GET", f"{GRAPH}/v1.0{feed.link}", token=old.token)
    assert isinstance(reply.body, dict)
    assert (reply.status, reply.body["error"]["code"]) == (410, "syncStateNotFound")
    again = Feed(old, path_of(reply.headers["Location"]))
    assert members(again.read(), ON_CALL) == [(ADA, True)]
    assert again.read() == []


def later(graph: Graph, seconds: int) -> Graph:
    """The same, signed in again when the tenant's clock has been moved."""
    with graph.tenant.world.store.transaction():
        graph.tenant.world.store.set(clock.SETTING, str(seconds))
    return Graph(graph.tenant)


def test_tokens_of_others_and_nonsense(graph: Graph) -> None:
    feed = Feed(graph, USERS)
    feed.read()
    stranger = Graph(graph.tenant, STRANGER)
    assert "token" in stranger.refused("GET", feed.link, 400)
    token = dict(parse_qsl(urlsplit(feed.link).query))["$deltatoken"]
    for wrong in (token[:-4] + "AAAA", "nonsense", "ümlaut", "Latest "):
        for name in ("$deltatoken", "$skiptoken"):
            assert "token" in graph.refused("GET", "/users/delta?" + urlencode({name: wrong}), 400)
    assert "token" in graph.refused("GET", "/groups/delta?" + urlencode({"$deltatoken": token}), 400)


def test_a_token_of_another_state_folder(graph: Graph, keys: Keys, tmp_path: Path) -> None:
    feed = Feed(graph, USERS)
    feed.read()
    (tmp_path / "other").mkdir()
    with tenant_in(tmp_path / "other", keys) as other:
        other.seed(SEED)
        assert "token" in Graph(other).refused("GET", feed.link, 400)


@pytest.mark.parametrize(
    "wrong",
    [
        "/users/delta?$top=5",
        "/users/delta?$orderby=displayName",
        "/users/delta?$expand=manager",
        "/users/delta?$select=nonsense",
        "/users/delta?$select=members",
        "/users/delta?$filter=displayName eq 'Ada'",
        "/users/delta?$filter=accountEnabled eq true",
        f"/users/delta?$filter=id eq '{ADA}' and id eq '{GRACE}'",
        "/users?$deltatoken=latest",
    ],
)
def test_options_that_there_are_not(graph: Graph, wrong: str) -> None:
    graph.refused("GET", wrong, 400)


def test_properties_can_be_chosen_anew_with_a_delta_token(graph: Graph) -> None:
    feed = Feed(graph, USERS)
    feed.read()
    graph.patch(f"/users/{ADA}", {"jobTitle": "Countess"})
    feed.link += "&$select=jobTitle"
    assert feed.read() == [{"id": ADA, "jobTitle": "Countess"}]


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "remove", "disable", "enable", "delete", "restore", "rename", "round"]),
        st.integers(0, 2),
        st.integers(0, 1),
    ),
    max_size=25,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS)
def test_who_merges_what_is_told_knows_what_is_there(graph: Graph, monkeypatch: Any, steps: Any) -> None:
    """Whatever happens between any two pages, a client that keeps what it was told ends with the truth."""
    monkeypatch.setattr(deltas, "PAGE", 2)
    monkeypatch.setattr(deltas, "PAGE_MEMBERS", 1)
    people = [user(graph, f"u{number}-{uuid4()}") for number in range(3)]
    groups = [graph.group(f"g{number}-{uuid4()}")["id"] for number in range(2)]
    known: dict[str, bool] = {}
    inside: dict[str, set[str]] = {}
    feeds = Feed(graph, USERS), Feed(graph, GROUPS)

    def follow(whole: bool) -> None:
        for feed in feeds:
            for page in feed.read_pages():
                merge(page)
                if not whole:
                    break

    def merge(page: list[JsonObject]) -> None:
        for item in page:
            if "@removed" in item:
                known.pop(item["id"], None)
                inside.pop(item["id"], None)
            elif "accountEnabled" in item:
                known[item["id"]] = item["accountEnabled"]
            else:
                current = inside.setdefault(item["id"], set())
                for member in item.get("members@delta", []):
                    (current.discard if "@removed" in member else current.add)(member["id"])

    for what, who, where in steps:
        person, group = f"/users/{people[who]}", f"/groups/{groups[where]}"
        match what:
            case "add":
                attempt(graph, "POST", f"{group}/members/$ref", reference(people[who]))
            case "remove":
                attempt(graph, "DELETE", f"{group}/members/{people[who]}/$ref")
            case "disable" | "enable":
                attempt(graph, "PATCH", person, {"accountEnabled": what == "enable"})
            case "rename":
                attempt(graph, "PATCH", group, {"displayName": f"renamed {where}"})
            case "delete":
                attempt(graph, "DELETE", person if where else f"/groups/{groups[who % 2]}")
            case "restore":
                gone = people[who] if where else groups[who % 2]
                attempt(graph, "POST", f"/directory/deletedItems/{gone}/restore", {})
            case _:
                follow(whole=bool(where))
    follow(whole=True)
    there = {item["id"]: item["accountEnabled"] for item in all_of(graph, "/users?$select=id,accountEnabled&$top=999")}
    assert known == there
    for group in (item["id"] for item in all_of(graph, "/groups?$select=id&$top=999")):
        assert inside.get(group, set()) == set(graph.ids(f"/groups/{group}/members"))


def attempt(graph: Graph, method: str, path: str, body: Any = None) -> None:
    """Something that may be refused, for one who is gone already."""
    content = b"" if body is None else json.dumps(body).encode()
    assert graph.tenant.send(method, f"{GRAPH}/v1.0{path}", content, graph.token).status < 500


def all_of(graph: Graph, path: str) -> list[JsonObject]:
    values: list[JsonObject] = graph.get(path)["value"]
    return values


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", f"/users/{ADA}/revokeSignInSessions", {}, 200),
        ("PATCH", f"/users/{ADA}", {"passwordProfile": {"password": "another-passphrase"}}, 204),
    ],
    ids=["revoked", "new password"],
)
def test_the_moment_from_which_sign_ins_are_valid_is_reported(
    graph: Graph, method: str, path: str, body: JsonObject, status: int
) -> None:
    """https://learn.microsoft.com/graph/api/user-revokesigninsessions"""
    feed = Feed(graph, "/users/delta?$select=id,signInSessionsValidFromDateTime&$deltatoken=latest")
    assert feed.read() == []
    graph.request(method, path, status, body)
    (changed,) = feed.read()
    shown = graph.get(f"/users/{ADA}", 200, select="signInSessionsValidFromDateTime")
    assert changed["id"] == ADA
    assert changed["signInSessionsValidFromDateTime"] == shown["signInSessionsValidFromDateTime"]
