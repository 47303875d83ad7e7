"""The one client for Microsoft Graph: small, typed, patient with throttling. It never sees how a token is got.

Runs inside Airflow's oldest Python too (3.10), on httpx, which Airflow brings. Azure Resource Manager speaks the
same dialect (bearer tokens, `{"error": {"code", "message"}}`, 429 with Retry-After), so `base` may name it as well.
"""

from __future__ import annotations

from airflow_entra_auth.graph.client import IDS_PER_CALL, REQUESTS_PER_BATCH, Graph, Json, Request
from airflow_entra_auth.graph.delta import Delta
from airflow_entra_auth.graph.errors import BAD_LINK, Cancelled, GraphError, SyncLost

__all__ = [
    "BAD_LINK",
    "IDS_PER_CALL",
    "REQUESTS_PER_BATCH",
    "Cancelled",
    "Delta",
    "Graph",
    "GraphError",
    "Json",
    "Request",
    "SyncLost",
]
