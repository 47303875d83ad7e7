"""What is read from the engine's events. That the engine writes them so is shown in tests/cli/test_preview.py."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra.preview.events import Events
from airflow_entra.preview.result import PropertyChange, StackPreview, Step
from airflow_entra.pulumi.scrub import Scrub

URN = "urn:pulumi:prod::airflow-entra::airflow-entra:index:AirflowSignOn$azuread:index/group:Group::"
PRELUDE: dict[str, Any] = {"preludeEvent": {"config": {}}}
END = {"summaryEvent": {"resourceChanges": {"same": 7}, "result": "succeeded"}}


def read(*events: Any, code: int = 0, environment: dict[str, str] | None = None) -> StackPreview:
    reader = Events(Scrub(environment or {}))
    for event in events:
        reader.read(event if isinstance(event, str) else json.dumps(event))
    return reader.result("prod", code, new=False, seconds=1.0)


def planned(op: str, name: str, old: Any = None, new: Any = None, **more: Any) -> dict[str, Any]:
    metadata = {"op": op, "urn": URN + name, "type": "azuread:index/group:Group", "logical": True}
    return {"resourcePreEvent": {"metadata": metadata | {"old": old, "new": new, "detailedDiff": None} | more}}


def state(**inputs: Any) -> dict[str, Any]:
    return {"inputs": inputs, "outputs": {}}


def diagnostic(severity: str, message: str) -> dict[str, Any]:
    return {"diagnosticEvent": {"severity": severity, "message": message}}


def policy(name: str, level: str, message: str, urn: str = URN + "admins") -> dict[str, Any]:
    event = {"policyName": name, "enforcementLevel": level, "message": message, "resourceUrn": urn, "severity": "high"}
    return {"policyEvent": event}


def test_steps_that_change_something_and_no_others() -> None:
    found = read(
        PRELUDE,
        planned("same", "a", state(x=1), state(x=1)),
        planned("read", "b", None, state(x=1)),
        planned("create", "c", None, state(displayName="c")),
        planned("update", "d", state(x=1), state(x=2)),
        planned("delete", "e", state(x=1), None),
        planned("create-replacement", "f", state(x=1), state(x=2), logical=False),
        planned("replace", "f", state(x=1), state(x=2), keys=["x"]),
        planned("delete-replaced", "f", state(x=1), None, logical=False),
        END,
    )
    assert [(step.op, step.name) for step in found.steps] == [
        ("create", "c"),
        ("update", "d"),
        ("delete", "e"),
        ("replace", "f"),
    ]
    assert found.steps[1] == Step("update", "azuread:Group", "d", (PropertyChange("x", 1, 2),))
    assert found.steps[3].because == ("x",)
    assert (found.outcome, found.unchanged) == ("previewed", 7)


def test_what_inputs_alone_dont_show_is_shown_whole() -> None:
    old, new = state(tags=["a", "b"], name="x", other=1), state(tags=["b", "a"], name="y", other=1)
    both = planned("update", "a", old, new, detailedDiff={"tags[0]": {}, "tags[1]": {}, "name": {}})
    moved = planned("update", "b", old, {**new, "inputs": {**new["inputs"], "name": "x"}}, detailedDiff={"tags[0]": {}})
    found = read(PRELUDE, both, moved, END)
    tags = PropertyChange("tags", ["a", "b"], ["b", "a"])
    assert found.steps[0].changes == (PropertyChange("name", "x", "y"), tags)
    assert found.steps[1].changes == (tags,)


def test_a_refresh_tells_what_was_changed_by_hand() -> None:
    def refreshed(name: str, old: Any, new: Any, detailed: Any = None) -> dict[str, Any]:
        metadata = {"op": "refresh", "urn": URN + name, "type": "azuread:index/group:Group"}
        return {"resOutputsEvent": {"metadata": metadata | {"old": old, "new": new, "detailedDiff": detailed}}}

    found = read(
        PRELUDE,
        refreshed("as it was", state(x=1), state(x=1)),
        refreshed("changed", state(x=1), state(x=2), {"x": {}}),
        refreshed("in another order", state(x=["a", "b"]), state(x=["b", "a"]), {"x[0]": {}, "x[1]": {}}),
        refreshed("gone", state(x=1), None),
        END,
    )
    assert [(step.op, step.name) for step in found.drift] == [("changed", "changed"), ("gone", "gone")]
    assert found.steps == ()


def test_a_mandatory_violation_is_no_failure_of_the_preview() -> None:
    found = read(
        PRELUDE,
        policy("names", "advisory", "Named alike.\nnames: it is x. Call it y"),
        policy("tags", "mandatory", "Tagged.\ntags: none is there. Add tags. Two of them"),
        policy("tags", "mandatory", "Tagged.\ntags: none is there. Add tags. Two of them"),
        policy("other", "mandatory", "In one line", "urn:pulumi:prod::airflow-entra::pulumi:pulumi:Stack::s"),
        diagnostic("error", "preview failed\n"),
        END | {"summaryEvent": {"result": "failed"}},
        code=1,
    )
    assert found.outcome == "previewed"
    assert found.errors == ()
    assert [(one.id, one.severity) for one in found.violations] == [
        ("policy/tags", "error"),
        ("policy/other", "error"),
        ("policy/names", "warning"),
    ]
    first = found.violations[0]
    assert (first.where, first.right) == ("admins", "Tagged.")
    assert (first.what, first.fix) == ("none is there", "Add tags. Two of them")
    assert (found.violations[1].where, found.violations[1].what) == ("the stack", "In one line")
    assert all((one.right, one.fix) for one in found.violations)


def test_a_program_that_fails_has_said_why() -> None:
    found = read(
        PRELUDE,
        diagnostic("warning", "sessions outlive tokens\n"),
        diagnostic("error", "stacks/Pulumi.prod.yaml:3:1: no such group\n"),
        diagnostic("error", "an unhandled error occurred: program exited with non-zero exit code: 1\n"),
        diagnostic("debug", "registering"),
        END | {"summaryEvent": {"result": "failed"}},
        code=1,
    )
    assert (found.outcome, [one.id for one in found.findings]) == ("failed", ["preview/failed"])
    assert found.errors == ("stacks/Pulumi.prod.yaml:3:1: no such group",)
    assert found.warnings == ("sessions outlive tokens",)


@pytest.mark.parametrize(
    "events",
    [
        [PRELUDE, planned("create", "a", None, state(x=1))],
        [PRELUDE, planned("create", "a", None, state(x=1)), json.dumps(END)[:-5]],
        [PRELUDE, json.dumps(planned("create", "a", None, state(x=1)))[:40], END],
        [PRELUDE, "[" * 100_000, END],
        [PRELUDE, {"summaryEvent": {"resourceChanges": {"same": 1}, "result": "failed"}}],
    ],
    ids=["no summary", "a cut summary", "a cut event", "a nest", "a failed summary"],
)
def test_a_part_of_a_preview_is_no_preview_whatever_the_exit_code(events: list[Any]) -> None:
    found = read(*events)
    assert (found.outcome, [finding.id for finding in found.findings]) == ("failed", ["preview/failed"])
    assert "summary" in found.errors[-1]


@pytest.mark.parametrize("result", ["failed", "succeeded"])
def test_an_error_that_pulumi_reports_is_a_failure_whatever_the_exit_code(result: str) -> None:
    found = read(PRELUDE, diagnostic("error", "boom"), {"summaryEvent": {"result": result}})
    assert (found.outcome, found.errors) == ("failed", ("boom",))


def test_a_name_forges_no_other_resource() -> None:
    forged = ["x::airflow-local-viewers", "x::pulumi:pulumi:Stack::y"]
    steps = [planned("create", name, None, state(x=1)) for name in forged]
    found = read(PRELUDE, *steps, *(policy("p", "mandatory", "No", URN + name) for name in forged), END, code=1)
    assert [step.name for step in found.steps] == forged
    assert [finding.where for finding in found.violations] == forged


def test_words_besides_the_events_of_a_preview_that_succeeded_are_no_failure() -> None:
    assert read(PRELUDE, "warning: a new version of Pulumi is available", END).outcome == "previewed"


def test_an_engine_that_never_came_to_the_stack() -> None:
    found = read("error: unable to open bucket azblob://state", code=1)
    assert (found.outcome, found.errors) == ("not started", ("unable to open bucket azblob://state",))


def test_secrets_that_the_engine_did_not_know_are_hidden() -> None:
    token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0x.c2lnbmF0dXJl"
    found = read(
        PRELUDE,
        planned("create", "a", None, state(password="short", note=f"Bearer {token}", value="deployer-secret")),
        policy("tags", "mandatory", f"x: {token}. deployer-secret"),
        diagnostic("error", "AADSTS7000215: deployer-secret is wrong"),
        code=1,
        environment={"ARM_CLIENT_SECRET": "deployer-secret"},
    )
    said = repr(found)
    for secret in (token, "short", "deployer-secret"):
        assert secret not in said
    assert said.count("[secret]") >= 4


@given(st.dictionaries(st.text(max_size=5), st.none() | st.integers() | st.text() | st.lists(st.text())) | st.text())
def test_lines_that_are_no_event_end_nothing(line: Any) -> None:
    read(PRELUDE, line if isinstance(line, str) else json.dumps(line), END)
