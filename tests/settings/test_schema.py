"""The generated JSON Schema and reference page: current, and in agreement with what load accepts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from airflow_entra.settings import model
from airflow_entra.settings.generated import write_schema
from airflow_entra.settings.reference import reference_text
from airflow_entra.settings.schema import stack_schema

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((Path(__file__).parent / "data" / "good").glob("*.yaml")) + sorted((ROOT / "stacks").glob("*.yaml"))
EVERYTHING = Path(__file__).parent / "data" / "everything.yaml"


def _validator() -> jsonschema.Draft7Validator:
    jsonschema.Draft7Validator.check_schema(stack_schema())
    return jsonschema.Draft7Validator(stack_schema())


def _errors(text: str) -> list[str]:
    # As editors read it: YAML 1.2, in which 23:59:59 is text. BaseLoader makes text of everything but true and false.
    return [error.message for error in _validator().iter_errors(_typed(yaml.load(text, Loader=yaml.BaseLoader)))]  # noqa: S506


def _typed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _typed(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_typed(one) for one in value]
    return {"true": True, "false": False}.get(value, value)


@pytest.mark.parametrize("file", [EVERYTHING, *EXAMPLES], ids=lambda file: file.name)
def test_a_stack_file_that_loads_is_valid(file: Path) -> None:
    assert _errors(file.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("licence: P1", "license: P1"),
        ("licence: P1", "licence: P3"),
        ("environment: production", "environment: prod"),
        ("tokenLifetime: 8h", "tokenLifetime: 8 hours"),
        ("create: kv-airflow-prod", "create: kv"),
        ("finance-editor:", "finance editor:"),
        ("airflow-entra:owners:", "airflow-entra:owner:"),
        ("secretsprovider:", "secretprovider:"),
        ("          name: platform-on-call\n", ""),
    ],
)
def test_an_editor_shows_common_mistakes(old: str, new: str) -> None:
    text = EVERYTHING.read_text("utf-8")
    assert old in text
    assert _errors(text.replace(old, new, 1))


def test_the_files_made_of_the_model_are_current() -> None:
    assert write_schema(ROOT, check=True) == [], "run `airflow-entra schema`"


def test_writing_twice_changes_nothing(tmp_path: Path) -> None:
    assert len(write_schema(tmp_path)) == 2
    assert write_schema(tmp_path) == []


def _sections() -> list[type[model.Section]]:
    return [one for one in vars(model).values() if isinstance(one, type) and issubclass(one, model.Section)]


def test_every_key_is_on_the_reference_page_and_says_what_it_means() -> None:
    page = reference_text()
    for section in _sections():
        for field in section.model_fields.values():
            assert f"| `{field.alias}` |" in page
            assert field.description, f"{section.__name__}.{field.alias} has no description"


def test_defaults_are_shown_as_people_write_them() -> None:
    assert "| `90d` |" in reference_text()
    assert not re.search(r"\bP(T|\d+D)", reference_text())
