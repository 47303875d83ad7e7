"""Change a stack file in place and keep its comments and layout."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from airflow_entra.finding import Loc

_LAYOUTS = ({"sequence": 4, "offset": 2}, {"sequence": 2, "offset": 0})  # Pulumi's own first


def edit(path: Path, changes: Mapping[Loc, object]) -> bool:
    """Set each value of `changes` (None deletes) at its path below `config`; returns whether the file changed.

    A path is ("airflow-entra:roles", "Admin", "groups", 0, "id"); its last step may be new, the steps before it must
    exist, else KeyError or IndexError and nothing is written. A change that says what the file says already leaves its
    bytes alone. The new file replaces the old one in one step.
    """
    written = path.read_bytes().decode("utf-8")
    text = written.replace("\r\n", "\n")
    yaml, document = _same_layout(text)
    changed = [_apply(document["config"], loc, value) for loc, value in changes.items()]
    if not any(changed):
        return False
    line_end = "\r\n" if text != written else "\n"
    _replace(path, _dumped(yaml, document).replace("\n", line_end))
    return True


def _apply(config: Any, loc: Loc, value: object) -> bool:
    *steps, last = loc
    container = config
    for step in steps:
        container = container[step]
    present = (
        last in container if isinstance(container, CommentedMap) else isinstance(last, int) and last < len(container)
    )
    if value is None:
        if present:
            del container[last]
        return present
    if present and container[last] == value:
        return False
    container[last] = value
    return True


def _same_layout(text: str) -> tuple[YAML, Any]:
    """A writer that gives `text` back as it is, where one of the usual layouts does, and the document in it."""
    candidates = [(yaml, _loaded(yaml, text)) for yaml in map(_writer, _LAYOUTS)]
    return next(((yaml, document) for yaml, document in candidates if _dumped(yaml, document) == text), candidates[0])


def _loaded(yaml: YAML, text: str) -> Any:
    document = yaml.load(text)
    _keep_anchors(document)
    return document


def _keep_anchors(node: object) -> None:
    """Also of values that no alias names: ruamel.yaml would drop those."""
    if isinstance(node, CommentedMap | CommentedSeq):
        if node.anchor.value is not None:
            node.anchor.always_dump = True
        for inner in node.values() if isinstance(node, CommentedMap) else node:
            _keep_anchors(inner)


def _writer(layout: dict[str, int]) -> YAML:
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 2**16  # never folds a line
    yaml.brace_single_entry_mapping_in_flow_sequence = True  # [{a: b}], not [a: b]
    yaml.indent(mapping=2, **layout)
    return yaml


def _dumped(yaml: YAML, document: object) -> str:
    stream = io.StringIO()
    yaml.dump(document, stream)
    return stream.getvalue()


def _replace(path: Path, text: str) -> None:
    target = path.resolve()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        temporary.chmod(target.stat().st_mode)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
