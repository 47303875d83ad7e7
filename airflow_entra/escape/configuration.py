"""Foreign text in files that programs read: YAML, Python, Helm's values, Compose."""

from __future__ import annotations

import json
import re

import yaml
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from airflow_entra.escape.terminal import line

_NOT_PRINTED = re.compile(
    "[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\x7f\x85\u2028\u2029]"
)


def yaml_value(value: object) -> str:
    """A value of YAML on one line. JSON is YAML, once the characters that YAML does not print are written as codes."""
    return _NOT_PRINTED.sub(lambda one: json.dumps(one.group())[1:-1], json.dumps(value, ensure_ascii=False))


def yaml_scalar(text: str) -> str:
    """`text` as ruamel.yaml is to write it: in quotes, unless every reader of YAML takes it for this very text.

    Pulumi and PyYAML read YAML 1.1, where yes is true, 1:30 is 90, and more characters end a line.
    """
    return text if text.isprintable() and _means_itself(text) else DoubleQuotedScalarString(text)


def _means_itself(text: str) -> bool:
    try:
        return bool(yaml.safe_load(text) == text)
    except (yaml.YAMLError, ValueError):
        return False


def comment(text: str) -> str:
    """Text of a comment, in YAML and wherever else a comment ends with its line."""
    return line(text)


def python_value(value: str | list[str]) -> str:
    """A Python value of texts: whatever JSON escapes in a text, Python escapes alike."""
    return yaml_value(value)


def helm(text: str) -> str:
    """Text for a value that Helm passes through its templates."""
    return text.replace("{{", '{{ "{{" }}')


def compose(text: str) -> str:
    """Text for a Compose file, where a dollar sign begins a variable."""
    return text.replace("$", "$$")
