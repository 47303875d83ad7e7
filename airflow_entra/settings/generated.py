"""The files that are made of the model, kept in the repository so that people and editors find them."""

from __future__ import annotations

from pathlib import Path

from airflow_entra.settings.reference import reference_text
from airflow_entra.settings.schema import FILE, schema_text
from airflow_entra.settings.stack_file import FOLDER


def write_schema(root: Path, *, check: bool = False) -> list[Path]:
    """Write the JSON Schema and the reference page below `root`; returns those that were (with `check`: are) stale."""
    wanted = {root / FOLDER / FILE: schema_text(), root / "docs" / "stack-file.md": reference_text()}
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    for path in () if check else stale:
        path.parent.mkdir(exist_ok=True)
        path.write_text(wanted[path], "utf-8")
    return stale
