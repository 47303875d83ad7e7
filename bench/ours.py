"""Our program on the local tenant, as a user runs it."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_entra.local.run import Session
from bench.measure import Measured, measure
from bench.subjects import WITHOUT_CHECKPOINTS, Size


@dataclass(frozen=True)
class Ours:
    session: Session
    stack: str

    def pulumi(self, *arguments: str, checkpoints: bool = True) -> Measured:
        environment = self.session.environment | ({} if checkpoints else WITHOUT_CHECKPOINTS)
        command = [str(self.session.engine / "pulumi"), *arguments, "--stack", self.stack]
        return measure(command, self.session.world.workspace, environment)

    def size(self) -> Size:
        """What a first `pulumi up` would make."""
        steps = [step["newState"] for step in self.session.pulumi(self.stack).preview()]
        made = [state for state in steps if not state["type"].startswith("pulumi:")]
        resources = sum(bool(state.get("custom")) for state in made)
        return Size(resources, len(made) - resources)
