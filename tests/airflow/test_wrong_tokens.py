"""What comes back from a sign-in is believed only if it is the directory's answer to this sign-in, for this Airflow."""

from __future__ import annotations

import re

import pytest

from tests.airflow.browser import Page
from tests.airflow.forger import Forger
from tests.airflow.forgeries import FORGERIES
from tests.airflow.people import NEWCOMER, VICTIM
from tests.airflow.site import Site
from tests.airflow.tables import Table

TABLE = Table(
    "airflow-wrong-tokens.md",
    "Wrong ID tokens",
    "Somebody stands between Airflow and the directory, and gives Airflow each of these in place of the honest ID "
    "token of a person who may sign in. A cell has what the browser is told, and in brackets what Airflow's audit log "
    "says first of it. Refused means that nobody is signed in, and that no row of Airflow's users, their roles or "
    "sessions is made or changed.",
    "What is wrong with the token",
    tuple(FORGERIES),
)
_WHO = ("ab_user", "ab_user_role", "airflow_entra_identity", "airflow_entra_session")
_CHANGING = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9]{9,}\b")


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_wrong_token_lets_nobody_in(site: Site, forger: Forger, forgery: str) -> None:
    before, logged = _everybody(site), _last_line(site)
    with forger.forging(FORGERIES[forgery]):
        browser, page = site.sign_in(VICTIM)
    let_in = site.is_signed_in(browser)
    changed = _everybody(site) != before
    outcome = "ACCEPTED" if let_in or changed else f"refused: {_title(page)} ({_why(site, logged)})"
    TABLE.put(forgery, site.running.home.version, outcome)
    assert not let_in
    assert not changed
    assert page.status == 403, page.text
    assert site.url in page.url
    assert "entra_session" not in page.text


def test_the_honest_token_lets_its_person_in(site: Site, forger: Forger) -> None:
    """Taken apart and signed again like the wrong ones: those are refused for what is wrong with them alone."""
    with forger.forging(lambda honest: honest.signed()):
        browser, page = site.sign_in(NEWCOMER)
    assert page.status == 200, page.text
    assert site.is_signed_in(browser)
    assert site.roles_of(NEWCOMER) == {"Viewer"}


def _everybody(site: Site) -> dict[str, list[object]]:
    return {table: site.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in _WHO}  # noqa: S608


def _last_line(site: Site) -> int:
    ((number,),) = site.rows("SELECT coalesce(max(id), 0) FROM log")
    return int(number)


def _title(page: Page) -> str:
    heading = page.soup.find("h1")
    return heading.get_text() if heading else page.text


def _why(site: Site, after: int) -> str:
    """The audit log's first sentence, without what is different each time: the reference, ids and times.

    Which key a token is held against depends on how many the tenant has had: it comes to the same.
    """
    query = "SELECT json_extract(extra, '$.reason') FROM log WHERE id > ? AND event = 'entra_sign_in_refused'"
    ((reason,),) = site.rows(query, after)
    first = re.split(r"(?<!\.)\. (?=[A-Z])", re.sub(r"^[0-9a-f]{8}: ", "", reason))[0]
    told = re.fullmatch(r"The ID token was not accepted: (\w+): \w+: ?(.*)", first)
    if told and told[1] in ("BadSignatureError", "InvalidKeyIdError"):
        return "signed with none of the tenant's keys"
    return _CHANGING.sub("...", told[2] if told else first)
