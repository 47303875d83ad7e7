"""Airflow's side in memory, with the one property that counts: what changes and how far it got, both or neither."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from airflow_entra_auth.watch.follow import Applied, LeaseLostError, Links
from airflow_entra_auth.watch.people import Verdict


class KilledError(Exception):
    """The process ends here."""


@dataclass
class Session:
    id: str
    person: str
    begun: int
    why_ended: str | None = None


@dataclass
class MemoryStore:
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Of everybody who signed in once."""
    sessions: list[Session] = field(default_factory=list)
    saved: Links = field(default_factory=dict)
    leased: bool = True
    killed: str = ""
    """"before" or "after" the next commit."""

    def links(self) -> Links:
        return dict(self.saved)

    def known(self) -> Collection[str]:
        return set(self.roles)

    def signed_in(self) -> Collection[str]:
        return {one.person for one in self.sessions if not one.why_ended}

    def begun_since(self, since: int) -> Mapping[str, str]:
        live = [one for one in self.sessions if not one.why_ended and one.begun >= since]
        return {one.id: one.person for one in live}

    def apply(self, verdicts: Collection[Verdict], links: Links) -> list[Applied]:
        if not self.leased:
            raise LeaseLostError
        if self._killed("before"):
            raise KilledError
        applied = []
        for one in verdicts:
            before = self.roles.get(one.object_id, ())
            now = tuple(role for role in one.roles if role in before) if one.only_lowers else one.roles
            stranded = one.only_lowers and not one.for_now and not now
            why = one.ends or ("no role left" if stranded else None)
            ended = [each for each in self.live(one.object_id) if why or each.begun <= one.revoked_until > 0]
            why = (why or "revoked in the directory") if ended else None
            for each in ended:
                each.why_ended = why
            if one.object_id in self.roles:
                self.roles[one.object_id] = now
            if set(before) != set(now) or ended:
                applied.append(Applied(one.object_id, before, now, len(ended), why))
        self.saved = {**self.saved, **links}
        if self._killed("after"):
            raise KilledError
        return applied

    def live(self, person: str) -> list[Session]:
        return [one for one in self.sessions if one.person == person and not one.why_ended]

    def sign_in(self, person: str, roles: tuple[str, ...], at: int) -> None:
        """What Airflow does with a token that says these roles."""
        self.roles[person] = roles
        self.sessions.append(Session(f"s{len(self.sessions)}", person, at))

    def _killed(self, when: str) -> bool:
        if self.killed != when:
            return False
        self.killed = ""
        return True
