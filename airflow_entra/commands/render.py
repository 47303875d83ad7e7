"""The deployed facts that Airflow's configuration is made of: a stack's outputs, from a file or from its target."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from airflow_entra.files import read_text
from airflow_entra.local.errors import LocalError
from airflow_entra.target import Target


def outputs_of(target: Target, file: Path | None) -> dict[str, Any]:
    """The stack's outputs, read from `file` where it is given. Raises LocalError, and PulumiError where Pulumi can't
    say."""
    if file is None:
        return target.outputs()
    try:
        outputs = json.loads(read_text(file))
    except ValueError:
        outputs = None
    if not isinstance(outputs, dict):
        raise LocalError(f"{file} holds no JSON object with a stack's outputs")
    return outputs
