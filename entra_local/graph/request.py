"""A request on its way through Graph."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from entra_local.azure import GRAPH
from entra_local.faults import SETTING as FAULTS
from entra_local.graph.exceptions import BadRequest, NotFound
from entra_local.replica import Replica
from entra_local.service import Request
from entra_local.store import Directory
from entra_local.tokens import NOBODY, Caller

_REFERENCE = "@odata.id"


@dataclass(frozen=True)
class GraphRequest(Request):
    """A call with its caller. v1.0 and beta share everything but a few properties."""

    caller: Caller = NOBODY
    beta: bool = False

    @cached_property
    def directory(self) -> Directory:
        """The caller's tenant."""
        delay = self.world.faults.unseen(self.world.store.setting(FAULTS))
        session = hashlib.sha256(self.call.headers.get("authorization", "").encode()).hexdigest()
        replica = Replica(self.store.connection, delay, session, reading=self.call.method == "GET")
        return self.store.of(self.caller.tenant, replica)

    @property
    def base(self) -> str:
        return f"{GRAPH}/{'beta' if self.beta else 'v1.0'}"

    def reference(self) -> str:
        """The object id that a `$ref` body points to. Raises BadRequest."""
        return referred(self.call.json().get(_REFERENCE))


def referred(url: Any) -> str:
    """The object id in a reference: its last segment, whatever stands before. Raises BadRequest or NotFound."""
    if not isinstance(url, str) or not url:
        raise BadRequest("Invalid URL format specified in @odata.id for payload.")
    id_ = url.rstrip("/").rpartition("/")[2]
    if not id_:
        raise NotFound(url)
    return id_
