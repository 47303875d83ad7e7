"""What a preview's steps come to in what bootstrap shows."""

from __future__ import annotations

import json
from typing import Any

from airflow_entra.bootstrap.run import _steps
from airflow_entra.preview.events import Events
from airflow_entra.pulumi.resource_types import COMPONENTS
from airflow_entra.pulumi.scrub import Scrub
from airflow_entra.report.bootstrap import Step


def created(type_: str, name: str) -> dict[str, Any]:
    metadata = {"op": "create", "type": type_, "urn": f"urn:pulumi:a::b::{type_}::{name}", "logical": True}
    return {"resourcePreEvent": {"metadata": metadata | {"new": {"inputs": {}}}}}


def test_only_what_is_made_in_azure_is_shown() -> None:
    events = Events(Scrub({}))
    for event in (
        created("pulumi:pulumi:Stack", "stack"),
        created(f"{COMPONENTS}Pipelines", "pipelines"),
        created("azuread:index/application:Application", "preview"),
        created("azure-native:storage:StorageAccount", "account"),
    ):
        events.read(json.dumps(event))
    found = events.result("bootstrap", 0, new=False, seconds=0.0)
    assert list(_steps(found)) == [
        Step("create", "Application", "preview"),
        Step("create", "StorageAccount", "account"),
    ]
