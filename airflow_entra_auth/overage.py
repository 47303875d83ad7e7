"""The security groups of a person who is in too many for a token: asked of Graph with the person's own token."""

from __future__ import annotations

import httpx

from airflow_entra_auth.graph import Graph

_TIMEOUT = 10.0
_PATIENCE = 5.0
"""Seconds of waiting for a throttled Graph: a person is looking at a blank page meanwhile."""


def groups_of(access_token: str, base: str, transport: httpx.BaseTransport | None = None) -> frozenset[str]:
    """Object ids, groups inside groups included; `base` is Graph's URL, `transport` how it is reached.

    Raises GraphError, httpx.HTTPError, KeyError and TypeError.
    """
    with httpx.Client(timeout=_TIMEOUT, transport=transport) as http:
        graph = Graph(lambda: access_token, base=base, client=http, patience=_PATIENCE)
        found = graph.post("/me/getMemberObjects", {"securityEnabledOnly": True}, asks=True)["value"]
    return frozenset(map(str, found))
