"""A preview as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

from airflow_entra.preview.result import Previewed, PropertyChange, StackPreview, Step
from airflow_entra.report.preview import render
from airflow_entra.report.preview_words import summary, value
from tests.report.preview_example import example


def test_text_says_all_of_it() -> None:
    text = render(example(), "text")
    assert text.splitlines()[0] == summary(example())
    (gained,) = [line.split() for line in text.splitlines() if line.startswith("  gains ") and "Admin" in line]
    assert gained == ["gains", "Admin", "airflow-prod-oncall", "new", "group"]
    for part in (
        "prod: the stack: error: airflowSession is 20h [policy/session-limit]",
        "  fix:   Set it to at most 12h",
        "prod: airflow-prod-oncall: warning: it gives Admin in production and nobody is eligible for it",
        "qa: the preview: error: it failed [preview/failed]",
        "dev: 2 to create, 2 to delete",
        "  + Admin/airflow-prod-oncall  azuread:AppRoleAssignment  (create)",
        "qa: failed",
        "  error: stacks/Pulumi.qa.yaml:31:13: tenant",
        "staging: no change",
    ):
        assert part in text


def test_text_commands_no_terminal() -> None:
    step = Step("create", "azuread:Group", "evil\x1b[31m\u202e", (PropertyChange("a\nb", "c\x07", ["\u2028"]),))
    stack = StackPreview("prod", "failed", steps=(step,), drift=(step,), errors=("a\x1b]0;x\nb",), warnings=("\x9b",))
    text = render(Previewed((stack,), None, "\x1bno"), "text")
    assert all(character.isprintable() or character == "\n" for character in text)


def test_json_has_every_fact() -> None:
    document = json.loads(render(replace(example(), left=("local (not here)",)), "json"))
    assert document["exitCode"] == 1
    assert document["access"]["base"] == "main"
    assert document["notPreviewed"] == ["local (not here)"]
    dev, prod, qa, staging = document["stacks"]
    assert dev["changes"] == {"create": 2, "delete": 2}
    assert prod["steps"][2]["changes"][1] == {"path": "properties.value", "before": "[secret]", "after": "[secret]"}
    assert [(one["id"], one["stack"]) for one in document["findings"] if one["severity"] == "error"] == [
        ("policy/session-limit", "prod"),
        ("preview/failed", "qa"),
    ]
    assert (qa["outcome"], len(qa["errors"])) == ("failed", 1)
    assert staging["unchanged"] == 23


def test_what_a_step_makes_new_has_no_side_before() -> None:
    document = json.loads(render(example(), "json"))
    first = document["stacks"][0]["steps"][0]
    assert first["changes"][0] == {"path": "displayName", "after": "airflow-dev-partners"}


def test_a_long_value_says_how_long_it_is() -> None:
    assert value("x" * 1000).endswith("… (1,002 characters)")
    assert len(value("x" * 100_000)) < 500
