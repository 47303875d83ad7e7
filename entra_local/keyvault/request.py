"""A request on its way through a vault."""

from dataclasses import dataclass, field
from functools import cached_property

from entra_local.service import Request
from entra_local.store import EVERYWHERE, Directory
from entra_local.tokens import NOBODY, Caller
from entra_local.wire import JsonObject


@dataclass(frozen=True)
class VaultRequest(Request):
    """A call with its caller and the vault that its host names."""

    caller: Caller = NOBODY
    vault: JsonObject = field(default_factory=dict)

    @cached_property
    def everywhere(self) -> Directory:
        return self.store.of(EVERYWHERE)
