"""What the previews found, for the reports to say. No secret is in any of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from airflow_entra import next_step
from airflow_entra.access.compare import Compared
from airflow_entra.finding import Finding, worst_first
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
class StackPreview:
    """One stack. `drift` is what a refresh found changed behind Pulumi's back; `new`: the backend has no such stack."""

    stack: str
    outcome: Outcome
    new: bool = False
    steps: tuple[Step, ...] = ()
    drift: tuple[Step, ...] = ()
    violations: tuple[Finding, ...] = ()
    """Of policies: an error is mandatory, a warning advisory."""
    drifted: tuple[Finding, ...] = ()
    """Of `drift`: each property that was changed past Pulumi."""
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    unchanged: int = 0
    seconds: float = field(default=0.0, compare=False)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many resources by operation."""
        return Counter(step.op for step in self.steps)

    @property
    def passing(self) -> bool:
        """Whether it failed for something that is over soon."""
        return self.outcome != "previewed" and any(passes(error) for error in self.errors)

    @property
    def findings(self) -> Iterator[Finding]:
        """With this stack's name."""
        for finding in (*self.violations, *self.drifted):
            yield replace(finding, stack=self.stack)
        if self.outcome != "previewed":
            yield Finding(
                "the preview",
                "it failed" if self.outcome == "failed" else "it could not start",
                "a preview comes to its end",
                f"mend what Pulumi says: `{next_step.preview(self.stack)}` says all of it",
                id="preview/failed" if self.outcome == "failed" else "preview/not-started",
                stack=self.stack,
                unusable=self.outcome == "not started",
            )


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
    def findings(self) -> list[Finding]:
        """The worst first, those about access before others; one for each stack."""
        found = list(self.compared.findings if self.compared else ())
        found += [finding for stack in self.stacks for finding in stack.findings]
        if self.expect_no_changes:
            found += map(_unexpected, self.changed)
        return worst_first(found)


def _unexpected(stack: StackPreview) -> Finding:
    return Finding(
        "the preview",
        "something would change",
        "nothing does (--expect-no-changes)",
        f"see what it is: `{next_step.up(stack.stack)}` does it, `airflow-entra audit --drift` says who changed it",
        id="preview/changes",
        stack=stack.stack,
    )
