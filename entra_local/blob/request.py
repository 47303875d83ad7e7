"""A request on its way through a storage account."""

from dataclasses import dataclass, field
from functools import cached_property

from entra_local.service import Request
from entra_local.store import EVERYWHERE, Directory
from entra_local.tokens import NOBODY, Caller
from entra_local.wire import JsonObject


@dataclass(frozen=True)
class BlobRequest(Request):
    """A call with its caller and the account that its host names."""

    caller: Caller = NOBODY
    account: JsonObject = field(default_factory=dict)

    @cached_property
    def everywhere(self) -> Directory:
        return self.store.of(EVERYWHERE)

    @property
    def container(self) -> str:
        """The resource id of the container that the path names."""
        return f"{self.account['id']}/blobServices/default/containers/{self['container']}"
