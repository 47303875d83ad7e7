"""Refusals that may not be about the person: when they are believed, and when they are the same as no answer.

Conditional Access judges who redeems a refresh token, which is Airflow's server. Where its address leaves the allowed
ones, Entra refuses everybody's token within five minutes, and nobody has left. A refusal of one person looks the same.
What tells them apart is what Entra says of the others meanwhile.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

AGAIN = 30.0
"""Seconds after which a session in doubt is tried again."""
IN_A_ROW = 3
"""Refusals after which a session may end: a server with several addresses may have one that is refused."""
_REMEMBER = 900.0
"""Seconds. Longer than it takes to try everybody's sessions once."""


@dataclass
class _Doubt:
    person: str
    text: str
    since: float
    tried_at: float
    times: int = 1


class Doubts:
    """Sessions that Entra refused for a reason in doubt, since their last good answer."""

    def __init__(self) -> None:
        self._doubts: dict[str, _Doubt] = {}
        self._renewed: dict[str, float] = {}

    def waits(self, session_id: str, now: float) -> bool:
        """Whether the session was refused so lately that it isn't tried again yet."""
        doubt = self._doubts.get(session_id)
        return doubt is not None and 0 <= now - doubt.tried_at < AGAIN

    def heard(
        self, refused: Mapping[str, tuple[str, str]], renewed: Mapping[str, str], odd: Collection[str], now: float
    ) -> None:
        """What a round heard: by session the object id and Entra's words, by session the object id, and the sessions
        that heard something else, so that their refusals are no longer in a row."""
        for session in odd:
            self._doubts.pop(session, None)
        for session, person in renewed.items():
            self._doubts.pop(session, None)
            self._renewed[person] = now
        self._renewed = {person: at for person, at in self._renewed.items() if now - at <= _REMEMBER}
        for session, (person, text) in refused.items():
            doubt = self._doubts.setdefault(session, _Doubt(person, text, now, now, 0))
            doubt.times, doubt.tried_at, doubt.text = doubt.times + 1, now, text

    def forget(self, live: Collection[str]) -> None:
        """All but these sessions."""
        self._doubts = {session: doubt for session, doubt in self._doubts.items() if session in live}

    def settled(self, refused: Collection[str], people_in: Callable[[], Collection[str]]) -> dict[str, str]:
        """The sessions that end, with Entra's words, of those that were refused in this round.

        They were refused `IN_A_ROW` times, while Entra renewed as many others as are in doubt; or there is nobody else
        to compare with (`people_in`: everybody who is in a live session). What Entra renewed after the last refusal
        proves nothing: the trouble may have ended in between.
        """
        often = {session: self._doubts[session] for session in refused if self._doubts[session].times >= IN_A_ROW}
        if not often:
            return {}
        in_doubt, renewed = self._people(), self._others_renewed()
        alone = len(in_doubt) == 1 and in_doubt.issuperset(people_in())
        return {
            session: doubt.text for session, doubt in often.items() if alone or _since(doubt, renewed) >= len(in_doubt)
        }

    @property
    def crowd(self) -> bool:
        """Whether it meets several people, and fewer others were renewed since: no answer about any of them."""
        people, renewed = self._people(), self._others_renewed()
        return len(people) > 1 and all(_since(doubt, renewed) < len(people) for doubt in self._doubts.values())

    @property
    def text(self) -> str:
        """Entra's words of the last one."""
        return max(self._doubts.values(), key=lambda doubt: doubt.tried_at).text if self._doubts else ""

    def _people(self) -> set[str]:
        return {doubt.person for doubt in self._doubts.values()}

    def _others_renewed(self) -> list[float]:
        """When Entra renewed somebody of whom nothing is in doubt, the last time of each, in order."""
        in_doubt = self._people()
        return sorted(at for person, at in self._renewed.items() if person not in in_doubt)


def _since(doubt: _Doubt, renewed: Sequence[float]) -> int:
    return len(renewed) - bisect_left(renewed, doubt.since)


class KillSwitch:
    """Whether the application is disabled or gone: said in two rounds in a row, twice at least, and nothing else."""

    def __init__(self) -> None:
        self._rounds = 0

    def thrown(self, *, gone: int, otherwise: int) -> bool:
        """After a round that heard `gone` times that it is, and `otherwise` times something that only a living
        application is told. A round that heard neither is no round."""
        if gone or otherwise:
            self._rounds = self._rounds + 1 if gone and not otherwise else 0
        return self._rounds >= 2
