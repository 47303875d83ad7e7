"""The pack in the real engine, on a program that isn't ours: what it blocks, what passes, how it is configured."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from policies.registry import RULES
from policies.rules import Rule
from policies.session import SIGN_IN_BOUNDED
from tests.policies.judging import Judged, Stack

HERE = Path(__file__).parent

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    return Stack(tmp_path_factory.mktemp("stack"))


def merged(rules: Sequence[Rule], file: Path) -> Path:
    """The documented violations in one program, each with names of its own."""
    document: dict[str, Any] = {"resources": {}}
    for rule in rules:
        example = yaml.safe_load(rule.violation.replace("${", f"${{{rule.name}-"))
        document["resources"] |= {f"{rule.name}-{name}": each for name, each in example["resources"].items()}
        document.setdefault("outputs", {}).update(example.get("outputs", {}))
    file.write_text(yaml.safe_dump(document))
    return file


@pytest.fixture(scope="module")
def violated(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    folder = tmp_path_factory.mktemp("violations")
    return stack.run(merged([rule for rule in RULES if rule is not SIGN_IN_BOUNDED], folder / "violations.yaml"))


@pytest.fixture(scope="module")
def unbounded(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """By itself: another example's Conditional Access policy would bound the sign-in."""
    return stack.run(merged([SIGN_IN_BOUNDED], tmp_path_factory.mktemp("unbounded") / "unbounded.yaml"))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_engine_reports_the_documented_violation(rule: Rule, violated: Judged, unbounded: Judged) -> None:
    violated = unbounded if rule is SIGN_IN_BOUNDED else violated
    assert violated.levels[rule.name] == rule.level, violated.said
    assert any(f"{rule.name}: " in message for message in violated.violations[rule.name])


def test_a_mandatory_violation_blocks(violated: Judged) -> None:
    assert violated.code != 0
    assert "single-tenant" in violated.said
    assert "Set signInAudience to AzureADMyOrg" in violated.said


def test_a_program_that_satisfies_all_passes(stack: Stack) -> None:
    passed = stack.run(HERE / "data" / "satisfies_all.yaml")
    assert passed.violations == {}, passed.said
    assert passed.code == 0, passed.said


def test_levels_and_settings_are_configurable(stack: Stack, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"secrets-expire": {"maxDays": 90, "enforcementLevel": "advisory"}}))
    passed = stack.run(HERE / "data" / "satisfies_all.yaml", "--policy-pack-config", str(config))
    assert passed.code == 0, passed.said
    assert passed.levels == {"secrets-expire": "advisory"}, passed.said
    assert "endDate allows 180 days. Set endDate to at most 90 days" in passed.violations["secrets-expire"][0]


def test_what_can_be_repaired_is_repaired_where_asked_for(stack: Stack, tmp_path: Path) -> None:
    repairable = [rule for rule in RULES if rule.repair]
    config = tmp_path / "config.json"
    config.write_text(json.dumps({rule.name: {"enforcementLevel": "remediate"} for rule in repairable}))
    passed = stack.run(merged(repairable, tmp_path / "repairable.yaml"), "--policy-pack-config", str(config))
    assert set(passed.remediated) == {rule.name for rule in repairable}, passed.said
    assert not {rule.name for rule in repairable} & set(passed.violations), passed.said
    assert passed.remediated["no-public-client"]["fallbackPublicClientEnabled"] is False
    assert passed.remediated["no-public-client"]["displayName"] == "Airflow"
