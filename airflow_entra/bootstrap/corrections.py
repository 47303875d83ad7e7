"""What a person corrected in the tenant since the last run: it stands, and is never put back.

A job whose sign-in Entra refused is mended quickest in the portal; the next run of bootstrap takes that over.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_entra.access.pipeline import Identity, Pipeline
from airflow_entra.access.repository import Trust
from airflow_entra.escape.odata import literal

if TYPE_CHECKING:
    from airflow_entra_auth.graph import Graph


def registrations(identity: Identity, graph: Graph) -> Iterator[Mapping[str, Any]]:
    """The applications that runs for this repository have made as this identity, by their tag."""
    yield from graph.pages("/applications", {"$filter": f"tags/any(t:t eq {literal(identity.tags[-1])})"})


def corrected(pipeline: Pipeline, standing: Collection[str], graph: Graph, say: Callable[[str], None]) -> Pipeline:
    """`pipeline` with what the tenant trusts by now, for the identities whose trusts stand from the last run.

    Where the tenant may not be read, nothing is known of corrections. Raises GraphError and httpx.TransportError.
    """
    return replace(
        pipeline,
        identities=tuple(
            _corrected(identity, graph, say) if identity.key in standing else identity
            for identity in pipeline.identities
        ),
    )


def _corrected(identity: Identity, graph: Graph, say: Callable[[str], None]) -> Identity:
    from airflow_entra_auth.graph import GraphError

    try:
        live = {
            found["name"]: found
            for application in registrations(identity, graph)
            for found in graph.pages(f"/applications/{application['id']}/federatedIdentityCredentials")
        }
    except GraphError as error:
        if error.status == 403:
            return identity
        raise
    return replace(
        identity, trusts=tuple(_kept(identity, trust, live.get(trust.name), say) for trust in identity.trusts)
    )


def _kept(identity: Identity, trust: Trust, live: Mapping[str, Any] | None, say: Callable[[str], None]) -> Trust:
    if live is None or not live.get("subject") or (live["issuer"], live["subject"]) == (trust.issuer, trust.subject):
        return trust  # by a rule, without a subject, is nothing that a run could take over
    say(
        f"{identity.name} trusts {live['subject']} of {live['issuer']} in the tenant, as somebody corrected it: kept. "
        f"The last run had said {trust.subject} of {trust.issuer}"
    )
    return replace(trust, issuer=live["issuer"], subject=live["subject"])
