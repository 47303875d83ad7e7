"""The groups of a person in too many of them for a token: asked of Graph with the person's own token."""

from __future__ import annotations

import httpx

from airflow_entra_auth.claims import GroupsNeeded
from airflow_entra_auth.graph import Graph

_TIMEOUT = 10.0
_PATIENCE = 5.0
"""Seconds of waiting for a throttled Graph: a person is looking at a blank page meanwhile."""


def groups_of(needed: GroupsNeeded, access_token: str, base: str) -> frozenset[str]:
    """Object ids; `base` is Graph's URL. Raises GraphError, httpx.HTTPError, KeyError and TypeError."""
    with httpx.Client(timeout=_TIMEOUT) as http:
        graph = Graph(lambda: access_token, base=base, client=http, patience=_PATIENCE)
        if needed.nested:
            found = graph.post("/me/getMemberObjects", {"securityEnabledOnly": True})["value"]
        else:
            found = [one["id"] for one in graph.pages("/me/memberOf", {"$select": "id"})]
    return frozenset(map(str, found))
