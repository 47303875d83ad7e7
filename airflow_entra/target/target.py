"""What a command may ask about a stack's target."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from airflow_entra.audit.records import Records
    from airflow_entra.directory.clients import Clients
    from airflow_entra.pulumi.runner import Pulumi


class Target(Protocol):
    """A stack's directory, Azure, backend and Airflows."""

    @property
    def tenant_id(self) -> str: ...

    @property
    def deploy_command(self) -> str:
        """What a user types to deploy the stack there."""

    @property
    def at_hand(self) -> bool:
        """Whether it can be asked as things are: nothing has to be started on this machine."""

    def clients(self, *, audits: bool = False) -> AbstractContextManager[Clients]:
        """Graph and Azure Resource Manager; what can be read about sign-ins and changes takes `audits`."""

    @property
    def own_backend(self) -> bool:
        """Whether the backend is the local world's, in which a stack may be made without a word."""

    def pulumi(self, *, new_file: bool = False) -> Pulumi:
        """Pulumi on the stack: in its folder, with its backend and its identity.

        `new_file`: the stack file was written just now.
        """

    def outputs(self) -> dict[str, Any]:
        """The deployed stack's outputs; none where it isn't deployed."""

    def records(self, since: datetime) -> Iterable[Records]:
        """What its Airflows wrote down, of those that this machine can ask."""


@contextmanager
def asking(target: Target, *, audits: bool = False) -> Iterator[Clients]:
    """The target's clients. What directory or backend doesn't have is raised with the command that deploys the stack.

    Raises NotDeployedError, NoSuchStackError and what asking raises.
    """
    from airflow_entra.directory.membership import NotDeployedError
    from airflow_entra.pulumi.trouble import NoSuchStackError

    try:
        with target.clients(audits=audits) as clients:
            yield clients
    except (NotDeployedError, NoSuchStackError) as missing:
        raise type(missing)(f"{missing}: `{target.deploy_command}` makes it") from missing
