"""The directory takes a role away while a request looks at who somebody is: nothing gives it back."""

from __future__ import annotations

import json

from tests.airflow.people import CHANGED_ROLE
from tests.airflow.site import HANDLE, Site
from tests.airflow.stacks import TENANT

_PROGRAM = """
import json, sys
import sqlalchemy as sa
from airflow import settings
from sqlalchemy.orm import Session
from {package}.app import create_app
from airflow_entra_auth.fab import standing as looking
from airflow_entra_auth.identities import Identities

handle, tenant, person = sys.argv[1:]
app = create_app({arguments})
manager = app.appbuilder.sm
asked = 0


def watcher_takes_the_role_away():
    with Session(settings.engine) as session, session.begin():
        Identities(session, manager.user_model, manager.role_model).follow(tenant, person, ("Viewer",))


@sa.event.listens_for(settings.engine, "before_cursor_execute")
def between_two_statements(connection, cursor, statement, *_):
    global asked
    asked += statement.startswith("SELECT")
    if asked == 2:
        asked += 1
        watcher_takes_the_role_away()


seen = looking.standing(handle, tenant)
asked = 9
watcher_takes_the_role_away()
held = "SELECT name FROM ab_role JOIN ab_user_role ON role_id = ab_role.id WHERE user_id = :user"
with app.app_context():
    manager.put_back(seen)
with settings.engine.connect() as connection:
    roles = [name for (name,) in connection.execute(sa.text(held), {{"user": seen.user_id}})]
print(json.dumps([seen.roles, seen.changed_by_hand, roles]))
"""


def test_a_role_that_the_watcher_takes_away_meanwhile_is_not_put_back(site: Site) -> None:
    browser, _ = site.sign_in(CHANGED_ROLE)
    before = site.audited(CHANGED_ROLE)
    handle = next(str(cookie.value) for cookie in browser.cookies.jar if cookie.name == HANDLE)
    package, arguments = ("airflow.providers.fab.www", "False") if site.is_3 else ("airflow.www", "")
    program = _PROGRAM.format(package=package, arguments=arguments)
    done = site.python("-W", "ignore", "-c", program, handle, TENANT, CHANGED_ROLE.object_id)
    assert done.returncode == 0, done.stderr
    roles_seen, changed_by_hand, roles = json.loads(done.stdout.splitlines()[-1])
    assert sorted(roles_seen) == sorted(CHANGED_ROLE.roles)
    assert not changed_by_hand
    assert roles == ["Viewer"]
    assert site.audited(CHANGED_ROLE) == before
    site.sign_out(browser)
