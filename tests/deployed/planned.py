"""What the engine would do to a stack, step by step, in its own words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.deploy.deployment import Deployment, captured

_NOTHING = frozenset({"same", "read"})
_HOW = ("preview", "--json", "--non-interactive", "--policy-pack", "policies")

Step = Mapping[str, Any]


def planned(deployment: Deployment, stack: str, *options: str) -> list[str]:
    """Every step that changes something, as in "update application: api, web"; with --refresh also what has drifted.

    An operation is Pulumi's own: create, update, delete, replace, create-replacement, delete-replaced, ...
    """
    session = deployment.session(stack)
    session.pulumi(stack)
    done = captured(session, ["pulumi", *_HOW, "--stack", stack, *options])
    assert done.returncode == 0, done.stdout + done.stderr
    return sorted(_words(step) for step in json.loads(done.stdout)["steps"] if not _is_nothing(step))


def _is_nothing(step: Step) -> bool:
    return step["op"] in _NOTHING or (step["op"] == "refresh" and not [*_changed(step)])


def _words(step: Step) -> str:
    name = str(step["urn"]).rpartition("::")[2]
    properties = ", ".join(sorted(_changed(step))) if step["op"] in ("update", "refresh") else ""
    return f"{step['op']} {name}" + (f": {properties}" if properties else "")


def _changed(step: Step) -> Iterator[str]:
    """The top-level properties that differ; what exists on one side only differs in all that it has."""
    part = "outputs" if step["op"] == "refresh" else "inputs"
    before, after = ((step.get(side) or {}).get(part) or {} for side in ("oldState", "newState"))
    for name in {*before, *after} - {"__defaults"}:
        if before.get(name) != after.get(name):
            yield name
