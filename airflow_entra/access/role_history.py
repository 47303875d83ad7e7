"""Since when a stack file gives each group its role: the commit that did, and who approved it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from airflow_entra.access.stack import DeclaredStack
from airflow_entra.access.stated import Grant, Stated, stated
from airflow_entra.settings.history import Commit
from airflow_entra.settings.model import StackSettings


@dataclass(frozen=True)
class RoleSince:
    """A group's role. `commit` is None where the file isn't committed, or its history begins with it."""

    role: str
    group: str
    commit: Commit | None


def roles_since(now: DeclaredStack, versions: Iterable[tuple[Commit, StackSettings]]) -> list[RoleSince]:
    """Every role of every group, in the file's order; `versions` are the file's, newest first."""
    present = stated(now)
    since: dict[Grant, Commit] = {}
    open_ = set(present.grants)
    for commit, settings in versions:
        open_ &= stated(DeclaredStack(now.name, settings)).grants
        since |= dict.fromkeys(open_, commit)
        if not open_:
            break
    return [
        RoleSince(_role(present, grant), present.groups[grant.group].name, since.get(grant))
        for grant in sorted(present.grants, key=lambda grant: (_role(present, grant), grant.group))
    ]


def _role(side: Stated, grant: Grant) -> str:
    return side.roles[grant.role]
