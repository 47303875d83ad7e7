"""A stack file's versions in git, newest first, each with the commit that made it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from airflow_entra.settings.load import load_text
from airflow_entra.settings.mistakes import SettingsError
from airflow_entra.settings.model import StackSettings

_FORMAT = "%H%x00%an <%ae>%x00%cI%x00%s%x00%(trailers:key=Approved-by,key=Reviewed-by,valueonly,separator=%x2C )"
_MOST = 500
"""Commits that are looked at; a stack file has some tens."""


@dataclass(frozen=True)
class Commit:
    """`approved_by` are the names of its Approved-by and Reviewed-by trailers; empty where it has none."""

    id: str
    author: str
    at: datetime
    subject: str
    approved_by: str


def versions(file: Path) -> Iterator[tuple[Commit, StackSettings]]:
    """What `file` said at each commit that changed it on the present branch, as far back as it can be read.

    Nothing where there is no git, or the file isn't in it.
    """
    folder, name = file.absolute().parent, f"./{file.name}"
    listed = _git(folder, "log", f"--max-count={_MOST}", f"--format={_FORMAT}", "--", name)
    for line in (listed or "").splitlines():
        id_, author, at, subject, approved = line.split("\0")
        text = _git(folder, "show", f"{id_}:{name}")
        try:
            settings = load_text(text, file) if text is not None else None
        except SettingsError:
            settings = None
        if settings is None:
            return
        yield Commit(id_, author, datetime.fromisoformat(at), subject, approved.strip().rstrip(",")), settings


def head(folder: Path) -> str | None:
    """The commit that is checked out, with "-dirty" where something differs from it; None without git."""
    found = _git(folder, "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*")
    return found.strip() if found else None


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, errors="replace", check=False
        )
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None
