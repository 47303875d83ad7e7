"""Azure DevOps pipelines as Azure reads them: templates put in, every scalar a text; and Microsoft's JSON Schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import yaml

FOLDER = Path(__file__).parents[2] / "pipelines" / "azure-devops"
PIPELINES = ("preview.yml", "deploy.yml", "nightly.yml", "rotate.yml") if FOLDER.is_dir() else ()
_EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")
_EACH = re.compile(r"\$\{\{ each (\w+) in parameters\.(\w+) \}\}")
_IF = re.compile(r"\$\{\{ if parameters\.(\w+) \}\}")
_ELSE = "${{ else }}"


def pipeline(name: str) -> dict[str, Any]:
    """A pipeline with its stage templates put in, as Azure expands it before anything runs."""
    loaded = _load(name)
    defaults = {one["name"]: one.get("default", "") for one in loaded.pop("parameters", [])}
    expanded: dict[str, Any] = _expanded(loaded, defaults)
    if "stages" in expanded:
        expanded["stages"] = [stage for entry in expanded["stages"] for stage in _stages(entry)]
    return expanded


def jobs(whole: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every job, wherever it stands."""
    for stage in whole.get("stages", [whole]):
        yield from stage["jobs"]


def steps(job: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = job["strategy"]["runOnce"]["deploy"]["steps"] if "deployment" in job else job["steps"]
    assert isinstance(found, list)
    return found


def script(step: Mapping[str, Any]) -> str:
    """What a step runs in a shell; nothing where it runs none."""
    return str(step.get("bash") or step.get("inputs", {}).get("inlineScript") or "")


def connection(step: Mapping[str, Any]) -> str | None:
    """The service connection whose identity the step has."""
    found: str | None = step.get("inputs", {}).get("azureSubscription")
    return found


def wrong(whole: Mapping[str, Any]) -> list[str]:
    """What the schema says against an expanded pipeline."""
    found = []
    for error in _validator().iter_errors(whole):
        deepest = max(_leaves(error), key=lambda leaf: len(leaf.absolute_path))
        found.append(f"{deepest.json_path}: {deepest.message}")
    return found


def _stages(entry: dict[str, Any]) -> list[dict[str, Any]]:
    if "template" not in entry:
        return [entry]
    template = _load(entry["template"])
    declared = {one["name"]: one for one in template.pop("parameters", [])}
    given = entry.get("parameters", {})
    assert given.keys() <= declared.keys(), f"{entry['template']} knows no {given.keys() - declared.keys()}"
    assert all(name in given or "default" in one for name, one in declared.items()), entry
    values = {name: given.get(name, one.get("default")) for name, one in declared.items()}
    stages = _expanded(template, values)["stages"]
    assert isinstance(stages, list)
    return stages


def _expanded(value: Any, names: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return _mapping(value, names)
    if isinstance(value, list):
        return [item for one in value for item in _items(one, names)]
    whole = _EXPRESSION.fullmatch(value)
    if whole:
        return _value(whole[1], names)
    return _EXPRESSION.sub(lambda found: str(_value(found[1], names)), value)


def _mapping(value: dict[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    expanded: dict[str, Any] = {}
    chosen = False
    for key, inner in value.items():
        condition = _IF.fullmatch(key)
        if condition:
            chosen = bool(names[condition[1]])
        if condition or key == _ELSE:
            if chosen is bool(condition):
                expanded |= _expanded(inner, names)
        else:
            expanded[key] = _expanded(inner, names)
    return expanded


def _items(value: Any, names: Mapping[str, Any]) -> list[Any]:
    loop = _EACH.fullmatch(next(iter(value))) if isinstance(value, dict) and len(value) == 1 else None
    if not loop:
        return [_expanded(value, names)]
    inner = next(iter(value.values()))
    return [item for each in names[loop[2]] for item in _expanded(inner, {**names, loop[1]: each})]


def _value(expression: str, names: Mapping[str, Any]) -> Any:
    replaced = re.fullmatch(r"replace\((?:parameters\.)?(\w+), '(.)', '(.)'\)", expression)
    if replaced:
        return names[replaced[1]].replace(replaced[2], replaced[3])
    return names[expression.removeprefix("parameters.")]


def _load(name: str) -> dict[str, Any]:
    loaded = yaml.load((FOLDER / name).read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 -- texts only
    assert isinstance(loaded, dict)
    return loaded


@cache
def _validator() -> jsonschema.Draft7Validator:
    """Of azure-pipelines-vscode, which check-jsonschema brings along; types as Azure sees them, in texts."""
    schema = json.loads(files("check_jsonschema.builtin_schemas").joinpath("vendor/azure-pipelines.json").read_text())
    types = jsonschema.Draft7Validator.TYPE_CHECKER.redefine_many(
        {
            "boolean": lambda _, value: value in ("true", "false"),
            "integer": lambda _, value: isinstance(value, str) and value.isdecimal(),
        }
    )
    extend: Any = jsonschema.validators.extend
    validator: jsonschema.Draft7Validator = extend(jsonschema.Draft7Validator, type_checker=types)(schema)
    return validator


def _leaves(error: jsonschema.ValidationError) -> Iterator[jsonschema.ValidationError]:
    if not error.context:
        yield error
    for cause in error.context or ():
        yield from _leaves(cause)
