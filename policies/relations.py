"""Which resource points at which: what several policies ask before they judge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policies.resource_types import APPLICATION, ASSIGNMENT, GROUPS, STACK
from policies.resources import UNKNOWN, Resource, Value, of_type

ADMIN = "Admin"


class Candidates:
    """Resources that others may point at, found by URN or by the value of their `output`: a stack has thousands.

    A policy that finds fault with what is pointed at asks `of`; one that finds fault where nothing is, asks `perhaps`:
    so neither blames anybody for what a preview doesn't know yet. The update knows it, and they judge again.
    """

    def __init__(self, candidates: Sequence[Resource], output: str) -> None:
        self._by_urn = {candidate.urn: candidate for candidate in candidates}
        self._by_value = {
            value: candidate for candidate in candidates if isinstance(value := candidate.get(output), str) and value
        }
        self._known = {candidate.urn for candidate in self._by_value.values()}

    def of(self, resource: Resource, prop: str) -> list[Resource]:
        """Those that `prop` surely means: none while neither its value nor where it came from is known."""
        value = resource.get(prop)
        if isinstance(value, str) and value in self._by_value:
            return [self._by_value[value]]
        named = [self._by_urn[urn] for urn in resource.sources.get(prop, ()) if urn in self._by_urn]
        # A value may be made from a resource and yet mean another: what is known of both decides.
        return [] if isinstance(value, str) and all(one.urn in self._known for one in named) else named

    def perhaps(self, resource: Resource, prop: str) -> list[Resource]:
        """Those that `prop` may mean: all, while its value is unknown and nothing says where it comes from."""
        found = self.of(resource, prop)
        return [*self._by_urn.values()] if not found and resource.get(prop) is UNKNOWN else found


def role_names(resources: Sequence[Resource]) -> dict[str, str]:
    """App role id -> its value, as in the token."""
    return {
        id_: value
        for application in of_type(resources, APPLICATION)
        for role in application.objects("appRoles")
        if isinstance(id_ := role.get("id"), str) and isinstance(value := role.get("value"), str)
    }


def admin_assignments(resources: Sequence[Resource]) -> Iterator[Resource]:
    names = role_names(resources)
    for assignment in of_type(resources, ASSIGNMENT):
        role = assignment.get("appRoleId")
        if isinstance(role, str) and names.get(role) == ADMIN:
            yield assignment


def admin_groups(resources: Sequence[Resource]) -> list[Resource]:
    """The declared groups that give Admin: by an app role assignment, or by name in the stack's `roles` output."""
    groups = of_type(resources, *GROUPS)
    candidates = Candidates(groups, "objectId")
    assigned = {
        group.urn
        for assignment in admin_assignments(resources)
        for group in candidates.of(assignment, "principalObjectId")
    }
    named = {entry.get("group") for stack in of_type(resources, STACK) for entry in stack.objects("roles", ADMIN)}
    names = {name for name in named if isinstance(name, str)}
    return [group for group in groups if group.urn in assigned or _is(group.get("displayName"), names)]


def assigned(resources: Sequence[Resource], *types: str) -> list[tuple[Resource, Resource]]:
    """(assignment, who is assigned) for the declared principals of these types."""
    candidates = Candidates(of_type(resources, *types), "objectId")
    return [
        (assignment, principal)
        for assignment in of_type(resources, ASSIGNMENT)
        for principal in candidates.of(assignment, "principalObjectId")
    ]


def _is(value: Value, names: set[str]) -> bool:
    return isinstance(value, str) and value in names
