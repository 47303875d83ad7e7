"""What an import tries again: the form of a service principal's id, and what was refused for something that passes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from airflow_entra.importing.ids import Resource
from airflow_entra.importing.take_over import import_all
from airflow_entra.pulumi.resource_types import APPLICATION, PRINCIPAL
from airflow_entra.pulumi.runner import Json, Pulumi
from airflow_entra.pulumi.trouble import PulumiError

IDS: dict[Resource, str] = {
    (APPLICATION, "application"): "/applications/1",
    (PRINCIPAL, "service-principal"): "/servicePrincipals/2",
}


class FakePulumi(Pulumi):
    """Refuses the first import in these words, after the application came in."""

    def __init__(self, refusal: str) -> None:
        super().__init__(Path(), {}, "prod")
        self.refusal, self.imported = refusal, []

    refusal: str
    imported: list[list[str]]

    def import_(self, resources: Mapping[str, Any], *, protect: bool) -> None:
        assert protect
        self.imported.append([one["id"] for one in resources["resources"]])
        if len(self.imported) == 1:
            raise PulumiError(self.refusal)

    def preview(self, *options: str) -> list[Json]:
        (_, file) = options
        creates = [{"type": PRINCIPAL, "name": "service-principal", "id": "<PLACEHOLDER>"}]
        Path(file).write_text(json.dumps({"resources": creates}))
        return []


WANTED = {"resources": [{"type": kind, "name": name, "id": id_} for (kind, name), id_ in IDS.items()]}


def test_a_provider_that_wants_the_bare_id_gets_it() -> None:
    engine = FakePulumi('specified ID ("/servicePrincipals/2") is not valid: uuid string is wrong length')
    import_all(engine, WANTED, IDS, protect=True, say=print)
    assert engine.imported == [["/applications/1", "/servicePrincipals/2"], ["2"]]


def test_any_other_refusal_is_told() -> None:
    engine = FakePulumi("pulumi import --file failed: resource does not exist")
    with pytest.raises(PulumiError, match="does not exist"):
        import_all(engine, WANTED, IDS, protect=True, say=print)
    assert len(engine.imported) == 1


def test_what_passes_is_tried_again_with_what_is_missing_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    engine = FakePulumi("pulumi import --file failed: GET /v1.0/x: graph.microsoft.com can't be reached: disconnected")
    said: list[str] = []
    import_all(engine, WANTED, IDS, protect=True, say=said.append)
    assert engine.imported == [["/applications/1", "/servicePrincipals/2"], ["/servicePrincipals/2"]]
    assert len(said) == len(pauses) == 1
