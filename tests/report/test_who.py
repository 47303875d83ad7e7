"""Who has which role, in three forms."""

from __future__ import annotations

import json

from airflow_entra.directory.membership import Account
from airflow_entra.directory.who import Held, Missed, Standing
from airflow_entra.report.who import conclusion, render

HOSTILE = "[red]<b>|`x`\u202e\n*"
STANDINGS = [
    Standing(Account("1", "Ada", "ada@c.com"), (Held("Admin", ("admins", "on-call")), Held("Viewer", ("all",)))),
    Standing(Account("2", "李小龍", "li@c.com"), (Held("Op", ()),), missed=(Missed("Viewer", "only in interns"),)),
    Standing(Account("3", HOSTILE, "h@c.com", enabled=False), (), "disabled", "the account is disabled"),
]


def test_text_is_one_line_for_each_person() -> None:
    header, ada, li, hostile = render("local", STANDINGS, "text").splitlines()
    assert header.split("  ")[0] == "Person"
    assert ada.split() == ["Ada", "ada@c.com", "Admin,", "Viewer", "admins,", "on-call,", "all"]
    assert "assigned in person" in li
    assert "not Viewer: only in interns" in li
    assert "[red]<b>|`x` *" in hostile
    assert "\u202e" not in hostile
    assert hostile.endswith("the account is disabled")


def test_json_says_everything() -> None:
    said = json.loads(render("local", STANDINGS, "json"))
    assert said["stack"] == "local"
    ada, li, hostile = said["people"]
    assert ada == {
        "id": "1",
        "name": "Ada",
        "signInName": "ada@c.com",
        "guest": False,
        "enabled": True,
        "admitted": True,
        "roles": [{"role": "Admin", "through": ["admins", "on-call"]}, {"role": "Viewer", "through": ["all"]}],
        "refused": None,
        "why": None,
        "missed": [],
    }
    assert li["missed"] == [{"role": "Viewer", "why": "only in interns"}]
    assert (hostile["name"], hostile["refused"], hostile["admitted"]) == (HOSTILE, "disabled", False)


def test_markdown_is_a_table_that_names_cannot_break() -> None:
    lines = render("local", STANDINGS, "markdown").splitlines()
    rows = lines[4:]
    assert len(rows) == 3
    assert all(row.replace("\\|", "").count("|") == 6 for row in rows)
    assert "<b>" not in rows[2]


def test_the_conclusion_counts() -> None:
    assert conclusion("local", STANDINGS).startswith("2 of 3 people may sign in to the Airflow of stack local")
    assert conclusion("local", STANDINGS[:1]).startswith("1 of 1 person may")
    assert conclusion("local", STANDINGS[2:]) == "0 of 1 person may sign in to the Airflow of stack local."
