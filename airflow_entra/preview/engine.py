"""Previews one stack with Pulumi and reads what it says."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from airflow_entra.preview.events import Events
from airflow_entra.preview.result import StackPreview
from airflow_entra.pulumi.elsewhere import Elsewhere
from airflow_entra.pulumi.family import Family
from airflow_entra.pulumi.runner import Pulumi
from airflow_entra.pulumi.trouble import NoSuchStackError

POLICIES = "policies"

_GRACE_SECONDS = 8.0
"""A preview makes nothing: one that doesn't end by then is killed."""
_STREAM = {"PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true"}


@dataclass(frozen=True)
class Engine:
    """How previews are run: in `folder` (where Pulumi.yaml is), with this environment, judged by the pack in `pack`."""

    folder: Path
    environment: Mapping[str, str]
    pack: Path | None = None
    pack_config: Path | None = None
    refresh: bool = False
    family: Family = field(default_factory=lambda: Family(grace=_GRACE_SECONDS))
    """The previews that are running, several at a time."""

    def preview(self, stack: str) -> StackPreview:
        """One stack. One that the backend doesn't have is previewed from nothing, in a backend made for it alone.

        Raises NoPulumiError, and Interrupted after a signal.
        """
        began = time.monotonic()
        try:
            found = self._preview(Pulumi(self.folder, self.environment, stack, family=self.family), began, new=False)
        except NoSuchStackError:
            with Elsewhere.made_for(self.folder, stack, self.environment) as elsewhere:
                pulumi = Pulumi(elsewhere.folder, elsewhere.environment, stack, family=self.family)
                made = pulumi.run(["stack", "init", stack, "--no-select"], check=False)
                if made.code:
                    return Events.of(made, pulumi.scrub).result(stack, made.code, new=True, seconds=0)
                found = self._preview(pulumi, began, new=True)
        return found

    def _preview(self, pulumi: Pulumi, began: float, *, new: bool) -> StackPreview:
        options = [
            *(["--policy-pack", str(self.pack.absolute())] if self.pack else []),
            *(["--policy-pack-config", str(self.pack_config.absolute())] if self.pack_config else []),
            *(["--refresh"] if self.refresh else []),
        ]
        answer = pulumi.run(
            ["preview", "--json", "--stack", pulumi.stack, *options], additional_env=_STREAM, check=False
        )
        if answer.code and isinstance(trouble := answer.trouble, NoSuchStackError):
            raise trouble
        events = Events.of(answer, pulumi.scrub)
        return events.result(pulumi.stack, answer.code, new=new, seconds=time.monotonic() - began)
