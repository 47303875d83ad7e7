"""The portal's forms: what each does and says, and that only its own pages can send them."""

from urllib.parse import urlencode

import pytest

from entra_local.service import World
from entra_local.store import Directory
from tests.tenant.directory import ADA, GRACE, ON_CALL, UNKNOWN, Graph, role
from tests.tenant.portal import HOST, ORIGIN, PORTAL, Portal
from tests.tenant.world import TENANT

ROLES = [role("Admin", 1), role("Viewer", 2)]
OWN = f"{PORTAL}/people/{ADA}"


@pytest.fixture
def portal(graph: Graph) -> Portal:
    return Portal(graph)


@pytest.fixture
def groups(graph: Graph) -> dict[str, str]:
    """Groups that give a role each, and Ada in the first: role -> group id."""
    application = graph.application("Airflow (local)", appRoles=ROLES)
    principal = graph.principal(application)
    made = {}
    for one in ROLES:
        group = graph.group(f"{one['value'].lower()}s")
        assignment = {"principalId": group["id"], "resourceId": principal["id"], "appRoleId": one["id"]}
        graph.post(f"/servicePrincipals/{principal['id']}/appRoleAssignedTo", assignment)
        made[one["value"]] = group["id"]
    graph.add(f"/groups/{made['Admin']}/members", ADA)
    return made


def members(graph: Graph, group: str) -> list[str]:
    return graph.ids(f"/groups/{group}/members")


def test_a_person_is_moved_from_one_group_to_another(portal: Portal, groups: dict[str, str]) -> None:
    said = portal.submit(OWN, f"{OWN}/groups", leave=groups["Admin"], join=groups["Viewer"])
    assert "Ada Lovelace is out of admins and in viewers." in said
    assert "At the next sign-in: no Admin in Airflow (local) any more; Viewer in Airflow (local)." in said
    assert members(portal.graph, groups["Admin"]) == []
    assert members(portal.graph, groups["Viewer"]) == [ADA]


def test_a_person_is_taken_out_of_a_group(portal: Portal, groups: dict[str, str]) -> None:
    said = portal.submit(OWN, f"{OWN}/groups", leave=groups["Admin"])
    assert "Ada Lovelace is out of admins. At the next sign-in: no Admin in Airflow (local) any more." in said
    assert members(portal.graph, groups["Admin"]) == []


def test_a_role_that_another_group_gives_too_is_kept(portal: Portal, groups: dict[str, str]) -> None:
    principal = portal.graph.get("/servicePrincipals")["value"][-1]
    assignment = {"principalId": ON_CALL, "resourceId": principal["id"], "appRoleId": ROLES[0]["id"]}
    portal.graph.post(f"/servicePrincipals/{principal['id']}/appRoleAssignedTo", assignment)
    assert "That changes no role." in portal.submit(OWN, f"{OWN}/groups", leave=groups["Admin"])


def test_a_message_is_shown_once_and_to_its_browser_alone(portal: Portal, groups: dict[str, str]) -> None:
    assert "is out of" in portal.submit(OWN, f"{OWN}/groups", leave=groups["Admin"])
    assert "is out of" not in portal.text(OWN)
    assert "is out of" not in Portal(portal.graph).text(OWN)


def test_nobody_can_put_words_into_the_page(portal: Portal) -> None:
    portal.get(OWN)
    portal.cookies["portal_said"] = "WW91IHdlcmUgaGFja2Vk." + "0" * 64
    assert 'role="status"' not in portal.get(OWN)


@pytest.mark.parametrize("fields", [{}, {"leave": "", "join": ""}, {"leave": ON_CALL, "join": ON_CALL}])
def test_a_move_from_nowhere_to_nowhere_is_refused(portal: Portal, fields: dict[str, str]) -> None:
    assert "Choose a group to leave" in portal.refused(OWN, f"{OWN}/groups", 400, **fields)
    assert members(portal.graph, ON_CALL) == [ADA]


def test_half_a_move_is_none(portal: Portal, groups: dict[str, str]) -> None:
    """Out of one group, into one that she is in: the first part is undone."""
    portal.graph.add(f"/groups/{groups['Viewer']}/members", ADA)
    portal.refused(OWN, f"{OWN}/groups", 400, leave=groups["Admin"], join=groups["Viewer"])
    assert members(portal.graph, groups["Admin"]) == [ADA]


def test_what_was_changed_meanwhile_is_said(portal: Portal, groups: dict[str, str]) -> None:
    said = portal.refused(OWN, f"{OWN}/groups", 409, leave=groups["Viewer"])
    assert "changed meanwhile" in said
    assert "There is no such group" in portal.refused(OWN, f"{OWN}/groups", 404, join=UNKNOWN)


def test_a_person_is_disabled_and_enabled(portal: Portal, groups: dict[str, str]) -> None:
    said = portal.submit(OWN, f"{OWN}/enabled", enabled="no")
    assert "Ada Lovelace is disabled and can sign in nowhere." in said
    assert "no Admin in Airflow (local) any more" in said
    assert portal.graph.get(f"/users/{ADA}?$select=accountEnabled")["accountEnabled"] is False
    said = portal.submit(OWN, f"{OWN}/enabled", enabled="yes")
    assert "Ada Lovelace is enabled. At the next sign-in: Admin in Airflow (local)." in said
    assert portal.graph.get(f"/users/{ADA}?$select=accountEnabled")["accountEnabled"] is True
    portal.refused(OWN, f"{OWN}/enabled", 400, enabled="perhaps")


def test_a_password_is_given_changed_and_taken_away(portal: Portal) -> None:
    world: World = portal.graph.tenant.world

    def hashed() -> str | None:
        found = Directory(world.store.connection, TENANT).get("userPassword", ADA)
        return found.body["hash"] if found else None

    assert "has a password" in portal.submit(OWN, f"{OWN}/password", password=" correct horse ")
    first = hashed()
    assert first is not None
    assert "correct horse" not in portal.get(OWN)
    assert "has another password" in portal.submit(OWN, f"{OWN}/password", password="other")
    assert hashed() not in (None, first)
    assert "signs in without a password" in portal.submit(OWN, f"{OWN}/password", clear="yes")
    assert hashed() is None
    assert members(portal.graph, ON_CALL) == [ADA]
    portal.refused(OWN, f"{OWN}/password", 400, password="")


def test_a_person_is_signed_out_everywhere(portal: Portal) -> None:
    assert "Ada Lovelace is signed out everywhere" in portal.submit(OWN, f"{OWN}/sign-out")
    valid_from = portal.graph.get(f"/users/{ADA}?$select=signInSessionsValidFromDateTime")
    assert valid_from["signInSessionsValidFromDateTime"]


def test_a_person_is_added(portal: Portal) -> None:
    people = f"{PORTAL}/people"
    said = portal.submit(people, people, name="Zoë Łukaszewicz", signInName="zoe", mail="z@contoso.example")
    assert "Zoë Łukaszewicz can sign in as zoe@contoso.example, in no group yet." in said
    (found,) = [user for user in portal.graph.get("/users")["value"] if user["displayName"] == "Zoë Łukaszewicz"]
    assert (found["userPrincipalName"], found["mail"]) == ("zoe@contoso.example", "z@contoso.example")
    assert "without a password" in portal.text(f"{people}/{found['id']}")


def test_a_guest_with_a_password_and_no_mail_is_added(portal: Portal) -> None:
    people = f"{PORTAL}/people"
    said = portal.submit(people, people, name="Gwen", signInName="gwen@contoso.example", guest="yes", password="secret")
    assert "Gwen guest" in said
    assert "with a password" in said
    assert "Mail none" in said


@pytest.mark.parametrize(
    ("name", "sign_in_name"), [("", "x"), ("X", ""), ("X", "ada@elsewhere.example"), ("X", "a b"), ("X" * 300, "x")]
)
def test_a_person_who_cannot_be_is_refused(portal: Portal, name: str, sign_in_name: str) -> None:
    people = f"{PORTAL}/people"
    before = portal.graph.ids("/users")
    portal.refused(people, people, 400, name=name, signInName=sign_in_name)
    portal.refused(people, people, 400, name="Grace", signInName="grace")
    assert portal.graph.ids("/users") == before


def test_members_are_put_in_and_taken_out_on_a_groups_page(portal: Portal) -> None:
    page = f"{PORTAL}/groups/{ON_CALL}"
    assert "Grace Hopper is in platform-on-call." in portal.submit(page, f"{page}/add", person=GRACE)
    assert members(portal.graph, ON_CALL) == [ADA, GRACE]
    assert "Ada Lovelace is out of platform-on-call." in portal.submit(page, f"{page}/remove", person=ADA)
    assert members(portal.graph, ON_CALL) == [GRACE]


def test_a_group_with_a_rule_takes_nobody(portal: Portal) -> None:
    rule = {"groupTypes": ["DynamicMembership"], "membershipRule": 'user.department -eq "Data"'}
    group = portal.graph.group("by-rule", **rule)["id"]
    assert 'method="post"' not in portal.get(f"{PORTAL}/groups/{group}")
    assert "dynamic group" in portal.refused(OWN, f"{OWN}/groups", 400, join=group)


FORMS = [
    (f"{OWN}/groups", {"leave": ON_CALL}),
    (f"{OWN}/enabled", {"enabled": "no"}),
    (f"{OWN}/password", {"password": "stolen"}),
    (f"{OWN}/sign-out", {}),
    (f"{PORTAL}/people", {"name": "Mallory", "signInName": "mallory"}),
    (f"{PORTAL}/groups/{ON_CALL}/add", {"person": GRACE}),
    (f"{PORTAL}/groups/{ON_CALL}/remove", {"person": ADA}),
]


def everything(portal: Portal) -> list[tuple[str, ...]]:
    """All that is stored."""
    connection = portal.graph.tenant.world.store.connection
    return [*connection.execute("SELECT kind, id, body FROM documents"), *connection.execute("SELECT * FROM links")]


@pytest.mark.parametrize(("action", "fields"), FORMS)
def test_a_form_of_another_site_changes_nothing(portal: Portal, action: str, fields: dict[str, str]) -> None:
    page = portal.get(OWN)
    token = portal.token(OWN, f"{OWN}/groups")
    assert token["csrf"] in page
    before = everything(portal)
    stranger = Portal(portal.graph)
    stranger.get(OWN)
    attempts = [
        (portal, {}, {"origin": ORIGIN}),
        (portal, {"csrf": ""}, {"origin": ORIGIN}),
        (portal, {"csrf": "é"}, {"origin": ORIGIN}),
        (portal, {"csrf": token["csrf"][:-1] + "x"}, {"origin": ORIGIN}),
        (portal, stranger.token(OWN, f"{OWN}/groups"), {"origin": ORIGIN}),
        (stranger, token, {"origin": ORIGIN}),
        (Portal(portal.graph), token, {"origin": ORIGIN}),
        (portal, token, {"origin": "null"}),
        (portal, token, {"origin": "http://localhost:9999"}),
        (portal, token, {"origin": f"http://{HOST}.evil.example"}),
        (portal, token, {"origin": "https://evil.example"}),
        (portal, token, {"origin": ORIGIN, "sec-fetch-site": "cross-site"}),
        (portal, token, {"origin": ORIGIN, "sec-fetch-site": "same-site"}),
    ]
    for browser, extra, headers in attempts:
        reply = browser.post(action, fields | extra, headers)
        assert reply.status == 403, (extra, headers)
        assert reply.media_type.startswith("text/html")
    assert everything(portal) == before


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/json", ""])
def test_a_form_of_another_type_is_not_read(portal: Portal, kind: str) -> None:
    token = portal.token(OWN, f"{OWN}/groups")
    body = urlencode(token | {"enabled": "no"}).encode()
    assert portal.send("POST", f"{OWN}/enabled", body, {"content-type": kind, "origin": ORIGIN}).status == 415


@pytest.mark.parametrize("body", [b"\xff\xfe", b"&".join(b"a=b" for _ in range(1000))])
def test_a_body_that_is_no_form_is_refused(portal: Portal, body: bytes) -> None:
    portal.get(OWN)
    headers = {"content-type": "application/x-www-form-urlencoded", "origin": ORIGIN}
    assert portal.send("POST", f"{OWN}/enabled", body, headers).status == 400


@pytest.mark.parametrize("host", ["localhost:8400.evil.example", "localhost:x", "localhost:"])
def test_a_name_that_only_looks_local_is_refused(portal: Portal, host: str) -> None:
    reply = portal.graph.tenant.send("GET", f"http://{host}{PORTAL}")
    assert reply.status == 421
    assert "Ada" not in str(reply.body)


def test_the_pages_are_served_at_the_loopback_address_too(portal: Portal) -> None:
    assert portal.graph.tenant.send("GET", f"http://127.0.0.1:8400{PORTAL}").status == 200


def test_a_form_may_come_without_an_origin_but_never_without_the_token(portal: Portal) -> None:
    token = portal.token(OWN, f"{OWN}/groups")
    assert portal.post(f"{OWN}/sign-out", token).status == 303
    assert portal.post(f"{OWN}/sign-out", {}).status == 403


def test_forms_are_not_sent_by_links(portal: Portal) -> None:
    for action, _ in FORMS:
        if action != f"{PORTAL}/people":
            assert portal.send("GET", action).status == 405


def test_the_portal_is_at_no_name_of_azure(portal: Portal) -> None:
    for host in ("https://login.microsoftonline.com", "https://graph.microsoft.com", "https://management.azure.com"):
        reply = portal.graph.tenant.send("GET", host + OWN)
        assert "Ada" not in str(reply.body)
