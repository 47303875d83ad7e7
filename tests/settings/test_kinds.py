"""Every mistake is of a kind that kinds.py explains, and every kind there is one that is found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from airflow_entra.settings import checks
from airflow_entra.settings.check import check
from airflow_entra.settings.kinds import KINDS, Kind

ROOM = Path(__file__).parents[2] / "airflow_entra" / "settings"
EVERYTHING = (Path(__file__).parent / "data" / "everything.yaml").read_text("utf-8")


def test_every_rule_is_explained_and_nothing_else_is() -> None:
    rules = {rule.id for rule in checks.RULES}
    written = set(re.findall(r'"((?:file|yaml|settings|credential|across)/[a-z-]+)"', _sources()))
    assert rules | written == set(KINDS)
    assert len(rules) == len(checks.RULES)


def _sources() -> str:
    return "".join(file.read_text("utf-8") for file in ROOM.rglob("*.py") if file.name != "kinds.py")


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: str(kind.name))
def test_a_kind_says_what_it_is_and_where_it_comes_from(kind: Kind) -> None:
    assert all(len(words) > 5 for words in (kind.name, kind.title, kind.why))
    assert kind.link.startswith("https://")


@pytest.mark.parametrize(
    ("old", "new", "kinds"),
    [
        ("environment: production", "environment: prod", ["settings/not-one-of"]),
        ("environment: production", "environment:", ["settings/no-value"]),
        ("environment: production", "enviroment: production", ["settings/unknown-key"]),
        ("environment: production", "environment: [a]", ["settings/not-one-of"]),
        ("assignmentRequired: true", "assignmentRequired: often", ["settings/wrong-type"]),
        ("url: https://airflow.contoso.com/data", "url: ftp://a", ["settings/invalid-value"]),
        ("secretName: airflow-oauth-client-secret", "password: x", ["settings/plain-secret"]),
        ("longestDagRun: 6h", "longestDagRun: 12h", ["lifetimes/longest-run-outlasts"] * 2),
        ("    licence: P1\n", "", ["settings/missing-key"]),
        ("[read, trigger, edit]", "[read, read]", ["access/actions-once"]),
        ("[read, trigger, edit]", "[]", ["settings/count"]),
        ("finance_*:", "*finance:", ["yaml/key-is-no-word"]),
        ("finance_*: [", "finance_*: [[", ["yaml/not-yaml"]),
        ("team: data-platform", "team: a\n    team: b", ["yaml/repeated-key"]),
        ("team: data-platform", f"team: {'[' * 30}{']' * 30}", ["yaml/nests-too-deep"]),
        ("      rule: user", "      rule: !x user", ["yaml/tag"]),
    ],
)
def test_a_mistake_is_of_its_kind(old: str, new: str, kinds: list[str], tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.x.yaml"
    assert old in EVERYTHING
    file.write_text(EVERYTHING.replace(old, new, 1), "utf-8")
    assert [finding.id for finding in check([file]).findings] == kinds


def test_what_is_no_file_is_of_its_kind_too(tmp_path: Path) -> None:
    assert [finding.id for finding in check([tmp_path / "none.yaml"]).findings] == ["file/unreadable"]
