"""What the deploying identity lacks of what a stack needs, part by part: only what is proven."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pydantic.alias_generators import to_camel

from airflow_entra.access import DeclaredStack
from airflow_entra.access.azure_needs import Allowed, allows
from airflow_entra.access.azure_needs import deploying_all as azure_needs
from airflow_entra.access.azure_roles import ROLE_NAMES
from airflow_entra.access.held import Held
from airflow_entra.access.identity_permissions import KNOWN
from airflow_entra.access.needed import GRANTS_GRAPH, NEEDED, VAULT_ROLES_NEEDED, Part
from airflow_entra.access.needs import Need, needs
from airflow_entra.finding import At, Finding
from airflow_entra.settings.checks.rule import at
from airflow_entra.settings.model import StackSettings


def lacks_in_graph(stack: StackSettings, held: Held) -> Iterator[Finding]:
    """An error for each part that it can't do. What it only couldn't look at stops nothing: whoever looks says so."""
    by_part: dict[Part, list[Need]] = {}
    for need in needs(stack):
        if not need.only_looks and held.has(need.permission) is False and not _owns_alone(need, stack, held):
            by_part.setdefault(need.part, []).append(need)
    for part, missing in by_part.items():
        yield in_graph(part, missing, held)


def in_graph(part: Part, missing: Sequence[Need], held: Held) -> Finding:
    names = " and ".join(need.permission for need in missing)
    several = len(missing) > 1
    does = "; ".join(f"with {need.permission} it {KNOWN[need.permission].why}" for need in missing)
    kind = "delegated" if held.person else "application"
    return Finding(
        at_part(part),
        f"{_declared(part)}the identity that deploys ({held.name}, object id {held.object_id}) lacks {names}",
        f"these are {kind} permissions of Microsoft Graph: {does}"
        if several
        else f"it is {'a' if held.person else 'an'} {kind} permission of Microsoft Graph: {does}",
        f"{_granted(held, missing)}{leave(part)}",
        id="needs/graph-permission",
    )


def lacks_in_azure(stack: DeclaredStack, allowed: Mapping[str, Sequence[Allowed] | None]) -> Iterator[Finding]:
    """An error for each role without which a part is refused, and for a scope that isn't there.

    `allowed`: by scope what the identity may do there; None where there is no such scope; what isn't known is left out.
    """
    for scope in dict.fromkeys(role.scope for role in azure_needs(stack)):
        if scope in allowed and allowed[scope] is None:
            yield Finding(
                at_part("vault"),
                f"there is no {scope} in Azure",
                "what the vault lies in is there before the stack",
                "have it made first, or correct the stack file",
                id="needs/azure-scope",
            )
    for role in azure_needs(stack):
        there = allowed.get(role.scope)
        if there is not None and role.action and not allows(there, role.action):
            yield Finding(
                at_part(role.part),
                f"{_declared(role.part)}no role of the identity that deploys allows {role.action} on {role.scope}",
                f"{ROLE_NAMES[role.role]} there, or more: {role.why[0].lower()}{role.why[1:].rstrip('.')}",
                f"have it given by somebody with {VAULT_ROLES_NEEDED}{leave(role.part)}",
                id="needs/azure-role",
            )


def at_part(part: Part) -> At:
    """The place in the stack file that says who does a part."""
    if part in NEEDED or part == "vault_roles":
        return At(at("tenant", "manage", to_camel(part)))
    return At(at("credential" if part == "vault" else "owners"), key=True)


def leave(part: Part) -> str:
    """How a part is left to somebody else, as the end of a remedy."""
    if part in NEEDED or part == "vault_roles":
        return (
            f"; or write tenant.manage.{to_camel(part)}: request: a hand-over file then asks the identity team for it"
        )
    return ""


def _declared(part: Part) -> str:
    return f"manage.{to_camel(part)} is managed, but " if part in NEEDED or part == "vault_roles" else ""


def _granted(held: Held, missing: Sequence[Need]) -> str:
    if held.person and any(need.permission.startswith("Policy.") for need in missing):
        return "deploy as an application that has it (ARM_CLIENT_ID): no token of `az login` ever does"
    return f"have it granted by somebody with {GRANTS_GRAPH}"


def _owns_alone(need: Need, stack: StackSettings, held: Held) -> bool:
    """The provider looks up every owner but the one that it signs in as."""
    alone = {*stack.owners.groups} <= {held.object_id}
    return need.permission == "User.Read.All" and need.part == "groups" and alone
