"""Gets a rotation done by Pulumi: nothing else with it, again where Azure is in trouble, nothing left behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_entra import next_step
from airflow_entra.finding import Finding
from airflow_entra.pulumi.pending import interruption
from airflow_entra.pulumi.runner import Pulumi, each
from airflow_entra.pulumi.trouble import LockedError, PulumiError, patiently
from airflow_entra.rotation.leftovers import Entra, InEntra, forgotten, nobodys, without_gone
from airflow_entra.rotation.slots import Held, RefusedError, Slot, held
from airflow_entra.rotation.steps import others, refusal
from airflow_entra.variables import PROVE


@dataclass(frozen=True)
class Updating:
    stack: str
    pulumi: Pulumi
    recover: Callable[[], object]
    """Settles what an interrupted run left."""
    entra: Entra
    now: datetime
    proofs: int
    say: Callable[[str], None]
    sleep: Callable[[float], None]
    whose: str = ""

    def state(self, *, look_only: bool) -> dict[str, Any]:
        """The state; unless it is only looked at, after what an interrupted run left in it was settled."""
        try:
            state = self.pulumi.export()
        except PulumiError as error:
            if look_only or not error.torn:
                raise
            self.settle()
            return self.pulumi.export()
        if look_only or interruption(state).nothing:
            return state
        self.settle()
        return self.pulumi.export()

    def settle(self) -> None:
        """Raises LockedError where another run has the stack, and what recovery raises."""
        self.say(f"The last run of Pulumi on stack {self.stack} was interrupted: settling what it left behind.")
        self.recover()

    def check(self, before: Held, replaced: Sequence[Slot]) -> None:
        """Raises RefusedError where a whole update would do anything else than this rotation."""
        try:
            options = each("--replace", [slot.urn for slot in replaced])
            steps = patiently(lambda: self.pulumi.preview(*options), self.say, self.sleep)
        except LockedError:
            raise
        except PulumiError as error:
            raise RefusedError(
                Finding(
                    f"stack {self.stack}",
                    f"Pulumi can't preview it: {error}",
                    "a rotation is previewed before anything is touched",
                    f"see that `{next_step.preview(self.stack)}` works, and run this again",
                    id="rotate/preview-failed",
                )
            ) from error
        changes = others(steps, before, replaced)
        if changes:
            raise RefusedError(refusal(self.stack, changes))

    def update(self, before: Held, replaced: Sequence[Slot]) -> Held:
        """Replace these, nothing else with them; what the state holds afterwards. Raises RefusedError, LockedError."""
        self.check(before, replaced)
        state = self.pulumi.export()
        if held(state, self.stack, self.whose) != before:
            raise RefusedError(one_at_a_time(self.stack, "another run changed the secret meanwhile"))
        known = self.entra.secrets(before.application)
        self._without_gone(state, known, before.application)
        to_replace = [slot.urn for slot in replaced]

        def once() -> Held:
            failure: PulumiError | None = None
            try:
                options = [*each("--replace", to_replace), *each("--target", before.urns)]
                self.pulumi.up(*options, environment={PROVE: str(self.proofs)})
            except LockedError:
                raise
            except PulumiError as error:
                failure = error
            state, in_entra = self.state(look_only=False), self.entra.secrets(before.application)
            if in_entra is not None and known is not None:
                self._remove(before.application, nobodys(in_entra, state, known))
            state = self._without_gone(state, in_entra, before.application)
            after = held(state, self.stack, self.whose)
            if all(after.key_ids[slot.name] != slot.key_id for slot in replaced):
                to_replace.clear()  # whatever comes now, not once more
            if not to_replace and after.finished:
                self._remove(before.application, forgotten(in_entra or {}, state, self.now))
                return after  # where it failed, only at what was done already
            raise failure or PulumiError("the vault does not have the newest secret")

        try:
            return patiently(once, self.say, self.sleep)
        except LockedError:
            raise
        except PulumiError as error:
            raise RefusedError(
                Finding(
                    f"stack {self.stack}",
                    f"Pulumi could not rotate the secret: {error}",
                    "the new secret is made, Entra takes it, the vault has it, the older one is gone",
                    "mend that and run the same command again: it goes on from there",
                    id="rotate/failed",
                )
            ) from error

    def _remove(self, application: str, key_ids: Sequence[str]) -> None:
        for key_id in key_ids:
            if self.entra.remove(application, key_id):
                self.say(f"  key {key_id}, which Entra made and whose value was lost on the way: removed")

    def _without_gone(self, state: dict[str, Any], in_entra: InEntra | None, application: str) -> dict[str, Any]:
        """The state, rid of what Pulumi would remove in vain."""
        rest = without_gone(state, in_entra, application) if in_entra is not None else None
        if rest is None:
            return state
        self.pulumi.put(rest)
        return rest


def one_at_a_time(stack: str, what: str) -> Finding:
    return Finding(
        f"stack {stack}",
        what,
        "one run at a time",
        "wait until the other run has ended and run this again: it finds everything done, or goes on",
        id="rotate/another-run",
    )
