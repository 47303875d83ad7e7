"""Reads the engine's events, one JSON object a line, as `pulumi preview --json` streams them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from airflow_entra.finding import Finding, worst_first
from airflow_entra.preview.changes import between, readable, reordered, reported, secrets, top
from airflow_entra.preview.result import ABSENT, Outcome, PropertyChange, StackPreview, Step
from airflow_entra.pulumi.resource_types import STACK
from airflow_entra.pulumi.runner import Answer
from airflow_entra.pulumi.scrub import Scrub
from airflow_entra.pulumi.urn import resource_name, resource_type

_NO_CHANGE = frozenset({"same", "read", "read-replacement", "read-discarded", "refresh"})
_SAID_ANYWAY = frozenset({"preview failed", "an unhandled error occurred: program exited with non-zero exit code: 1"})
_MOST_ERRORS = 50
_A_PART = (
    "what pulumi said is cut (an event, or its summary), so this is a part of the preview: check that the disk with "
    "the folder for temporary files (TMPDIR) is not full"
)


class Events:
    """Gathers what a preview's events say. Anything that is no event is kept as what the engine said besides."""

    def __init__(self, scrub: Scrub) -> None:
        self._scrub = scrub
        self._started = self._cut = self._reported = False
        self._result = ""
        self._steps: list[Step] = []
        self._drift: list[Step] = []
        self._violations: list[Finding] = []
        self._errors: list[str] = []
        self._besides: list[str] = []
        self._warnings: list[str] = []
        self._unchanged = 0

    @classmethod
    def of(cls, answer: Answer, scrub: Scrub) -> Events:
        """The events of a preview that has ended."""
        events = cls(scrub)
        for line in answer.lines:
            events.read(line)
        for line in answer.complaints:
            events.complain(line)
        return events

    def read(self, line: str) -> None:
        """One line of the engine's output."""
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            event = None
        if event is None and line.startswith(("{", "[")):
            self._cut = True  # Pulumi ignores that its output can't be written
        elif not isinstance(event, Mapping):
            self.complain(line)
        elif "resOutputsEvent" in event:
            self._resource(event["resOutputsEvent"]["metadata"])
        elif "resourcePreEvent" in event:
            self._planned(event["resourcePreEvent"]["metadata"])
        elif "policyEvent" in event:
            self._policy(event["policyEvent"])
        elif "diagnosticEvent" in event:
            self._diagnostic(event["diagnosticEvent"])
        elif "summaryEvent" in event:
            self._unchanged = (event["summaryEvent"].get("resourceChanges") or {}).get("same", 0)
            self._result = event["summaryEvent"].get("result") or "succeeded"
        self._started = self._started or (isinstance(event, Mapping) and "preludeEvent" in event)

    def complain(self, text: str) -> None:
        """A line that is no event: why it did not start. All are kept until the end: a secret may go over several."""
        self._besides.append(text.rstrip("\r\n"))

    def _error(self, said: str) -> None:
        said = said.strip().removeprefix("error: ")
        if said and said not in self._errors and len(self._errors) < _MOST_ERRORS:
            self._errors.append(said)

    def result(self, stack: str, code: int, *, new: bool, seconds: float) -> StackPreview:
        """What it all comes to. `code` is the engine's exit code."""
        for line in self._scrub.text("\n".join(self._besides)).splitlines():
            self._error(line)
        outcome = self._outcome(code)
        if outcome != "previewed" and self._started and (self._cut or (code == 0 and not self._result)):
            self._error(_A_PART)
        if outcome != "previewed" and not self._errors:
            summary = self._result and f", its summary says {self._result}"
            self._error(
                f"pulumi was killed (signal {-code})"
                if code < 0
                else f"pulumi gave no reason (its exit code is {code}{summary})"
            )
        return StackPreview(
            stack=stack,
            outcome=outcome,
            new=new,
            steps=tuple(self._steps),
            drift=tuple(self._drift),
            violations=tuple(worst_first(self._violations)),
            errors=tuple(self._errors) if code or outcome != "previewed" else (),
            warnings=tuple(self._warnings),
            unchanged=self._unchanged,
            seconds=seconds,
        )

    def _outcome(self, code: int) -> Outcome:
        if not self._started:
            return "not started"
        if self._cut or self._reported or not self._result:
            return "failed"
        mandatory = any(finding.severity == "error" for finding in self._violations)
        succeeded = code == 0 and self._result != "failed"
        return "previewed" if succeeded or (mandatory and not self._errors) else "failed"

    def _planned(self, metadata: Mapping[str, Any]) -> None:
        """What the engine is about to do. A deletion and all else that changes are told here, once each."""
        op = str(metadata["op"])
        if op in _NO_CHANGE or not metadata.get("logical", False):
            return
        self._steps.append(self._step(op, metadata))

    def _resource(self, metadata: Mapping[str, Any]) -> None:
        if metadata["op"] != "refresh" or not metadata.get("old"):
            return
        if not metadata.get("new"):
            self._drift.append(Step("gone", *_identity(metadata), id=_id(metadata)))
        elif metadata.get("detailedDiff"):
            step = self._step("changed", metadata)
            changes = tuple(change for change in step.changes if not reordered(change))
            self._drift += [replace(step, changes=changes)] if changes or not step.changes else []

    def _step(self, op: str, metadata: Mapping[str, Any]) -> Step:
        before, after = (self._state(metadata.get(side)) for side in ("old", "new"))
        if op == "delete" or not metadata.get("new"):
            changes = []
        elif not metadata.get("old"):
            changes = list(between({}, after["inputs"]))
        else:
            told = (
                metadata.get("detailedDiff"),
                before["outputs"] | before["inputs"],
                after["outputs"] | after["inputs"],
            )
            changes = [*between(before["inputs"], after["inputs"]), *secrets(*told)]
            changes += [one for one in reported(*told) if not changes or one.path not in map(top, changes)]
        because = tuple(map(self._scrub.text, metadata.get("keys") or ()))
        return Step(op, *_identity(metadata), tuple(map(self._scrubbed, changes)), because, _id(metadata))

    def _state(self, state: Any) -> dict[str, dict[str, Any]]:
        state = state if isinstance(state, Mapping) else {}
        return {part: readable(state.get(part) or {}) for part in ("inputs", "outputs")}

    def _scrubbed(self, change: PropertyChange) -> PropertyChange:
        key = change.path.rpartition(".")[2].partition("[")[0]
        sides = (change.before, change.after)
        values = (side if side is ABSENT else self._scrub.value(side, key) for side in sides)
        return PropertyChange(self._scrub.text(change.path), *values)

    def _policy(self, event: Mapping[str, Any]) -> None:
        rule, _, said = self._scrub.text(event.get("message", "")).strip().partition("\n")
        name = event.get("policyName", "")
        problem, _, remedy = (said or rule).strip().removeprefix(f"{name}: ").partition(". ")
        urn = event.get("resourceUrn", "")
        level, severity = event.get("enforcementLevel", ""), event.get("severity", "")
        self._violations.append(
            Finding(
                "the stack" if resource_type(urn) == STACK else resource_name(urn),
                problem,
                rule if said else f"the policy {name} holds",
                remedy or "see what the policy's pack says about it",
                severity="warning" if level == "advisory" else "error",
                id=f"policy/{name}",
                evidence=tuple((key, value) for key, value in (("level", level), ("severity", severity)) if value),
            )
        )

    def _diagnostic(self, event: Mapping[str, Any]) -> None:
        severity, said = event.get("severity", ""), self._scrub.text(event.get("message", "")).strip()
        if severity == "error" and said not in _SAID_ANYWAY:
            self._reported = True
            self._error(said)
        elif severity == "warning" and said and said not in self._warnings:
            self._warnings.append(said)


def _identity(metadata: Mapping[str, Any]) -> tuple[str, str]:
    """Type and name; without the module that every type repeats (azuread:index/group:Group is azuread:Group)."""
    package, _, rest = str(metadata["type"]).partition(":")
    module, _, name = rest.rpartition(":")
    module = module.partition("/")[0]
    type_ = f"{package}:{name}" if module in ("", "index") else f"{package}:{module}:{name}"
    return type_, resource_name(metadata["urn"])


def _id(metadata: Mapping[str, Any]) -> str:
    return str((metadata.get("old") or {}).get("id") or "")
