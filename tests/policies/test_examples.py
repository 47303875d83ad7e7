"""Every policy against its own documented examples, and the page that prints them."""

import subprocess
import sys
from pathlib import Path

import pytest

from policies import docs, examples
from policies.registry import RULES
from policies.rules import Finding, Rule

ROOT = Path(__file__).parents[2]

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def findings(rule: Rule, example: str) -> list[Finding]:
    resources = [each for each in examples.read(example) if rule.reads(each.type)]
    given = [resources] if rule.scope == "stack" else [[resource] for resource in resources]
    results = [result for part in given for result in rule.check(part, rule.with_defaults({}))]
    return [result for result in results if isinstance(result, Finding)]


@each_rule
def test_the_documented_violation_is_found(rule: Rule) -> None:
    (finding, *_) = findings(rule, rule.violation)
    assert rule.message(finding).startswith(f"{rule.name}: ")


@each_rule
def test_the_documented_remedy_passes(rule: Rule) -> None:
    assert findings(rule, rule.compliance) == []


@each_rule
def test_a_declaration_says_all_that_a_reviewer_asks(rule: Rule) -> None:
    assert rule.description.endswith(".")
    assert rule.reason.endswith(".")
    assert rule.controls
    assert rule.source.startswith("https://")
    assert all(setting.schema["description"] for setting in rule.settings)


def test_names_are_unique() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_the_page_is_current() -> None:
    assert (ROOT / "docs" / "policies.md").read_text() == docs.page().rstrip("\n") + "\n", (
        "run `python -m policies.docs > docs/policies.md`"
    )


def test_the_page_is_written_by_its_command() -> None:
    written = subprocess.run(
        [sys.executable, "-m", "policies.docs"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert written.stdout == (ROOT / "docs" / "policies.md").read_text()
