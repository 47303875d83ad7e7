"""A pipeline as plain data, for a configuration file, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from airflow_entra.access.pipeline import Pipeline


def write(pipeline: Pipeline) -> dict[str, Any]:
    """Lists, objects and text only."""
    described: dict[str, Any] = json.loads(json.dumps(asdict(pipeline)))
    return described


def read(described: Any) -> Pipeline:
    """The pipeline that `write` was given. Raises pydantic's ValidationError."""
    from pydantic import TypeAdapter

    return TypeAdapter(Pipeline).validate_python(described)
