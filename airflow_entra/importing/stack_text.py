"""A drafted stack file as text, in the layout that Pulumi itself writes, and onto the disk without overwriting."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from airflow_entra.escape.configuration import comment, yaml_scalar
from airflow_entra.importing.draft import Draft
from airflow_entra.settings.schema import HEADER

_WIDER_THAN_ANY_LINE = 2**16


def stack_text(draft: Draft, about: str) -> str:
    """The text of the stack file; `about` is one line of comment on top."""
    yaml = YAML()
    yaml.width = _WIDER_THAN_ANY_LINE
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump({"config": _commented(draft.config, draft.labels)}, stream)
    return f"{HEADER}\n# {comment(about)}\n{stream.getvalue()}"


def write_new(file: Path, text: str, *, overwrite: bool) -> None:
    """Raises FileExistsError where the file is there and was not to be overwritten, and OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w" if overwrite else "x", encoding="utf-8") as target:
        target.write(text)


def _commented(value: Any, labels: Mapping[str, str]) -> Any:
    """`value` as ruamel.yaml writes it: ids in lists with a comment that says whose they are."""
    if isinstance(value, Mapping):
        mapping = CommentedMap()
        for key, inner in value.items():
            mapping[yaml_scalar(key)] = _commented(inner, labels)
        return mapping
    if isinstance(value, list):
        sequence = CommentedSeq(_commented(inner, labels) for inner in value)
        for index, inner in enumerate(value):
            if isinstance(inner, str) and inner in labels:
                sequence.yaml_add_eol_comment(comment(labels[inner]), index, column=0)
        return sequence
    return yaml_scalar(value) if isinstance(value, str) else value
