from __future__ import annotations

import csv
import json
from dataclasses import replace
from io import StringIO

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_entra.access.role_history import RoleSince
from airflow_entra.audit.audit import Audit, LastAccess, audit
from airflow_entra.directory.audited import Owner
from airflow_entra.preview.drift import Difference
from airflow_entra.preview.result import ABSENT
from airflow_entra.report.audit import SHOWN, render
from airflow_entra.report.audit_tables import conclusion, tables
from airflow_entra.settings.history import Commit
from tests.audit.stack import (
    ADA,
    CREDENTIAL,
    DAN,
    NOW,
    SETTINGS,
    SINCE,
    URL,
    VIEWERS,
    WATCHER_CREDENTIAL,
    action,
    audited,
    change,
    person,
    records,
    run,
    session,
    task,
    watcher,
)


def whole(name: str = "Ada Okafor") -> Audit:
    """An audit with a row in every table, about somebody called `name`."""
    account = replace(ADA, name=name)
    groups = audited().directory.groups
    directory = replace(
        audited().directory, people=(account,), groups={**groups, VIEWERS: replace(groups[VIEWERS], name=name)}
    )
    lines = (
        person(account, "Admin", hasPassword=True),
        session(account, 0, 480),
        action(4, "post_connection", ADA.id, about={"names": [name]}),
        run("r", "manual", triggeringUser=ADA.id),
        task("r", 1, 31),
    )
    changes = (
        replace(change("Remove member from group", DAN, 60, "airflow-local-admins"), by=name),
        change("Add member to group", ADA, 1, group=name),
    )
    assigned = audited().directory.registration.assigned[:1]
    seen = audited(
        directory=directory,
        watchers=(watcher(owners=(Owner("e1", name),)),),
        changes=changes,
        programs=assigned,
        denied=("who owns it: Forbidden",),
    )
    found = audit(
        seen,
        {URL: records(*lines)},
        declared=("openid", "profile"),
        credential=CREDENTIAL,
        watcher_credential=WATCHER_CREDENTIAL,
        settings=SETTINGS,
        now=NOW,
        since=SINCE,
    )
    commit = Commit("c0ffee", f"{name} <ada@contoso.com>", NOW, name, name)
    differs = Difference("azuread:Group viewers", "g1", "description", name, ABSENT, ["a"], "tenant", "refresh", name)
    return replace(found, declared=(RoleSince("Viewer", name, commit),), drift=(differs,))


def test_every_table_has_rows_here() -> None:
    assert all(table.rows for table in tables(whole()))


def test_the_first_line_says_how_it_stands() -> None:
    findings = "2 errors, 1 warning (drift: 1 difference)"
    assert conclusion(whole()) == f"Stack local: 1 person may sign in; findings: {findings}."
    for form in ("text", "markdown", "json"):
        assert "1 person may sign in" in render(whole(), form)
        assert "who owns it: Forbidden" in render(whole(), form)


@settings(max_examples=20)
@given(st.text(min_size=1, max_size=60))
def test_whatever_somebody_is_called_it_is_text_in_the_page(name: str) -> None:
    plain, odd = (BeautifulSoup(render(whole(each), "html"), "html.parser") for each in ("Ada", name))
    assert [tag.name for tag in plain.find_all(True)] == [tag.name for tag in odd.find_all(True)]


def test_a_findings_severity_is_told_by_its_colour_too() -> None:
    page = BeautifulSoup(render(whole(), "html"), "html.parser")
    assert [cell.text for cell in page.select("#findings + .scroll td:first-child.error")] == ["error"] * 2
    assert 'ranks = ["error", "warning", "note"]' in str(page)


def test_nothing_leaves_the_page() -> None:
    page = BeautifulSoup(render(whole(), "html"), "html.parser")
    policy = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})
    assert policy is not None
    assert str(policy["content"]).startswith("default-src 'none'")
    assert not page.find_all(["link", "img", "iframe", "form"])
    assert not page.find_all(src=True)


@settings(max_examples=30)
@given(st.text(min_size=1, max_size=40))
def test_a_spreadsheet_takes_no_cell_for_a_formula(name: str) -> None:
    for table in ("access", "grants", "actions"):
        rows = list(csv.reader(StringIO(render(whole(name), "csv", table))))
        assert len({len(row) for row in rows}) == 1
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row)


def test_json_has_every_row_of_every_table() -> None:
    said = json.loads(render(whole(), "json"))
    assert {table.name: len(table.rows) for table in tables(whole())} == {
        table.name: len(said[table.name]) for table in tables(whole())
    }
    assert said["access"][0]["objectId"] == ADA.id


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_what_is_left_out_is_said(form: str) -> None:
    many = [action(minutes, "post_pool", ADA.id) for minutes in range(SHOWN + 7)]
    seen = audit(
        audited(),
        {URL: records(person(ADA, "Admin"), *many)},
        declared=("openid", "profile"),
        credential=CREDENTIAL,
        watcher_credential=WATCHER_CREDENTIAL,
        settings=SETTINGS,
        now=NOW,
        since=SINCE,
    )
    text = render(seen, form)  # type: ignore[arg-type]
    assert text.count("post_pool") == SHOWN
    assert "and 7 more: --format csv --table actions" in text


@pytest.mark.parametrize(("kept", "said"), [("off", "not kept"), ("day", "2026-11-24"), ("moment", "2026-11-24 10:")])
def test_last_access_is_kept_as_exactly_as_the_stack_file_says(kept: LastAccess, said: str) -> None:
    found = replace(whole(), last_access=kept)
    rows = {table.name: table.rows for table in tables(found) if table.name in ("access", "left")}
    assert rows["access"][0][5].startswith(said)
    assert kept == "moment" or all(":" not in row[8] for row in rows["left"])
