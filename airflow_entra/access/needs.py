"""Which application permissions of Microsoft Graph the identity needs that deploys a stack, and for which part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from airflow_entra.access.needed import NEEDED, Part, has_part
from airflow_entra.settings.model import StackSettings

OWN = "Application.ReadWrite.OwnedBy"
LOOKS_AT_GROUPS = "GroupMember.Read.All"

_DIRECTORY_READ = frozenset({"Directory.Read.All", "Directory.ReadWrite.All"})
_DIRECTORY_WRITE = frozenset({"Directory.ReadWrite.All"})
_APPLICATION_WRITE = frozenset({"Application.ReadWrite.All"}) | _DIRECTORY_WRITE
WIDER: Mapping[str, frozenset[str]] = {
    OWN: _APPLICATION_WRITE,
    "Application.Read.All": _APPLICATION_WRITE | _DIRECTORY_READ,
    "AppRoleAssignment.ReadWrite.All": _APPLICATION_WRITE,  # by azuread's documents; Graph's don't say so any more
    "DelegatedPermissionGrant.ReadWrite.All": _DIRECTORY_WRITE,
    "Group.ReadWrite.All": _DIRECTORY_WRITE | {"Group.Create"},
    LOOKS_AT_GROUPS: _DIRECTORY_READ | {"Group.Read.All", "Group.ReadWrite.All", "GroupMember.ReadWrite.All"},
    "Policy.Read.All": frozenset({"Policy.Read.ConditionalAccess"}),
    "User.Read.All": _DIRECTORY_READ | {"User.ReadBasic.All", "User.ReadWrite.All"},
}
"""Permission -> those that do as well for what a stack needs it for."""


@dataclass(frozen=True, slots=True)
class Need:
    """`only_looks`: without it something isn't checked, and nothing fails."""

    part: Part
    permission: str
    only_looks: bool = False


def needs(stack: StackSettings) -> tuple[Need, ...]:
    """Of one stack: what it manages itself, and nothing for what it leaves to others."""
    return tuple(dict.fromkeys(_needs(stack)))


def _needs(stack: StackSettings) -> Iterator[Need]:
    yield Need("application", OWN)
    if has_part(stack, "named_groups"):
        yield Need("named_groups", LOOKS_AT_GROUPS, only_looks=True)
    for part, needed in NEEDED.items():
        if getattr(stack.tenant.manage, part) == "managed" and has_part(stack, part):
            for permission in needed.graph:
                yield Need(part, permission)
            for more in needed.where:
                if more.holds(stack):
                    yield from (Need(part, permission) for permission in more.graph)


def fewest(permissions: Iterable[str]) -> tuple[str, ...]:
    """Sorted, without those for which another one does as well."""
    wanted = set(permissions)
    return tuple(sorted(name for name in wanted if not wanted & WIDER.get(name, frozenset())))
