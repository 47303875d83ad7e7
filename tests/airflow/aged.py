"""Makes an Airflow's session older than it is, in Airflow's own database: no test waits for eight hours."""

from __future__ import annotations

import base64
import json
import re
import struct
import time
from datetime import UTC, datetime, timedelta

from airflow_entra_auth.keyring import parse
from airflow_entra_auth.variables import SESSION_KEY
from tests.airflow.browser import Browser
from tests.airflow.people import TestPerson
from tests.airflow.site import Site

_LOGIN_AT = re.compile(rb"(?<=_login_at\xcb).{8}", re.DOTALL)
"""FAB's time of the sign-in (3.x), in the session's MessagePack: a float of eight bytes."""
_TOKEN = "_token"


def age(site: Site, browser: Browser, person: TestPerson, seconds: int) -> None:
    """As if the session had begun that many seconds earlier, and nothing had been asked since."""

    def earlier(found: re.Match[bytes]) -> bytes:
        return struct.pack(">d", struct.unpack(">d", found[0])[0] - seconds)

    if site.stock:
        session_id = _session_id(browser)
        with site.database() as connection:
            query = "SELECT data, expiry FROM session WHERE session_id = ?"
            data, expiry = connection.execute(query, (session_id,)).fetchone()
            connection.execute(
                "UPDATE session SET data = ?, expiry = ? WHERE session_id = ?",
                (_LOGIN_AT.sub(earlier, data), str(_time(expiry) - timedelta(seconds=seconds)), session_id),
            )
    else:
        end_sooner(site, person, seconds)
    if _TOKEN in browser.cookies:
        browser.cookies.delete(_TOKEN)


def seconds_left(site: Site, browser: Browser, person: TestPerson) -> float:
    """Until the browser is signed in no longer, if it is used all the time: the earliest of the ends there are.

    In 3.x the token that Airflow gave last is what its API takes; in 2.11 there is the session alone.
    """
    ends = []
    if site.is_3:
        payload = browser.cookies[_TOKEN].split(".")[1]
        ends = [float(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["exp"])]
    elif site.stock:
        [(expiry,)] = site.rows("SELECT expiry FROM session WHERE session_id = ?", _session_id(browser))
        ends = [_time(expiry).replace(tzinfo=UTC).timestamp()]
    if not site.stock:
        query = "SELECT max(ends_at) FROM airflow_entra_session WHERE object_id = ? AND ended_at IS NULL"
        ends += [float(row[0]) for row in site.rows(query, person.object_id)]
    return min(ends) - time.time()


def end_sooner(site: Site, person: TestPerson, seconds: int) -> None:
    """Every live session of the person ends that many seconds sooner, as if it had been written so at its begin."""
    keyring = parse(site.environment[SESSION_KEY])
    said = ("id", "user_id", "tenant_id", "object_id", "sid", "signed_in_at", "ends_at")
    live = "object_id = ? AND ended_at IS NULL"
    with site.database() as connection:
        connection.execute(
            f"UPDATE airflow_entra_session SET ends_at = ends_at - ? WHERE {live}",  # noqa: S608
            (seconds, person.object_id),
        )
        query = f"SELECT {', '.join(said)} FROM airflow_entra_session WHERE {live}"  # noqa: S608
        for row in connection.execute(query, (person.object_id,)).fetchall():
            values = (keyring.mac("session", *row), row[0])
            connection.execute("UPDATE airflow_entra_session SET mac = ? WHERE id = ?", values)


def _session_id(browser: Browser) -> str:
    return browser.cookies["session"].split(".")[0]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
