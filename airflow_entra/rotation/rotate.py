"""One run of `airflow-entra rotate`: settle what an earlier one left, replace what is due, prove that it is so."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from airflow_entra.access import DeclaredStack
from airflow_entra.directory.application_credentials import ApplicationCredential
from airflow_entra.files import lock
from airflow_entra.finding import Finding, exit_code
from airflow_entra.pulumi.pending import interruption
from airflow_entra.pulumi.runner import Pulumi
from airflow_entra.pulumi.trouble import PAUSES, LockedError, PulumiError
from airflow_entra.rotation.leftovers import Entra
from airflow_entra.rotation.slots import (
    WATCHER,
    Held,
    RefusedError,
    certificate_end,
    due_at,
    held,
    run_every,
    to_replace,
)
from airflow_entra.rotation.unknown import UnreadableError, applications, not_to_be_seen, still_open, unknown, words
from airflow_entra.rotation.updating import Updating, one_at_a_time
from airflow_entra.settings.model import VaultSecret
from airflow_entra.settings.watching import watcher_credential
from airflow_entra.variables import PROVE

PROOFS = 5
"""How often in a row Entra must take a new secret before the vault gets it, two seconds apart."""


_CERTIFICATE_WARNING = timedelta(days=30)
"""How long before its end a certificate is a finding: somebody has to make the next one."""

Looked = Literal["no", "all", "denied"]
"""Whether every credential of the application was looked at."""
Outcome = Literal["rotated", "finished", "not due", "due", "refused", "nothing to rotate"]


def proofs(environment: Mapping[str, str]) -> int:
    """`PROOFS`, unless the caller's environment says another number."""
    said = environment.get(PROVE, "")
    return int(said) if said.isdecimal() else PROOFS


@dataclass(frozen=True)
class Rotation:
    """What a run found and did. `replaced` are (slot, key id before, key id now), in their order.

    "finished": an earlier run had been interrupted, and its secret is in the vault now. "due": --dry-run, not done.
    """

    stack: str
    mode: str
    now: datetime
    outcome: Outcome
    held: Held | None = None
    due: datetime | None = None
    """When the current secret is to be replaced next."""
    run_every: timedelta = timedelta(days=1)
    """How often this is to be run, so that no secret ends before it is replaced."""
    to_replace: tuple[str, ...] = ()
    """With --dry-run: the slots that are to be replaced; none where an earlier run is only to be finished."""
    replaced: tuple[tuple[str, str, str], ...] = ()
    findings: tuple[Finding, ...] = ()
    certificate_end: datetime | None = None
    whose: str = ""
    """`WATCHER` where it is the watcher's secret."""
    looked: Looked = "no"
    unknown: tuple[ApplicationCredential, ...] = ()
    """Credentials of the application that the stack doesn't have and that are still there."""
    removed: tuple[ApplicationCredential, ...] = ()
    """Those that this run took away."""

    @property
    def open(self) -> bool:
        """Whether somebody may still sign in as the application after a leak."""
        return self.looked == "denied" or bool(self.unknown)

    @property
    def fine(self) -> bool:
        return exit_code(self.findings, "warning") == 0


@dataclass(frozen=True)
class Rotate:
    """`stack_file` is the stack's tracked file: as long as a run has it locked, another one of the same is refused."""

    stack: DeclaredStack
    stack_file: Path
    pulumi: Pulumi
    recover: Callable[[], object]
    """Settles what an interrupted run left. Raises LockedError where the run goes on."""
    entra: Entra
    now: datetime
    say: Callable[[str], None]
    proofs: int = PROOFS
    sleep: Callable[[float], None] = time.sleep
    whose: str = ""
    agreed: Callable[[Sequence[ApplicationCredential]], bool] = lambda _: True
    """Asked before credentials are taken away that the stack doesn't have."""

    @property
    def _update(self) -> Updating:
        return Updating(
            *(self.stack.name, self.pulumi, self.recover, self.entra, self.now),
            *(self.proofs, self.say, self.sleep, self.whose),
        )

    def run_all(
        self, *, at_once: bool = False, dry_run: bool = False, remove_unknown: bool = False
    ) -> tuple[Rotation, ...]:
        """The sign-on's secret, then the watcher's where it has one; not after a refusal, which concerns both.

        `at_once` is after a leak: every credential of the stack's applications is looked at then, and with
        `remove_unknown` those that the stack doesn't have are taken away, when Airflow has the new secret. The first
        rotation says what was found. Raises PulumiError where Pulumi can't be asked at all.
        """
        first = self._run(at_once=at_once, dry_run=dry_run)
        rotations = [first]
        if isinstance(watcher_credential(self.stack.settings), VaultSecret) and first.outcome != "refused":
            rotations.append(replace(self, whose=WATCHER)._run(at_once=at_once, dry_run=dry_run))
        if at_once:
            rotations[0] = self._looked_at(rotations, remove=remove_unknown and not dry_run)
        return tuple(rotations)

    def run(self, *, at_once: bool = False, dry_run: bool = False, remove_unknown: bool = False) -> Rotation:
        """The sign-on's secret alone, as `run_all` does it."""
        rotation = self._run(at_once=at_once, dry_run=dry_run)
        return self._looked_at([rotation], remove=remove_unknown and not dry_run) if at_once else rotation

    def _run(self, *, at_once: bool, dry_run: bool) -> Rotation:
        credential = self.stack.settings.credential
        if not isinstance(credential, VaultSecret):
            return self._without_secret(credential.mode)
        try:
            with self._only_run():
                try:
                    return self._rotate(credential, at_once=at_once, dry_run=dry_run)
                except LockedError:
                    self._update.settle()
                    return self._rotate(credential, at_once=at_once, dry_run=dry_run)
        except LockedError as error:
            return self._told("refused", findings=(one_at_a_time(self.stack.name, str(error)),))
        except RefusedError as refused:
            return self._told("refused", findings=refused.findings)

    def _rotate(self, credential: VaultSecret, *, at_once: bool, dry_run: bool) -> Rotation:
        before = held(self._update.state(look_only=dry_run), self.stack.name, self.whose)
        wanted = to_replace(before, credential, self.now, at_once=at_once)
        if not wanted and before.finished:
            return self._told("not due", before, credential)
        if dry_run:
            self._update.check(before, wanted[:1])
            slots = tuple(slot.name for slot in wanted)
            due = Finding(
                f"stack {self.stack.name}",
                f"{' and '.join(slots)} to be replaced" if slots else "an earlier rotation was interrupted",
                "a secret is replaced when rotateEvery is over, and a rotation is finished",
                "the same command without --dry-run",
                severity="warning",
                id="rotate/due",
            )
            return self._told("due", before, credential, to_replace=slots, findings=(due,))
        if not wanted:
            self.say("  an earlier rotation was interrupted: going on with it")
            after = self._update.update(before, ())
            return self._told("finished", after, credential)
        after = before
        replaced: list[tuple[str, str, str]] = []
        for slot in wanted:
            self.say(f"  replacing {slot.name} (key {slot.key_id})")
            try:
                after = self._update.update(after, (slot,))
            except RefusedError as refused:
                return self._told("refused", replaced=tuple(replaced), findings=refused.findings)
            replaced.append((slot.name, slot.key_id, after.key_ids[slot.name]))
        return self._told("rotated", after, credential, replaced=tuple(replaced))

    def _looked_at(self, rotations: Sequence[Rotation], *, remove: bool) -> Rotation:
        """The first of these after every credential of the stack's applications was looked at."""
        rotation = rotations[0]
        gone = {before for done in rotations for _, before, _ in done.replaced}
        removed: list[ApplicationCredential] = []
        because = ""
        try:
            left = self._settled(lambda credential: credential.key_id in gone)
            if left and remove:
                because = self._refusal(rotations, left) or self._remove_still_unknown(left, removed)
                left = self._settled(lambda credential: credential in removed)
        except (UnreadableError, PulumiError) as reason:
            finding = not_to_be_seen(self.stack.name, str(reason))
            return replace(rotation, looked="denied", removed=tuple(removed), findings=(*rotation.findings, finding))
        return replace(
            rotation,
            looked="all",
            unknown=tuple(left),
            removed=tuple(credential for credential in removed if credential not in left),
            findings=(*rotation.findings, *still_open(self.stack.name, left, because)),
        )

    def _settled(self, passing: Callable[[ApplicationCredential], bool]) -> list[ApplicationCredential]:
        """What the stack doesn't have. Graph may go on for some seconds to show what was just removed (`passing`)."""
        for pause in (*PAUSES, 0.0):
            found = self._unknown()
            if not pause or not any(map(passing, found)):
                break
            self.sleep(pause)
        return found

    def _unknown(self) -> list[ApplicationCredential]:
        export = self.pulumi.export()
        found = (one for path in applications(export) for one in self.entra.credentials(path))
        return unknown(found, export)

    def _refusal(self, rotations: Sequence[Rotation], found: Sequence[ApplicationCredential]) -> str:
        """Why nothing is taken away now; nothing where it may be."""
        if not all(rotation.fine for rotation in rotations):
            return "; it is left until the stack's own secrets are rotated"
        return "" if self.agreed(found) else "; it was not agreed to remove it"

    def _remove_still_unknown(
        self, found: Sequence[ApplicationCredential], removed: list[ApplicationCredential]
    ) -> str:
        """The state is read once more: another run may have made one of these for this stack."""
        export = self.pulumi.export()
        if not interruption(export).nothing:
            return "; it is left until another run of Pulumi on this stack has ended"
        return self._remove(unknown(found, export), removed)

    def _remove(self, found: Sequence[ApplicationCredential], removed: list[ApplicationCredential]) -> str:
        """Take them away, each said as it is done: whoever interrupts this knows how far it came. Why one was left."""
        because = ""
        for credential in found:
            if why := self.entra.take_away(credential):
                because = f"; it could not be removed: {why}"
                self.say(f"  {words(credential)}: not removed, {why}")
            else:
                removed.append(credential)
                self.say(f"  {words(credential)}, which the stack doesn't have: removed")
        return because

    def _without_secret(self, mode: str) -> Rotation:
        if mode != "certificate":
            return self._told("nothing to rotate")
        end = certificate_end(self.pulumi.export())
        findings: tuple[Finding, ...] = ()
        if end is not None and end - self.now < _CERTIFICATE_WARNING:
            findings = (
                Finding(
                    f"stack {self.stack.name}",
                    f"the certificate {'ended' if end <= self.now else 'ends'} on {end:%Y-%m-%d}",
                    f"it is replaced {_CERTIFICATE_WARNING.days} days before; no program can do that, because the "
                    "private key is Airflow's alone",
                    "make a new pair where Airflow runs, name its certificate in credential.file, deploy, mount both",
                    id="rotate/certificate-ends",
                ),
            )
        return self._told("nothing to rotate", findings=findings, certificate_end=end)

    def _told(
        self, outcome: Outcome, now_held: Held | None = None, credential: VaultSecret | None = None, **more: Any
    ) -> Rotation:
        due = due_at(now_held.current, credential) if now_held and credential else None
        if credential:
            more["run_every"] = run_every(credential)
        mode = self.stack.settings.credential.mode
        return Rotation(self.stack.name, mode, self.now, outcome, now_held, due, whose=self.whose, **more)

    @contextmanager
    def _only_run(self) -> Iterator[None]:
        """Between machines Pulumi's own lock counts; on one, two runs must not both find the same slot due."""
        with self.stack_file.open() as file:
            if not lock(file):
                raise RefusedError(one_at_a_time(self.stack.name, "another rotation of this stack is running"))
            yield
