"""SARIF 2.1.0: the objects that are written, by the rules of the specification, and whatever the file says.

The rules are those of the specification's sections (3.14 run, 3.27 result, 3.49 reportingDescriptor),
in the words of JSON Schema; the whole official schema isn't carried along. Microsoft's `sarif-multitool validate` with
the rule kinds Sarif and Ghas was run by hand: it says nothing but that informationUri is missing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra.finding import Finding, InFile
from airflow_entra.report.findings import placed
from airflow_entra.report.findings_sarif import sarif
from airflow_entra.settings.kinds import KINDS

pytestmark = pytest.mark.slow

ROOT = Path("/repo")


def _object(required: str, **properties: Any) -> dict[str, Any]:
    names = required.split()
    return {"type": "object", "additionalProperties": False, "required": names, "properties": properties}


_STRING = {"type": "string"}
_SAID = {"type": "string", "minLength": 1}
_URI = {"type": "string", "pattern": r"^([a-z][a-z0-9+.-]*:|)[\x21-\x7e]*$"}
_HTTPS = {"type": "string", "pattern": r"^https://[\x21-\x7e]+$"}
_NATURAL = {"type": "integer", "minimum": 0}
_FROM_1 = {"type": "integer", "minimum": 1}
_MESSAGE = _object("text", text=_SAID, markdown=_SAID)
_LOCATION = _object(
    "physicalLocation",
    physicalLocation=_object(
        "artifactLocation region",
        artifactLocation=_object("uri", uri=_URI, uriBaseId=_STRING),
        region=_object("startLine startColumn", startLine=_FROM_1, startColumn=_FROM_1),
    ),
)
_RULE = _object(
    "id",
    id=_SAID,
    name={"type": "string", "pattern": "^[A-Z][A-Za-z0-9]+$"},
    shortDescription=_MESSAGE,
    fullDescription=_MESSAGE,
    help=_MESSAGE,
    helpUri=_HTTPS,
    properties=_object("tags", tags={"type": "array", "items": _STRING, "uniqueItems": True}),
)
_RESULT = _object(
    "message",
    ruleId=_SAID,
    ruleIndex=_NATURAL,
    level={"enum": ["none", "note", "warning", "error"]},
    message=_MESSAGE,
    locations={"type": "array", "items": _LOCATION},
    partialFingerprints={"type": "object", "additionalProperties": _STRING},
)
_RUN = _object(
    "tool results",
    tool=_object("driver", driver=_object("name", name=_SAID, version=_SAID, rules={"type": "array", "items": _RULE})),
    automationDetails=_object("", id=_SAID),
    invocations={
        "type": "array",
        "items": _object("executionSuccessful", executionSuccessful={"type": "boolean"}, exitCode={"type": "integer"}),
    },
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results={"type": "array", "items": _RESULT},
)
_LOG = _object("version runs", **{"$schema": _HTTPS, "version": {"const": "2.1.0"}, "runs": {"type": "array"}})
_LOG["properties"]["runs"]["items"] = _RUN


def mistake(what: str = "w", file: str = "/repo/stacks/a.yaml", line: int = 3, kind: str = "yaml/tag") -> Finding:
    return Finding(InFile(Path(file), line, 7), what, "r", "f", id=kind, unusable=True)


def log(*mistakes: Finding) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(sarif(mistakes, ROOT, "1.2"))
    jsonschema.validate(said, _LOG)
    return said


def results(*mistakes: Finding) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = log(*mistakes)["runs"][0]["results"]
    return found


def fingerprints(*mistakes: Finding) -> list[str]:
    return [one["partialFingerprints"]["airflowEntraMistake/v1"] for one in results(*mistakes)]


def test_a_mistake_has_its_rule_and_place() -> None:
    run = log(mistake())["runs"][0]
    (one,) = run["results"]
    assert one["ruleId"] == "yaml/tag" == run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"]
    place = one["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "stacks/a.yaml", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 3, "startColumn": 7}
    assert one["level"] == "error"
    assert run["invocations"][0]["exitCode"] == 2


def test_every_kind_is_a_rule_once() -> None:
    rules = log()["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(KINDS)
    assert len({rule["name"] for rule in rules}) == len(rules)


def test_what_is_in_no_file_stands_in_its_stacks_and_has_a_rule() -> None:
    found = Finding("group Admins", "nobody owns it", "r", "f", id="audit/group-owner", severity="warning", stack="dev")
    run = log(*placed([found, mistake()], lambda stack: Path(f"/repo/stacks/Pulumi.{stack}.yaml")))["runs"][0]
    first, second = run["results"]
    assert first["message"]["text"].startswith("group Admins: nobody owns it")
    place = first["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("stacks/Pulumi.dev.yaml", 1)
    rules = run["tool"]["driver"]["rules"]
    assert [rules[one["ruleIndex"]]["id"] for one in (first, second)] == ["audit/group-owner", "yaml/tag"]


def test_no_mistake_is_an_empty_list_and_a_warning_no_failure() -> None:
    assert log()["runs"][0]["results"] == []
    one = Finding(InFile(Path("a"), 1, 1), "w", "r", "f", severity="warning", id="yaml/tag")
    run = log(one)["runs"][0]
    assert (run["results"][0]["level"], run["invocations"][0]["exitCode"]) == ("warning", 0)


def test_a_mistake_stays_the_same_when_lines_move() -> None:
    before, after = mistake("twice, first at line 3, column 1", line=9), mistake("twice, first at line 5, column 1")
    assert fingerprints(before) == fingerprints(after)
    assert len({*fingerprints(before, before, mistake("other"), mistake(kind="yaml/not-yaml"))}) == 4


def test_a_name_puts_no_link_into_an_alert() -> None:
    assert "](" not in results(mistake("[click](https://evil.example)"))[0]["message"]["text"]


def test_what_a_host_shows_of_an_alert_moves_no_cursor() -> None:
    foreign = "g\u202egpj \x1b[31m\n::error::x\r"
    placed_at = InFile(Path("a"), 1, 1)
    run = log(Finding(placed_at, foreign, foreign, foreign, id=f"policy/{foreign}"))["runs"][0]
    (found,) = run["results"]
    rule = run["tool"]["driver"]["rules"][found["ruleIndex"]]
    assert rule["id"] == found["ruleId"]
    assert "".join((found["message"]["text"], found["ruleId"], rule["name"])).isprintable()


@given(name=st.text(min_size=1, max_size=20).filter(lambda t: not {"/", "\0"} & set(t) and t not in (".", "..")))
def test_any_file_name_is_a_uri_that_leads_back(name: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in name):
        return
    for folder in ("/repo", "/else"):
        uri = results(mistake(file=f"{folder}/{name}"))[0]["locations"][0]["physicalLocation"]["artifactLocation"][
            "uri"
        ]
        assert unquote(urlsplit(uri).path).endswith(name)


@given(what=st.text(min_size=1, max_size=60))
def test_any_text_is_json(what: str) -> None:
    assert results(mistake(what))[0]["message"]["text"].endswith("; r; f")
