"""Which Airflow roles a person has in a live tenant, what gives them, and why not others."""

from __future__ import annotations

from dataclasses import replace

from airflow_entra.access import DeclaredStack
from airflow_entra.access.explain import Explanation, HeldRole, explain_role
from airflow_entra.directory.who import IN_PERSON, Standing


def explanation(stack: DeclaredStack, standing: Standing) -> Explanation:
    """The standing with what each role lets the person do, and until when."""
    subject = f"{standing.person.name} ({standing.person.sign_in_name})"
    missed = tuple(f"not {one.role}: {one.why}" for one in standing.missed)
    ruled = {group.name: group.rule for group in stack.plan.groups.values() if group.rule}
    if standing.refused:
        return Explanation(stack.name, subject, (), standing.refused, standing.why, notes=missed)
    said = [explain_role(stack, held.role) for held in standing.roles]
    roles = tuple(
        HeldRole(held.role, tuple(_source(held.role, name, stack, ruled) for name in held.through), one.may)
        for held, told in zip(standing.roles, said, strict=True)
        for one in told.roles
    )
    return replace(said[0], subject=subject, roles=roles, notes=missed)


def _source(role: str, through: str, stack: DeclaredStack, ruled: dict[str, str]) -> str:
    """What gives the role, as a sentence."""
    if through == IN_PERSON:
        return f"assigned the app role {role} in person"
    member = f"member of {through}" + (f" (by rule: {ruled[through]})" if through in ruled else "")
    return (
        member
        + {
            "appRoles": f", which is assigned the app role {role}",
            "assignedGroups": ", which is assigned to the application",
            "securityGroups": "",
        }[stack.settings.sign_in.roles_from]
    )
