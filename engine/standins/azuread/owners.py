"""Owners of applications and service principals: the caller is bound first and let go again where it is not wanted."""

from collections.abc import Sequence

from engine.standins.azuread.graph import Graph, in_set_order, reference
from engine.standins.values import Props

_AT_CREATE = 20  # owners that one create may bind


def bound_at_create(graph: Graph, owners: Sequence[str]) -> list[str]:
    """References for `owners@odata.bind`: the caller, then as many of the configured owners as fit."""
    return [reference(owner) for owner in [graph.caller_id, *_others(graph, owners)][:_AT_CREATE]]


def finish(graph: Graph, path: str, owners: Sequence[str]) -> None:
    """After the create: the owners that did not fit, and the caller's leave."""
    for owner in _others(graph, owners)[_AT_CREATE - 1 :]:
        graph.post(f"{path}/owners/$ref", {"@odata.id": reference(owner)})
    if graph.caller_id not in owners:
        graph.delete(f"{path}/owners/{graph.caller_id}/$ref")


def change(graph: Graph, path: str, state: Props, owners: Sequence[str]) -> None:
    """New owners come before old ones go: an object must not be left without."""
    if sorted(state.get("owners") or []) == sorted(owners):
        return
    existing = [owner["id"] for owner in graph.list(f"{path}/owners")]
    for owner in in_set_order(set(owners) - set(existing)):
        graph.post(f"{path}/owners/$ref", {"@odata.id": reference(owner)})
    for owner in in_set_order(set(existing) - set(owners)):
        graph.delete(f"{path}/owners/{owner}/$ref")


def _others(graph: Graph, owners: Sequence[str]) -> list[str]:
    return [owner for owner in in_set_order(owners) if owner != graph.caller_id]
