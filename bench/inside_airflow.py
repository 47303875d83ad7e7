"""Measures inside Airflow, with Airflow's own Python: what a sign-in and a request's authorization cost, in process.

The first line of standard input is the people's claims in JSON; each further one, `sign-in` or `request`, has one
measured and its milliseconds answered on standard output. The configuration says whether ours or stock FAB does it.
Everything before the token response is left out, and with stock FAB also its own second check of the token.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import airflow
from flask import Flask

OWN_DAG, OTHER_DAG = "team0_daily", "elsewhere"


class Side:
    """One Airflow in this process."""

    def __init__(self) -> None:
        self.manager, self.app = _of_3() if airflow.__version__.startswith("3") else _of_2()
        self.ours = "EntraFabAuthManager" in type(self.manager).__name__
        self.claims: dict[str, Any] = {}

    def arrive(self) -> None:
        """From now on everybody who comes back from Entra has `self.claims`."""
        if self.ours:
            from airflow_entra_auth.fab.entra import Arrival, EntraClient

            side = self
            EntraClient.arrive = lambda self, begun: Arrival(side.claims, "token", None)  # type: ignore[method-assign]
            return
        with self.app.app_context():
            security = self.app.appbuilder.sm
        answer = {"access_token": "token", "id_token": "token"}
        security.oauth_remotes["azure"].authorize_access_token = lambda **_: answer | {"userinfo": self.claims}
        security._decode_and_validate_azure_jwt = lambda _: self.claims


def _of_3() -> tuple[Any, Flask]:
    from airflow.api_fastapi.app import create_auth_manager

    manager = create_auth_manager()
    manager.init()
    manager.get_fastapi_app()
    return manager, manager.flask_app


def _of_2() -> tuple[Any, Flask]:
    from airflow.www.app import create_app
    from airflow.www.extensions.init_auth_manager import get_auth_manager

    app = create_app()
    return get_auth_manager(), app


def milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - began) / 1e6


def sign_in(side: Side, claims: dict[str, Any]) -> tuple[Any, float]:
    """(the browser, milliseconds from the token response to the answer with its session)."""
    import jwt

    side.claims = claims
    browser, secret = side.app.test_client(), "a state of FAB's own, of at least 32 bytes"
    with browser.session_transaction() as session:
        session["oauth_state"] = secret
    state = jwt.encode({}, secret, algorithm="HS256")
    answers: list[Any] = []
    spent = milliseconds(lambda: answers.append(browser.get(f"/oauth-authorized/azure?code=c&state={state}")))
    location = answers[0].headers.get("location", "")
    if answers[0].status_code != 302 or "login" in location:
        raise SystemExit(f"nobody was signed in: {answers[0].status_code} {location} {answers[0].text[:300]}")
    return browser, spent


def request_of_3(side: Side, browser: Any) -> Callable[[], object]:
    """What Airflow asks for a request to its API: who a token is, and what they may do."""
    from airflow.api_fastapi.auth.managers.models.resource_details import AccessView, DagAccessEntity, DagDetails
    from airflow.providers.fab.auth_manager.models import User
    from airflow.utils.session import create_session
    from sqlalchemy import select

    manager, loop = side.manager, asyncio.new_event_loop()
    if side.ours:
        token = browser.get_cookie("_token").value
    else:
        with create_session() as session:
            user = session.scalars(select(User).where(User.username == side.claims["oid"])).unique().one()
            token = manager.generate_jwt(user)
    own, other = DagDetails(id=OWN_DAG), DagDetails(id=OTHER_DAG)

    def ask() -> None:
        who = loop.run_until_complete(manager.get_user_from_token(token))
        manager.is_authorized_view(access_view=AccessView.WEBSITE, user=who)
        manager.is_authorized_dag(method="GET", details=own, user=who)
        manager.is_authorized_dag(method="POST", access_entity=DagAccessEntity.RUN, details=other, user=who)

    return ask


def request_of_2(browser: Any) -> Callable[[], object]:
    """A whole request that does nothing but ask: in 2.11 the session says who it is."""
    return lambda: browser.get("/bench-authorization")


def add_page_of_2(side: Side) -> None:
    from airflow.auth.managers.models.resource_details import AccessView, DagAccessEntity, DagDetails

    own, other = DagDetails(id=OWN_DAG), DagDetails(id=OTHER_DAG)

    def ask() -> str:
        side.manager.is_authorized_view(access_view=AccessView.WEBSITE)
        if not side.manager.is_authorized_dag(method="GET", details=own):
            raise SystemExit("the request that is measured is nobody's")
        side.manager.is_authorized_dag(method="POST", access_entity=DagAccessEntity.RUN, details=other)
        return ""

    side.app.add_url_rule("/bench-authorization", view_func=ask)


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # Airflow logs on standard output
    people = json.loads(sys.stdin.readline())
    side = Side()
    side.arrive()
    is_3 = airflow.__version__.startswith("3")
    if not is_3:
        add_page_of_2(side)
    for person in people:
        browser, _ = sign_in(side, person)
    browser, _ = sign_in(side, people[0])
    ask = request_of_3(side, browser) if is_3 else request_of_2(browser)
    ask()
    answers.write("ready\n")
    for number, line in enumerate(sys.stdin):
        wanted = line.strip()
        spent = milliseconds(ask) if wanted == "request" else sign_in(side, people[number % len(people)])[1]
        answers.write(f"{spent}\n")


if __name__ == "__main__":
    main()
