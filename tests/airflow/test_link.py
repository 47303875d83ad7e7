"""A user from before becomes a person by a reviewed file: they keep their row and none of its rights."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.airflow.leftovers import forget, leftover, row
from tests.airflow.people import HEIR_BY_MAIL, HEIR_BY_NAME, VIEWER, TestPerson
from tests.airflow.site import Site

HUGO = "hugo@contoso.com"


@pytest.fixture
def heirs(site: Site) -> Iterator[Site]:
    """People who have never signed in, before and after."""
    for person in (HEIR_BY_MAIL, HEIR_BY_NAME):
        forget(site, person)
    yield site
    for person in (HEIR_BY_MAIL, HEIR_BY_NAME):
        forget(site, person)


def link(site: Site, file: Path, *links: dict[str, Any], tenant: str = "", apply: bool = True) -> tuple[int, str]:
    rules = json.loads((site.running.home.folder / "sign-on.json").read_text())
    content = {"schema": 1, "tenantId": tenant or rules["tenantId"], "reviewedBy": "Mona", "links": list(links)}
    file.write_text(json.dumps(content))
    done = site.python("-m", "airflow_entra_auth.link", str(file), *(["--apply"] if apply else []))
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout or done.stderr


def of(person: TestPerson, user_name: str, email: str, user_id: int | None = None) -> dict[str, Any]:
    return {"userName": user_name, "email": email, "userId": user_id, "objectId": person.object_id}


def test_a_linked_user_keeps_the_row_and_gets_the_roles_of_the_groups_alone(heirs: Site, tmp_path: Path) -> None:
    site, file = heirs, tmp_path / "links.json"
    with leftover(site, "hugo", HUGO.upper(), role="Admin") as user_id:
        before = row(site, user_id)
        decided = of(HEIR_BY_MAIL, "hugo", HUGO, user_id)
        code, said = link(site, file, decided, apply=False)
        assert (code, row(site, user_id)) == (0, before), said
        assert f"would become {HEIR_BY_MAIL.object_id}" in said
        assert link(site, file, decided)[0] == 0
        linked = row(site, user_id)
        assert (linked.username, linked.password, linked.roles) == (HEIR_BY_MAIL.object_id, None, frozenset())
        code, said = link(site, file, decided)
        assert (code, row(site, user_id)) == (0, linked)
        assert "linked already" in said

        browser, page = site.sign_in(HEIR_BY_MAIL)
        assert page.status == 200, page.text
        assert site.is_signed_in(browser)
        now = row(site, user_id)
        assert (now.username, now.email) == (HEIR_BY_MAIL.object_id, HEIR_BY_MAIL.address)
        assert now.roles == {"Viewer"}


def test_all_of_a_file_is_done_or_nothing(heirs: Site, tmp_path: Path) -> None:
    site, file = heirs, tmp_path / "links.json"
    site.sign_in(VIEWER)
    with leftover(site, "hugo", HUGO) as user_id, leftover(site, "vera-old", "v@contoso.com") as other:
        before = row(site, user_id), row(site, other)
        code, said = link(
            site,
            file,
            of(HEIR_BY_MAIL, "hugo", HUGO),
            of(VIEWER, "vera-old", "v@contoso.com"),
            *(
                of(HEIR_BY_NAME, name, email, number) | {"objectId": str(uuid.uuid4())}
                for name, email, number in (
                    ("nobody", "n@contoso.com", None),
                    ("vera-old", "changed@contoso.com", None),
                    ("vera-old", "v@contoso.com", user_id),
                    (VIEWER.object_id, VIEWER.address or "", None),
                    ("hugo", HUGO, None),
                )
            ),
        )
        assert code == 1
        assert [line.partition(": ")[2] for line in said.splitlines()] == [
            f"{VIEWER.object_id} has signed in and has a user already; write leave",
            *["Airflow has no such user now; take it out of the file"] * 3,
            "it is a person's already; write leave",
            "it is in the file twice",
        ]
        assert (row(site, user_id), row(site, other)) == before


READ = """
import json, sys
from airflow_entra_auth.link import LinksError, read_links
for text in json.load(sys.stdin):
    try:
        print(len(read_links(text, "t")))
    except LinksError as error:
        print(error)
"""


def test_a_file_that_is_not_this_ones_is_refused(site: Site) -> None:
    decided = of(HEIR_BY_MAIL, "hugo", HUGO)
    right = {"schema": 1, "tenantId": "t", "links": [decided]}
    wrong = [
        right | {"tenantId": "another"},
        right | {"links": [decided, decided]},
        right | {"schema": 2},
        right | {"links": [decided | {"objectId": "x"}]},
        right | {"links": [decided | {"userId": "1 OR 1=1"}]},
        [],
    ]
    texts = [*map(json.dumps, [right, *wrong]), "{", "[" * 10_000]
    done = subprocess.run(
        [site.running.home.python, "-c", READ], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    first, tenant, twice, schema, *rest = done.stdout.splitlines()
    assert first == "1"
    assert "another tenant" in tenant
    assert "twice" in twice
    assert "schema 2" in schema
    assert rest == ["it is not what `airflow-entra import --users REVIEWED --apply` prints"] * 5
