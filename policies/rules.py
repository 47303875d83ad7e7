"""The vocabulary that every policy is declared in, and nothing of Pulumi: a policy is data and one pure function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from policies.resource_types import EVERY
from policies.resources import Resource, Value

Severity = Literal["low", "medium", "high", "critical"]
Level = Literal["advisory", "mandatory"]
Scope = Literal["resource", "stack"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One violation: which resource, the offending value in words, and what to do instead."""

    resource: Resource
    problem: str
    fix: str


@dataclass(frozen=True, kw_only=True)
class Excepted:
    """A resource that breaks the rule's letter for a good reason."""

    resource: Resource
    reason: str


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One thing that `--policy-pack-config` may change; `schema` is its JSON Schema, the default included."""

    name: str
    schema: Mapping[str, object]


Settings = Mapping[str, Value]
Check = Callable[[Sequence[Resource], Settings], Iterator[Finding | Excepted]]
Remedy = Callable[[Resource], Mapping[str, Value]]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One policy.

    `scope` says what `check` is given: "resource", one resource's inputs before it is touched; "stack", the outputs of
    all resources together, once per preview and once per update. In both cases only resources of `types` (short tokens,
    see `resources.short_type`), and settings with their defaults filled in.
    `repair` gives the properties that have to be different, whole values by top-level name: what the level "remediate"
    puts in their place. Only where nothing that works today can stop working by it.
    `violation` and `compliance` are Pulumi YAML, printed in the documentation and run by the tests.
    """

    name: str
    title: str
    description: str
    scope: Scope
    severity: Severity
    level: Level
    reason: str
    remedy: str
    controls: tuple[str, ...]
    source: str
    types: tuple[str, ...]
    check: Check
    violation: str
    compliance: str
    settings: tuple[Setting, ...] = field(default=())
    repair: Remedy | None = None

    def reads(self, type_: str) -> bool:
        return type_ in self.types or EVERY in self.types

    def with_defaults(self, given: Settings) -> Settings:
        return {setting.name: given.get(setting.name, _default(setting)) for setting in self.settings}

    def message(self, finding: Finding) -> str:
        """What a person reads: the rule, the offending value, the fix."""
        return told(f"{self.name}: {finding.problem}. {finding.fix}")


def told(text: str) -> str:
    """`text`, with names that anybody may have chosen, for the engine to print on one line of a terminal.

    What would command the terminal is written as its code; <{% would begin one of the engine's own colours, and end in
    its panic.
    """
    shown = "".join(one if one.isprintable() or one in "\u200c\u200d" else ascii(one)[1:-1] for one in text)
    return shown.replace("<{%", "<\u200b{%")


def _default(setting: Setting) -> Value:
    default = setting.schema["default"]
    if isinstance(default, int | str | bool):
        return default
    if isinstance(default, list):
        return [*default]
    if isinstance(default, dict):
        return {**default}
    raise TypeError(f"{setting.name}: a default of type {type(default).__name__}")
