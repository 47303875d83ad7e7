"""Where the stack file, Pulumi's state and the live tenant differ, who wins, and how each difference is settled.

Worked out of one preview with a refresh: the refresh says what became of the state's resources in the tenant, the
preview what the program then would do about it. Lists are compared as sets: Entra gives them in any order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from airflow_entra import next_step
from airflow_entra.escape.json_text import json_text
from airflow_entra.finding import Finding
from airflow_entra.preview.result import ABSENT, PropertyChange, StackPreview, Step

Winner = Literal["stack file", "tenant", "nobody yet"]
CONTROLS = ("SOC 2 CC8.1", "NIST 800-53 CM-3")
"""That changes are approved before they are made."""
_LABELS = frozenset({"description", "displayName", "logoImage", "marketingUrl", "notes", "supportUrl", "tags"})
"""Properties that say what something is called or for, and give nobody anything."""
_ITEM = re.compile(r"(.*)\[[0-9]+\]")


@dataclass(frozen=True)
class Difference:
    """One property of one resource, or a whole resource (`path` is empty). Values are as JSON has them, or ABSENT.

    `id` is the object's in the tenant, where there is one; `by` says who changed it there and when, where it is known.
    """

    resource: str
    id: str
    path: str
    declared: Any
    state: Any
    live: Any
    wins: Winner
    settle: str
    by: str = ""

    @property
    def by_hand(self) -> bool:
        """Whether somebody changed the tenant, rather than the stack file."""
        return self.state is not self.live and self.state != self.live

    @property
    def finding(self) -> Finding:
        """The values are its evidence."""
        sides = (("stack file", self.declared), ("state", self.state), ("tenant", self.live))
        gone = self.live is ABSENT and not self.path
        by_hand = "deployed, and gone from the tenant" if gone else "changed in the tenant, past Pulumi"
        return Finding(
            f"{self.resource} {self.path}".rstrip(),
            (by_hand if self.by_hand else "declared, and not deployed yet") + (f" ({self.by})" if self.by else ""),
            "the stack file, Pulumi's state and the tenant say the same",
            self.settle,
            severity="warning" if self.by_hand and _last_name(self.path) in _LABELS else "error",
            id="drift/not-deployed" if not self.by_hand else "drift/gone" if gone else "drift/changed",
            controls=CONTROLS,
            evidence=tuple((side, said(value)) for side, value in sides),
        )


def said(value: Any) -> str:
    """A property's value as text."""
    if value is ABSENT:
        return "(none)"
    return value if isinstance(value, str) else json_text(value)


def drift(refreshed: StackPreview) -> list[Difference]:
    """Every difference of a stack, in the order of its resources. `refreshed` was previewed with a refresh."""
    stack = refreshed.stack
    planned = {(step.type, step.name): step for step in refreshed.steps}
    moved = {(step.type, step.name): step for step in refreshed.drift}
    found: list[Difference] = []
    known = planned | moved
    for key in moved | planned:
        found += _resource(stack, known[key], moved.get(key), planned.get(key))
    return found


def changed_past_pulumi(refreshed: StackPreview) -> Iterator[Finding]:
    """A finding for each property that somebody changed in the tenant, as far as the preview came to its end."""
    if refreshed.outcome == "previewed" and refreshed.drift:
        yield from (difference.finding for difference in drift(refreshed) if difference.by_hand)


def _resource(stack: str, known: Step, moved: Step | None, planned: Step | None) -> Iterator[Difference]:
    """`known` is one of the two, for what the resource is."""
    if moved is not None and moved.op == "gone":
        yield _gone(stack, moved, planned)
    elif planned is not None and planned.op == "create":
        yield _of(planned, "", _THERE, ABSENT, ABSENT, "stack file", f"`{next_step.up(stack)}` makes it")
    elif planned is not None and planned.op in ("delete", "discard"):
        yield _of(planned, "", ABSENT, _THERE, _THERE, "stack file", f"`{next_step.up(stack)}` deletes it")
    else:
        yield from _properties(stack, known, _by_path(moved), _by_path(planned))


_THERE = "there"
_RESTORABLE = frozenset({"Application", "Group", "GroupWithoutMembers", "ServicePrincipal"})
"""Types that Entra soft-deletes; a security group in most tenants, though its documents disagree."""


_AZURES_OWN = {
    "PrivateEndpoint": ("customDnsConfigs", "networkInterfaces"),
    "Vault": ("properties.privateEndpointConnections",),
}
"""What Azure writes itself when a private endpoint is made, and when a policy of the landing zone registers it."""


def _gone(stack: str, moved: Step, planned: Step | None) -> Difference:
    if planned is None:
        settle = f"`pulumi refresh --stack {stack}` takes it out of the state; nothing is made"
        return _of(moved, "", ABSENT, _THERE, ABSENT, "tenant", settle)
    again = f"`{next_step.up(stack, '--refresh')}` makes a new one with another id"
    restorable = moved.type.rpartition(":")[2] in _RESTORABLE
    settle = f"restore it in Entra, which keeps it 30 days with its id; else {again}" if restorable else again
    return _of(moved, "", _THERE, _THERE, ABSENT, "stack file", settle)


def _properties(
    stack: str, step: Step, by_hand: Mapping[_Place, PropertyChange], to_do: Mapping[_Place, PropertyChange]
) -> Iterator[Difference]:
    for place in dict.fromkeys((*by_hand, *to_do)):
        path, hand, do = place[0], by_hand.get(place), to_do.get(place)
        if do is None and path.startswith(_AZURES_OWN.get(step.type.rpartition(":")[2], ())):
            continue
        if hand and do:
            settle = f"`{next_step.up(stack, '--refresh')}` puts it back; to keep it, write it into the stack file"
            yield _of(step, path, do.after, hand.before, hand.after, "stack file", settle)
        elif hand:
            settle = f"`pulumi refresh --stack {stack}` writes it into the state; the stack file has nothing against it"
            yield _of(step, path, hand.after, hand.before, hand.after, "tenant", settle)
        elif do:
            settle = f"`{next_step.up(stack)}` does it: declared, and not deployed yet"
            yield _of(step, path, do.after, do.before, do.before, "stack file", settle)


_Place = tuple[str, str]
"""A property's path; and of a list the item, wherever in it that stands."""


def _by_path(step: Step | None) -> Mapping[_Place, PropertyChange]:
    return dict(place for change in (step.changes if step else ()) for place in _placed(change))


def _placed(change: PropertyChange) -> Iterator[tuple[_Place, PropertyChange]]:
    item = _ITEM.fullmatch(change.path)
    if item is None:
        yield (change.path, ""), change
        return
    if change.before is not ABSENT:
        yield (item[1], json_text(change.before)), PropertyChange(item[1], change.before, ABSENT)
    if change.after is not ABSENT:
        yield (item[1], json_text(change.after)), PropertyChange(item[1], ABSENT, change.after)


def _last_name(path: str) -> str:
    return path.rpartition(".")[2].partition("[")[0]


def _of(step: Step, path: str, declared: Any, state: Any, live: Any, wins: Winner, settle: str) -> Difference:
    return Difference(f"{step.type} {step.name}", step.id, path, declared, state, live, wins, settle)
