"""Nothing finds without saying what to do about it, and every id is documented."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import jsonschema
import pytest

from airflow_entra.access.risks import REMEDIES
from airflow_entra.settings.kinds import KINDS
from tests.escape.writers import WRITERS, Writer
from tests.report.findings_page import (
    PAGE,
    POPULATION,
    PRODUCT,
    SCHEMA,
    Made,
    everything,
    made,
    page,
    schema,
    schema_of_a_population,
)

FIND = ("audit", "check", "diff", "import", "preview", "rotate")


def test_the_pages_are_what_the_code_says() -> None:
    assert PAGE.read_text("utf-8") == page(), "make docs"
    assert SCHEMA.read_text("utf-8") == schema(), "make docs"
    assert POPULATION.read_text("utf-8") == schema_of_a_population(), "make docs"


@pytest.mark.parametrize("finding", list(made()), ids=lambda finding: str(finding.place))
def test_a_finding_says_all_four_parts(finding: Made) -> None:
    for part in ("where", "what", "right", "fix"):
        if part in ("right", "fix") and any(isinstance(one, ast.Starred) for one in finding.parts.values()):
            continue
        assert part in finding.parts, f"{finding.place} has no {part}"
        words = finding.parts[part]
        assert not isinstance(words, ast.Constant) or str(words.value).strip(), f"{finding.place}: {part} is empty"


@pytest.mark.parametrize("finding", [one for one in made() if one.by_itself], ids=lambda finding: str(finding.place))
def test_a_finding_has_an_id(finding: Made) -> None:
    assert finding.ids or "policy/" in ast.unparse(finding.parts["id"])
    assert all(re.fullmatch(r"[a-z]+/[a-z-]+", id_) for id_ in finding.ids)


def test_every_risk_has_a_remedy_and_every_remedy_a_risk() -> None:
    source = (PRODUCT / "access" / "risks.py").read_text("utf-8").partition("REMEDIES = {")[2].partition("\n}")[2]
    flagged = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', source)) | {"production-admin-widened", "production-op-widened"}
    assert flagged == set(REMEDIES)
    assert all(part.strip() for remedy in REMEDIES.values() for part in remedy)


def test_no_id_is_two_findings() -> None:
    families = everything()
    ids = [id_ for found in families.values() for id_, _ in found]
    assert len(ids) == len(set(ids))
    assert not set(ids) & set(KINDS)


@pytest.mark.parametrize("writer", [one for one in WRITERS if one.command in FIND and one.form == "json"], ids=str)
def test_json_is_of_one_shape_whatever_found_it(writer: Writer) -> None:
    found: list[dict[str, Any]] = json.loads(writer.write("Ada"))["findings"]
    assert found
    for finding in found:
        jsonschema.validate(finding, json.loads(SCHEMA.read_text("utf-8")))
