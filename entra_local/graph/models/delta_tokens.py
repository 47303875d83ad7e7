"""State tokens of delta queries: sealed, so that nobody reads or makes one; good for seven days, in one tenant."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from entra_local import clock
from entra_local.graph.exceptions import BadStateToken
from entra_local.keys import Keys

DAYS = 7
"""How long a token of directory objects is good. Source: Graph's delta query overview, "Token duration"."""


@dataclass(frozen=True, slots=True)
class State:
    """Where a round of a delta query stands, and what was asked for at its start.

    The round tells the changes behind the position `after`, up to and with `until`; `after` is -1 in the first round,
    which tells all that there is. Its next page starts behind the position `document`; where the group at the position
    `inside` filled a page, that group comes again, with the members behind the position `member`.
    """

    kind: str
    select: Sequence[str] = ()
    ids: Sequence[str] = ()
    after: int = -1
    until: int = 0
    document: int = 0
    inside: int = 0
    member: int = 0

    @property
    def is_first_round(self) -> bool:
        return self.after < 0


@dataclass(frozen=True, slots=True)
class Seals:
    """Makes and reads the tokens of one tenant of one state folder."""

    keys: Keys
    instance: str
    tenant: str

    def seal(self, state: State) -> str:
        """The state as a token."""
        content = {"delta": asdict(state), "issued": clock.seconds(), "of": self._owner}
        return self.keys.ticket(content)

    def read(self, token: str, kind: str) -> tuple[State, bool]:
        """What `seal` was given, and whether it is still good. Raises BadStateToken for all else."""
        content = self.keys.read_ticket(token, None) if token.isascii() else None
        if content is None or content.get("of") != self._owner or content["delta"]["kind"] != kind:
            raise BadStateToken
        return State(**content["delta"]), clock.seconds() - content["issued"] <= DAYS * 24 * 3600

    @property
    def _owner(self) -> str:
        return f"{self.instance} {self.tenant}"
