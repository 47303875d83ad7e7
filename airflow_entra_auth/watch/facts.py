"""What the feeds reported about people. A replica that is asked later may still not know it."""

from __future__ import annotations

from airflow_entra_auth.issuance import Status
from airflow_entra_auth.watch.feeds import Changes
from airflow_entra_auth.watch.people import Found

REMEMBER = 900.0
"""Seconds that a feed's own report (disabled, left the group, revoked) is believed over a replica's answer."""


class Facts:
    """The newest report about each person; forgotten after REMEMBER."""

    def __init__(self) -> None:
        self._out: dict[str, tuple[Status, float]] = {}
        self._left: dict[str, dict[str, float]] = {}
        self._valid_from: dict[str, tuple[int, float]] = {}

    def learn(self, changes: Changes, now: float) -> None:
        if "accounts" in changes.lost:  # somebody who came back meanwhile was reported to nobody
            self._out = {}
        if "groups" in changes.lost:
            self._left = {}
        self._forget_before(now - REMEMBER)
        for person, status in changes.status.items():
            self._out.pop(person, None)
            if status != "enabled":
                self._out[person] = (status, now)
        for person, moment in changes.valid_from.items():
            if moment:
                self._valid_from[person] = (moment, now)
        for (person, group), there in changes.members.items():
            left = self._left.setdefault(person, {})
            left.pop(group, None)
            if not there:
                left[group] = now

    def out(self, person: str) -> Status | None:
        return self._out[person][0] if person in self._out else None

    def over(self, found: Found) -> Found:
        """A replica's answer, with what is known better."""
        person = found.account.object_id
        valid_from, _ = self._valid_from.get(person, (0, 0.0))
        return Found(found.account.without(self._left.get(person, ())), max(found.valid_from, valid_from))

    def _forget_before(self, at: float) -> None:
        self._out = {person: fact for person, fact in self._out.items() if fact[1] >= at}
        self._valid_from = {person: fact for person, fact in self._valid_from.items() if fact[1] >= at}
        kept = {
            person: {group: since for group, since in groups.items() if since >= at}
            for person, groups in self._left.items()
        }
        self._left = {person: groups for person, groups in kept.items() if groups}
