"""What a person sees: the sign-in, what their role lets them do in the page, the way out."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.airflow.company import Company
from tests.airflow.departments import read_dags
from tests.airflow.people import ADMIN, DISABLED, EDITOR, GUEST, OP, VIEWER, TestPerson
from tests.airflow.site import Site

SALES = "sales_report"
FINANCE = "finance_close"
_USER_NAME = re.compile("user name", re.IGNORECASE)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1300, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session", autouse=True)
def dags(site: Site) -> None:
    """The sample DAGs, parsed."""
    read_dags(site)


def sign_in(page: Page, site: Site, person: TestPerson) -> None:
    enter(page, site, person)
    page.wait_for_url(re.compile(re.escape(site.url)))


def enter(page: Page, site: Site, person: TestPerson) -> None:
    """Give Entra's page the user name, by keyboard alone."""
    page.goto(site.url)
    page.get_by_label(_USER_NAME).fill(person.user_name)
    page.keyboard.press("Enter")


def open_dags(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/{'dags' if site.is_3 else 'home'}")


@pytest.mark.parametrize("person", [ADMIN, OP, VIEWER], ids=lambda person: person.name)
def test_whoever_may_read_all_sees_every_dag(page: Page, site: Site, person: TestPerson) -> None:
    sign_in(page, site, person)
    open_dags(page, site)
    expect(page.get_by_role("link", name=SALES, exact=True)).to_be_visible()
    expect(page.get_by_role("link", name=FINANCE, exact=True)).to_be_visible()


def test_a_custom_role_sees_its_own_dags_alone(page: Page, site: Site) -> None:
    sign_in(page, site, EDITOR)
    open_dags(page, site)
    expect(page.get_by_role("link", name=SALES, exact=True)).to_be_visible()
    expect(page.get_by_role("link", name=FINANCE, exact=True)).to_have_count(0)


@pytest.mark.parametrize(
    ("person", "sees"), [(ADMIN, True), (OP, True), (VIEWER, False), (EDITOR, False)], ids=lambda one: str(one)[:20]
)
def test_the_menu_of_connections_is_for_who_may_see_them(
    page: Page, site: Site, person: TestPerson, sees: bool
) -> None:
    sign_in(page, site, person)
    open_dags(page, site)
    expect(page.get_by_role("link", name=SALES, exact=True)).to_be_visible()
    menu = page.get_by_text("Admin", exact=True) if site.is_3 else page.locator(".navbar a", has_text="Admin")
    expect(menu).to_have_count(1 if sees else 0)


def test_the_button_signs_out_of_airflow_and_of_entra(page: Page, site: Site) -> None:
    sign_in(page, site, VIEWER)
    open_dags(page, site)
    if site.is_3:
        page.get_by_role("button", name="User").click()
        page.get_by_role("menuitem", name=re.compile("log ?out", re.IGNORECASE)).click()
        page.get_by_role("dialog").get_by_role("button", name=re.compile("log ?out|confirm", re.IGNORECASE)).click()
    else:
        page.locator(".navbar-user-icon").click()
        page.get_by_role("button", name="Log Out").click()
    expect(page.get_by_role("heading", name="You signed out of your account")).to_be_visible()
    page.goto(site.url)
    expect(page.get_by_label(_USER_NAME)).to_be_visible()


def test_a_guest_reads_why_and_whom_to_ask(page: Page, site: Site) -> None:
    enter(page, site, GUEST)
    expect(page.get_by_role("heading", level=1)).to_contain_text("You can't sign in")
    expect(page.get_by_text("data-platform@contoso.com")).to_be_visible()
    page.get_by_role("link", name="Try another account").click()
    expect(page.get_by_label(_USER_NAME)).to_be_visible()


def test_somebody_disabled_reads_entras_own_words(page: Page, site: Site) -> None:
    enter(page, site, DISABLED)
    expect(page.get_by_text(re.compile("AADSTS50057"))).to_be_visible()


def test_a_closed_membership_shows_at_the_next_sign_in(page: Page, site: Site, company: Company) -> None:
    company.join(ADMIN, "pair", "Viewer")
    try:
        sign_in(page, site, ADMIN)
        open_dags(page, site)
        expect(page.get_by_role("link", name=SALES, exact=True)).to_be_visible()
        assert site.roles_of(ADMIN) == {"Admin", "Viewer"}
    finally:
        company.leave(ADMIN, "pair", "Viewer")
