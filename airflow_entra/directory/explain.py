"""Which Airflow roles a person has in a live tenant, through which group, and why not."""

from __future__ import annotations

from dataclasses import replace

from airflow_entra.access import plan
from airflow_entra.access.explain import Explanation, HeldRole, explain_role
from airflow_entra.directory.credentials import GRAPH, token_source
from airflow_entra.directory.who import Standing, read, select, who
from airflow_entra.settings.model import StackSettings


def standings(settings: StackSettings, stack: str, person: str) -> list[Standing]:
    """How who is called `person` stands, asked with the identity in the ARM_* variables.

    Raises NotDeployedError, UnknownPersonError, CredentialError, GraphError and httpx.TransportError.
    """
    from airflow_entra_auth.graph import Graph

    graph = Graph(token_source(GRAPH, settings.tenant_id))
    directory, rules = read(graph, settings, plan(settings, stack))
    return who(directory, rules, select(directory.people, person))


def explanation(settings: StackSettings, stack: str, standing: Standing) -> Explanation:
    """The standing with what each role lets the person do, and until when."""
    subject = f"{standing.person.name} ({standing.person.sign_in_name})"
    missed = tuple(f"not {one.role}: {one.why}" for one in standing.missed)
    ruled = {group.name: group.rule for group in plan(settings, stack).groups.values() if group.rule}
    if standing.refused:
        return Explanation(stack, subject, (), standing.refused, standing.why, notes=missed)
    said = [explain_role(settings, stack, held.role) for held in standing.roles]
    roles = tuple(
        HeldRole(held.role, tuple(_through(name, ruled) for name in held.through) or ("assigned in person",), one.may)
        for held, told in zip(standing.roles, said, strict=True)
        for one in told.roles
    )
    return replace(said[0], subject=subject, roles=roles, notes=missed)


def _through(name: str, ruled: dict[str, str]) -> str:
    return f"{name} (by rule: {ruled[name]})" if name in ruled else name
