"""The Pulumi program: the pipeline that the workspace's configuration describes, declared."""

from __future__ import annotations

import pulumi

from airflow_entra.bootstrap.described import read
from airflow_entra.components.pipelines import Pipelines


def run() -> None:
    """Declare everything and export what the CI system has to know."""
    declared = read(pulumi.Config().require_object("pipeline"))
    for name, value in Pipelines(declared).outputs.items():
        pulumi.export(name, value)
