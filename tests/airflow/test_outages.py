"""What a sign-in needs expires, is rotated or is down: a page says so, no door opens, and it mends itself."""

from __future__ import annotations

import subprocess

from tests.airflow.browser import Page
from tests.airflow.company import Company
from tests.airflow.credentials import expired_secrets, vault_says
from tests.airflow.forger import Forger, Honest
from tests.airflow.people import OP, VIEWER
from tests.airflow.site import Site
from tests.airflow.waiting import until

STACK = "pair"
READ_AGAIN = 10.0
"""Seconds until the vault is asked again about a secret that stays refused: five, and the request."""


def test_an_expired_secret_is_told_apart_in_the_log(site: Site, company: Company) -> None:
    _sign_in(site)
    before = len(site.log())
    with expired_secrets(company, STACK):
        page = _refused(site, 502)
    assert "credential" in page.text
    assert "AADSTS7000222" in site.log()[before:]
    assert "AADSTS7000222" not in page.text, "how the application is configured is the administrators' business"
    _sign_in(site)


def test_a_corrected_secret_is_used_without_a_restart(site: Site, company: Company) -> None:
    _sign_in(site)
    before = len(site.log())
    with vault_says(company, STACK, "not~the~secret~of~this~application"), expired_secrets(company, STACK):
        # What was remembered is refused, so the vault is read; unless it has just been.
        until(lambda: _says(site, "AADSTS7000215", before), READ_AGAIN)
    until(lambda: site.sign_in(OP)[1].status == 200, READ_AGAIN)
    _sign_in(site)
    assert "not~the~secret" not in site.log()


def test_a_vault_that_gives_nothing_is_named_in_the_log(site: Site, company: Company) -> None:
    _sign_in(site)
    with vault_says(company, STACK, None):
        _sign_in(site)  # what was read before is used on
        before = len(site.log())
        with expired_secrets(company, STACK):
            until(lambda: _says(site, "kv-airflow-pair.vault", before), READ_AGAIN)
        before = len(site.log())
        _refused(site, 502)  # now nothing is remembered
        assert "kv-airflow-pair.vault.azure.net" in site.log()[before:]
    _sign_in(site)


def test_a_directory_that_is_down_is_said_to_be(site: Site, forger: Forger) -> None:
    with forger.down("/oauth2/v2.0/token"):
        page = _refused(site, 503)
    assert "Try again" in page.text
    _sign_in(site)


def test_keys_that_cant_be_read_open_nothing(site: Site, forger: Forger) -> None:
    """A token names a key that Airflow doesn't know, and the directory doesn't say what keys there are."""
    with forger.down("/keys"), forger.forging(lambda honest: honest.signed(key_id="rotated")):
        _refused(site, 503)
    _sign_in(site)


def test_keys_are_rotated_while_people_sign_in(site: Site, company: Company, forger: Forger) -> None:
    """Once for each version: the tenant lists three retired keys, and others' tokens are signed with them."""
    used: list[str] = []

    def watched(honest: Honest) -> str:
        used.append(honest.header["kid"])
        return honest.signed()

    with forger.forging(watched):
        _sign_in(site)
        rotate = [str(company.world.python), "-m", "entra_local", "rotate-keys", "--state", str(company.world.tenant)]
        subprocess.run(rotate, check=True, capture_output=True)
        _sign_in(site)
    assert len(set(used)) == 2


def _sign_in(site: Site) -> None:
    browser, page = site.sign_in(OP)
    assert page.status == 200, page.text
    assert site.is_signed_in(browser)


def _says(site: Site, what: str, before: int) -> bool:
    """Whether the log says it of the sign-in that is refused now, or of one since it had `before` letters."""
    _refused(site, 502)
    return what in site.log()[before:]


def _refused(site: Site, status: int) -> Page:
    browser, page = site.sign_in(VIEWER)
    assert page.url.startswith(site.callback_url)
    assert page.status == status, page.text
    assert not site.is_signed_in(browser)
    assert "Traceback" not in page.response.text
    assert "Start again" in page.text
    return page
