"""Previews one stack with Pulumi and reads what it says."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from airflow_entra.preview.drift import changed_past_pulumi
from airflow_entra.preview.events import Events
from airflow_entra.preview.result import StackPreview
from airflow_entra.pulumi.elsewhere import Elsewhere
from airflow_entra.pulumi.runner import NO_SUCH_STACK, Answer, Pulumi

_STREAM = {"PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true"}


@dataclass(frozen=True)
class Engine:
    """How a stack is previewed: by this Pulumi, judged by the policy pack in `pack`."""

    pulumi: Pulumi
    pack: Path | None = None
    pack_config: Path | None = None
    refresh: bool = False

    def preview(self) -> StackPreview:
        """The stack. One that the backend doesn't have is previewed from nothing, in a backend made for it alone.

        Raises NoPulumiError, and Interrupted after a signal.
        """
        began, pulumi = time.monotonic(), self.pulumi
        answer = self._ask(pulumi)
        if answer.code != NO_SUCH_STACK:
            return self._result(pulumi, answer, began, new=False)
        with Elsewhere.made_for(pulumi.folder, pulumi.stack, pulumi.environment) as elsewhere:
            there = Pulumi(elsewhere.folder, elsewhere.environment, pulumi.stack, family=pulumi.family)
            answer = there.run(["stack", "init", there.stack, "--no-select"], check=False)
            if answer.code == 0:
                answer = self._ask(there)
        return self._result(there, answer, began, new=True)

    def _ask(self, pulumi: Pulumi) -> Answer:
        options = [
            *(["--policy-pack", str(self.pack.absolute())] if self.pack else []),
            *(["--policy-pack-config", str(self.pack_config.absolute())] if self.pack_config else []),
            *(["--refresh"] if self.refresh else []),
        ]
        return pulumi.run(["preview", "--json", "--stack", pulumi.stack, *options], environment=_STREAM, check=False)

    def _result(self, pulumi: Pulumi, answer: Answer, began: float, *, new: bool) -> StackPreview:
        events = Events.of(answer, pulumi.scrub)
        found = events.result(pulumi.stack, answer.code, new=new, seconds=time.monotonic() - began)
        return replace(found, drifted=tuple(changed_past_pulumi(found)))
