"""The pages at localhost: what they show, and that they can be used with a keyboard and read aloud."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup

from tests.escape.names import HOSTILE as HOSTILE_NAMES
from tests.tenant.directory import ADA, GRACE, Graph, role
from tests.tenant.portal import PORTAL, Portal
from tests.tenant.world import TENANT, Tenant, body_of

HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}"
ROLE = role("Admin", 1)


@pytest.fixture
def portal(graph: Graph) -> Portal:
    """The pages of a directory in which Ada is an Admin through a group and Grace is in a group inside that one."""
    application = graph.application("Airflow (local)", appRoles=[ROLE])
    principal = graph.principal(application, appRoleAssignmentRequired=True)
    admins, interns = graph.group("admins"), graph.group("interns")
    graph.add(f"/groups/{admins['id']}/members", ADA)
    graph.add(f"/groups/{admins['id']}/members", interns["id"])
    graph.add(f"/groups/{interns['id']}/members", GRACE)
    assignment = {"principalId": admins["id"], "resourceId": principal["id"], "appRoleId": ROLE["id"]}
    graph.post(f"/servicePrincipals/{principal['id']}/appRoleAssignedTo", assignment)
    return Portal(graph)


def pages(portal: Portal) -> Iterator[str]:
    """Every page there is."""
    yield from ("/", "/portal", f"{PORTAL}", f"{PORTAL}/people", f"{PORTAL}/groups", f"{PORTAL}/sign-ins")
    yield f"{PORTAL}/people/{ADA}"
    yield from (f"{PORTAL}/groups/{id_}" for id_ in portal.graph.ids("/groups"))


def test_health_counts_what_there_is(vault: Tenant) -> None:
    vault.application("another")
    health = body_of(vault.send("GET", "http://localhost:8080/health"))
    assert health["status"] == "ok"
    assert health["tenants"][TENANT]["applications"] == 2
    assert health["azure"] == {"subscriptions": 1, "vaults": 1}


def test_health_speaks_json_when_it_refuses_too(tenant: Tenant) -> None:
    assert tenant.send("POST", "http://localhost:8080/health").body == {"error": "There is nothing here."}
    assert tenant.send("POST", "http://localhost:8080/health").status == 405


def test_sign_in_is_served_at_localhost_too(tenant: Tenant) -> None:
    assert tenant.send("GET", "http://localhost:8080/common/discovery/keys").status == 200


def test_with_one_tenant_the_front_page_is_its_overview(tenant: Tenant) -> None:
    front = tenant.send("GET", "http://localhost:8080/")
    assert front.status == 200
    assert front.media_type.startswith("text/html")
    assert isinstance(front.body, str)
    assert "Who has which Airflow role" in front.body
    assert "make up" in front.body


def test_with_several_the_front_page_lists_them(portal: Portal) -> None:
    front = portal.get("/")
    assert "Contoso" in front
    assert "Fabrikam" in front
    assert f'href="{PORTAL}"' in front


def test_who_has_which_role_and_who_only_seems_to(portal: Portal) -> None:
    text = portal.text(PORTAL)
    assert "Admin admins Ada Lovelace" in text
    assert "nobody through interns, a group inside it (Grace Hopper gets nothing: direct members only)" in text


def test_a_disabled_member_is_shown_as_such(portal: Portal) -> None:
    portal.graph.patch(f"/users/{ADA}", {"accountEnabled": False})
    assert "Ada Lovelace disabled can't sign in" in portal.text(PORTAL)
    assert "not Admin in Airflow (local) disabled: can't sign in" in portal.text(f"{PORTAL}/people")


def test_a_person_has_the_reason_beside_each_role(portal: Portal) -> None:
    assert "Admin in Airflow (local) admins yes" in portal.text(f"{PORTAL}/people/{ADA}")
    assert "no: only in interns, a group inside admins" in portal.text(f"{PORTAL}/people/{GRACE}")


def test_somebody_who_is_assigned_in_person_has_the_role(portal: Portal) -> None:
    graph = portal.graph
    principal = next(one for one in graph.get("/servicePrincipals")["value"] if one["displayName"] == "Airflow (local)")
    assignment = {"principalId": GRACE, "resourceId": principal["id"], "appRoleId": ROLE["id"]}
    graph.post(f"/servicePrincipals/{principal['id']}/appRoleAssignedTo", assignment)
    assert "Admin assigned in person Grace Hopper" in portal.text(PORTAL)
    assert "assigned in person yes" in portal.text(f"{PORTAL}/people/{GRACE}")


@pytest.mark.parametrize(
    ("claims", "said"), [("ApplicationGroup", "assigned groups"), ("SecurityGroup", "nested ones")]
)
def test_applications_without_app_roles_show_their_groups(graph: Graph, claims: str, said: str) -> None:
    application = graph.application("By groups", groupMembershipClaims=claims)
    principal = graph.principal(application)
    group = graph.group("analysts")
    graph.add(f"/groups/{group['id']}/members", GRACE)
    no_role = {"principalId": group["id"], "resourceId": principal["id"], "appRoleId": str(uuid4()).replace("-", "")}
    no_role["appRoleId"] = "00000000-0000-0000-0000-000000000000"
    graph.post(f"/servicePrincipals/{principal['id']}/appRoleAssignedTo", no_role)
    portal = Portal(graph)
    assert said in portal.text(PORTAL)
    assert "(access) analysts Grace Hopper" in portal.text(PORTAL)
    assert "access in By groups analysts yes" in portal.text(f"{PORTAL}/people/{GRACE}")


def test_people_and_groups_are_found_by_part_of_a_name(portal: Portal) -> None:
    assert "Grace Hopper" not in portal.get(f"{PORTAL}/people?q=LOVE")
    assert "Ada Lovelace" in portal.get(f"{PORTAL}/people?q=LOVE")
    assert "Nobody is found." in portal.text(f"{PORTAL}/people?q=%3Cb%3E")
    assert "interns" not in portal.get(f"{PORTAL}/groups?q=admin")


def test_many_groups_of_a_person_are_counted_in_the_list(portal: Portal) -> None:
    groups = [
        {"id": str(uuid4()), "tenantId": TENANT, "displayName": f"many-{number:03}", "members": [GRACE]}
        for number in range(300)
    ]
    portal.graph.tenant.seed({"groups": groups})
    assert "many-003 and 296 more" in portal.text(f"{PORTAL}/people")
    assert "many-299" in portal.text(f"{PORTAL}/people/{GRACE}")


def test_a_long_list_is_cut_and_says_so(portal: Portal) -> None:
    people = [
        {"id": str(uuid4()), "tenantId": TENANT, "userPrincipalName": f"p{number}@contoso.example"}
        for number in range(120)
    ]
    portal.graph.tenant.seed({"users": people})
    text = portal.text(f"{PORTAL}/people")
    assert "122 people" in text
    assert "The first 100 of 122 people" in text
    assert "p119" not in text


def test_the_sign_in_log_is_newest_first_and_at_most_a_hundred(portal: Portal) -> None:
    with portal.graph.tenant.world.store.transaction() as store:
        for number in range(130):
            code = 50105 if number % 2 else 0
            entry = {
                "id": str(number),
                "createdDateTime": f"2026-01-01T00:{number // 60:02}:{number % 60:02}Z",
                "userId": ADA,
                "userPrincipalName": f"visitor{number}@contoso.example",
                "appId": "a",
                "appDisplayName": "Airflow (local)",
                "status": {"errorCode": code, "failureReason": f"because {HOSTILE}" if code else "Other."},
                "correlationId": str(number),
            }
            store.of(TENANT).put("signIn", str(number), entry)
    page = portal.get(f"{PORTAL}/sign-ins")
    assert page.count("visitor") == 100
    assert page.index("visitor129@") < page.index("visitor30@")
    assert "visitor29@" not in page
    assert "AADSTS50105: because &lt;script" in page.replace("</span>", "")
    assert "visitor129@" in portal.get(f"{PORTAL}/people/{ADA}")
    assert "visitor" not in portal.get(f"{PORTAL}/people/{GRACE}")


@pytest.mark.parametrize("path", ["/portal/no", f"{PORTAL}/people/no", f"{PORTAL}/groups/no", f"{PORTAL}/nothing"])
def test_what_is_not_there_is_a_page_that_says_so(portal: Portal, path: str) -> None:
    reply = portal.send("GET", path)
    assert reply.status == 404
    assert reply.media_type.startswith("text/html")
    assert "There is no" in str(reply.body)


def test_a_path_is_never_shown_as_it_came(portal: Portal) -> None:
    assert "<script" not in str(portal.send("GET", f"{PORTAL}/people/<script>alert(1)</script>").body)


def test_hostile_names_are_only_text(portal: Portal) -> None:
    graph = portal.graph
    graph.tenant.seed({"tenants": [{"id": TENANT, "displayName": HOSTILE, "domain": HOSTILE}]})
    graph.patch(f"/users/{ADA}", {"displayName": HOSTILE, "mail": HOSTILE})
    for group in graph.ids("/groups"):
        graph.patch(f"/groups/{group}", {"displayName": HOSTILE, "description": HOSTILE})
    for application in graph.get("/applications")["value"]:
        graph.patch(f"/applications/{application['id']}", {"displayName": HOSTILE[:120]})
    for path in pages(portal):
        page = portal.get(path)
        assert "<script" not in page, path
        assert "&lt;script&gt;" in page, path
        assert "{{7*7}}" in page, path
        assert 'alert(1)</script>"' not in page, path


def test_no_name_adds_an_element_to_a_page(portal: Portal) -> None:
    def elements() -> list[list[str]]:
        return [
            [tag.name for tag in BeautifulSoup(portal.get(path), "html.parser").find_all(True)]
            for path in pages(portal)
        ]

    graph = portal.graph
    (group, *_) = graph.ids("/groups")
    plain = None
    for name in ("Ordinary", *HOSTILE_NAMES.values()):
        shown = re.sub(r"[\x00-\x1f]", " ", name).strip()[:200].strip()
        graph.patch(f"/users/{ADA}", {"displayName": shown})
        graph.patch(f"/groups/{group}", {"displayName": shown, "description": shown})
        plain = plain or elements()
        assert elements() == plain, name


def test_every_page_is_locked_down(portal: Portal) -> None:
    for path in pages(portal):
        headers = portal.send("GET", path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "form-action 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"


class Outline(HTMLParser):
    """What of a page matters to a keyboard and a screen reader; complains in `wrong`."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.headings: list[int] = []
        self.labels: set[str] = set()
        self.controls: list[dict[str, str]] = []
        self.ids: list[str] = []
        self.referred: list[str] = []
        self.mains = self.tables = self.heads = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids += [given["id"]] if "id" in given else []
        self.referred += given.get("aria-labelledby", "").split()
        self.wrong += [f"{tag} has {name}" for name in given if name.startswith("on") or name == "style"]
        if tag in ("h1", "h2", "h3"):
            self.headings.append(int(tag[1]))
        elif tag == "label":
            self.labels.add(given["for"])
        elif tag in ("input", "select") and given.get("type") != "hidden":
            self.controls.append(given)
        elif tag == "th" and "scope" not in given:
            self.wrong.append("a th has no scope")
        elif tag == "a" and not given.get("href"):
            self.wrong.append("a link leads nowhere")
        elif tag == "main":
            self.mains += 1
        elif tag == "table":
            self.tables += 1
        elif tag == "thead":
            self.heads += 1
        if given.get("tabindex", "-1") not in ("-1", "0"):
            self.wrong.append(f"{tag} disturbs the order of the keyboard")


def test_every_page_can_be_used_with_a_keyboard_and_read_aloud(portal: Portal) -> None:
    for path in pages(portal):
        page = portal.get(path)
        outline = Outline(page)
        assert not outline.wrong, path
        assert outline.headings[0] == 1, path
        assert outline.headings.count(1) == 1, path
        assert all(later - earlier <= 1 for earlier, later in zip(outline.headings, outline.headings[1:], strict=False))
        assert outline.mains == 1, path
        assert outline.heads == outline.tables, path
        assert len(outline.ids) == len(set(outline.ids)), path
        assert set(outline.referred) <= set(outline.ids), path
        assert {control.get("id") for control in outline.controls} <= outline.labels, path
        assert '<html lang="en">' in page, path
        assert 'name="viewport"' in page, path
        assert 'href="#main"' in page, path


def test_the_page_one_is_on_is_marked(portal: Portal) -> None:
    for path, label in (("", "Who has which role"), ("/people", "People"), ("/groups", "Groups")):
        assert f'aria-current="page">{label}<' in portal.get(PORTAL + path)


def test_pages_carry_no_script_and_load_nothing(portal: Portal) -> None:
    for path in pages(portal):
        page = portal.get(path)
        assert "<script" not in page
        assert "src=" not in page
        assert "http://" not in page
        assert len(page) < 40_000, path
