"""Rules that look at more than one value. Each module is one concern; each rule names the sections that it reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from airflow_entra.finding import Finding
from airflow_entra.settings.checks import access, credential, federation, groups, lifetimes, ownership, tenant, watcher
from airflow_entra.settings.checks.rule import Rule
from airflow_entra.settings.model import StackSettings

RULES: tuple[Rule, ...] = (
    *tenant.RULES,
    *lifetimes.RULES,
    *ownership.RULES,
    *credential.RULES,
    *federation.RULES,
    *groups.RULES,
    *access.RULES,
    *watcher.RULES,
)


def findings(settings: StackSettings, folder: Path | None, broken: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """What the rules say that read none of the `broken` fields; `folder` is where the stack file lies.

    Without a folder the files that it names are not read.
    """
    for rule in RULES:
        if not broken.intersection(rule.reads):
            yield from (replace(finding, id=rule.id) for finding in rule.check(settings))
    if folder is not None:
        yield from credential.certificate_files(settings, folder, broken)
