"""What Graph says of an application whose claims are mapped."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_entra.directory.mapped_claims import MappedClaims, mapped_claims


@pytest.mark.parametrize(
    ("application", "principal", "policies", "found"),
    [
        ({}, {}, [], MappedClaims()),
        ({"api": None}, {"keyCredentials": None}, None, MappedClaims(None)),
        (
            {"api": {"acceptMappedClaims": True}},
            {"keyCredentials": [{"usage": "Verify"}]},
            [{"id": "p1", "displayName": "names"}, {"id": "p2"}],
            MappedClaims(("names", "p2"), own_key=False, accepts=True),
        ),
        ({}, {"keyCredentials": [{"usage": "Verify"}, {"usage": "Sign"}]}, [], MappedClaims((), own_key=True)),
    ],
)
def test_policies_and_keys(application: Any, principal: Any, policies: Any, found: MappedClaims) -> None:
    asked: list[str] = []

    def pages(path: str) -> Any:
        asked.append(path)
        return policies

    assert mapped_claims(application, {"id": "sp", **principal}, pages) == found
    assert asked == ["/servicePrincipals/sp/claimsMappingPolicies"]
