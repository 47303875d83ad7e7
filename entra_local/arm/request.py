"""A request on its way through Resource Manager."""

from dataclasses import dataclass
from functools import cached_property

from entra_local.graph.models.groups import transitive_groups
from entra_local.service import Request
from entra_local.store import EVERYWHERE, Directory
from entra_local.tokens import NOBODY, Caller


@dataclass(frozen=True)
class ArmRequest(Request):
    """A call with its caller; resources are kept for all tenants together, as their names are unique everywhere."""

    caller: Caller = NOBODY

    @cached_property
    def everywhere(self) -> Directory:
        return self.store.of(EVERYWHERE)

    @cached_property
    def directory(self) -> Directory:
        """The caller's tenant, where principals are."""
        return self.store.of(self.caller.tenant)

    @cached_property
    def principals(self) -> list[str]:
        """Whose role assignments count: the caller's own, and those of every group that it is in."""
        groups = transitive_groups(self.directory, self.caller.object_id)
        return [self.caller.object_id, *(group["id"] for group in groups)]
