"""The two services that know what a stack has made: Microsoft Graph and Azure Resource Manager, as one identity."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_entra.directory.credentials import ARM, GRAPH, token_source
from airflow_entra.directory.replication import PATIENCE
from airflow_entra_auth.azure import RESOURCE_MANAGER
from airflow_entra_auth.graph import Graph

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True)
class Clients:
    """Clients that sign in at their first question."""

    graph: Graph
    arm: Graph
    tenant_id: str
    subscription: str
    """Where the stack's Azure resources lie; an input names it only where it is another."""
    token: Callable[[], str] = lambda: ""
    """The token for Graph, for what it says about the identity."""
    late: Callable[[], float] = lambda: PATIENCE
    """For how many seconds Graph may not show what was made."""


def connect(
    tenant_id: str, subscription: str | None, env: Mapping[str, str] = os.environ, *, client: httpx.Client | None = None
) -> Clients:
    """Clients for a tenant as the identity in the ARM_* variables of `env`; `client` is the way to Azure, where that
    isn't the environment's.

    Asking raises AnswerError, GraphError and httpx.TransportError.
    """
    token = token_source(GRAPH, tenant_id, env, client=client)
    arm = Graph(token_source(ARM, tenant_id, env, client=client), base=RESOURCE_MANAGER, client=client)
    return Clients(Graph(token, client=client), arm, tenant_id, subscription or "", token)
