"""What the previews found, for the reports to say. No secret is in any of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from airflow_entra.access.compare import Compared
from airflow_entra.pulumi.trouble import passes

Outcome = Literal["previewed", "failed", "not started"]
"""`failed`: the stack's own program or one of its resources. `not started`: the engine never came to the stack."""

ABSENT = type("Absent", (), {"__repr__": lambda _: "ABSENT"})()
"""In place of a property's value: on this side there is no such property."""


@dataclass(frozen=True)
class PropertyChange:
    """One property, by its path (`web.redirectUris[1]`); its values as JSON has them, or `ABSENT`."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Step:
    """What becomes of one resource: `op` is Pulumi's word (create, update, delete, replace, import, refresh, ...)."""

    op: str
    type: str
    name: str
    changes: tuple[PropertyChange, ...] = ()
    because: tuple[str, ...] = ()
    """The properties that make it a replacement."""
    id: str = ""
    """The provider's id of what there is already."""


@dataclass(frozen=True)
class Violation:
    """One violation of a policy, in the pack's own words. `resource` is empty where it is the whole stack."""

    policy: str
    mandatory: bool
    severity: str
    resource: str
    rule: str
    problem: str
    remedy: str


@dataclass(frozen=True)
class StackPreview:
    """One stack. `drift` is what a refresh found changed behind Pulumi's back; `new`: the backend has no such stack."""

    stack: str
    outcome: Outcome
    new: bool = False
    steps: tuple[Step, ...] = ()
    drift: tuple[Step, ...] = ()
    violations: tuple[Violation, ...] = ()
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    unchanged: int = 0
    seconds: float = field(default=0.0, compare=False)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many resources by operation."""
        return Counter(step.op for step in self.steps)

    @property
    def mandatory(self) -> int:
        return sum(violation.mandatory for violation in self.violations)

    @property
    def advisory(self) -> int:
        return len(self.violations) - self.mandatory

    @property
    def passing(self) -> bool:
        """Whether it failed for something that is over soon."""
        return self.outcome != "previewed" and any(passes(error) for error in self.errors)

    @property
    def objected(self) -> bool:
        """A mandatory policy is violated, or the stack's own program or resources failed."""
        return bool(self.mandatory) or self.outcome == "failed"


@dataclass(frozen=True)
class Previewed:
    """A whole run. `compared` is None where there is no base to compare with; `no_base` then says why."""

    stacks: tuple[StackPreview, ...]
    compared: Compared | None = None
    no_base: str = ""
    policies: bool = True
    refresh: bool = False
    expect_no_changes: bool = False
    left: tuple[str, ...] = ()
    """Stacks that have a file and were not previewed, each with the reason."""

    @property
    def changed(self) -> tuple[StackPreview, ...]:
        """Those that would change; what a preview that failed got to is no measure of it."""
        return tuple(one for one in self.stacks if one.steps and one.outcome == "previewed")

    @property
    def exit_code(self) -> int:
        """0 nothing to object, 1 findings, 2 a preview could not start."""
        if any(one.outcome == "not started" for one in self.stacks):
            return 2
        found = bool(self.compared and self.compared.findings) or any(one.objected for one in self.stacks)
        return 1 if found or (self.expect_no_changes and self.changed) else 0
