"""What holds for every stack of a repository stands beside the pack."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from policies.configuration import ConfigurationError, configuration
from policies.registry import RULES
from tests.policies.judging import ROOT, Stack

NAMES = {rule.name for rule in RULES}


def test_without_a_file_nothing_is_said(tmp_path: Path) -> None:
    assert configuration(NAMES, tmp_path / "configuration.json") == {}
    assert configuration(NAMES) == {}, "ours has none"


def test_a_level_and_settings(tmp_path: Path) -> None:
    file = tmp_path / "configuration.json"
    file.write_text(json.dumps({"tags": "disabled", "secrets-expire": {"maxDays": 90}}))
    assert configuration(NAMES, file) == {"tags": {"enforcementLevel": "disabled"}, "secrets-expire": {"maxDays": 90}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no JSON"),
        ("[]", "no object of policies"),
        ('{"two-owners": "disabled"}', "no policy is called 'two-owners'"),
        ('{"tags": 3}', "neither a level nor an object"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "configuration.json"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=words):
        configuration(NAMES, file)


@pytest.mark.engine
def test_the_engine_takes_it_and_stops_where_it_cannot(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "policies", tmp_path / "policies", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / "stack").mkdir()
    stack = Stack(tmp_path / "stack", tmp_path / "policies")
    program, file = tmp_path / "program.yaml", tmp_path / "policies" / "configuration.json"
    program.write_text(
        yaml.safe_dump({"resources": {"part": {"type": "random:index/randomId:RandomId", "properties": {}}}})
    )
    refused = stack.run(program)
    assert list(refused.violations) == ["known-types-only"], refused.said
    file.write_text(json.dumps({"known-types-only": {"allowed": {"random:RandomId": "part of the vault's name"}}}))
    passed = stack.run(program)
    assert (passed.code, passed.violations) == (0, {}), passed.said
    file.write_text(json.dumps({"known-types-only": {"allowed": {"random:Other": "an example"}}}))
    assert stack.run(program).levels == {"known-types-only": "mandatory"}, "settings change no level"
    file.write_text("{")
    stopped = stack.run(program)
    assert stopped.code != 0
    assert "configuration.json: it is no JSON" in stopped.said
