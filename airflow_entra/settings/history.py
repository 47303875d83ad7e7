"""A stack file's versions in git, newest first, each with the commit that made it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from airflow_entra.settings.load import load_text
from airflow_entra.settings.mistakes import SettingsError
from airflow_entra.settings.model import StackSettings

_FORMAT = "%H%x00%an <%ae>%x00%cI%x00%s%x00%(trailers:key=Approved-by,key=Reviewed-by,valueonly,separator=%x2C )"
_ID = re.compile(r"[0-9a-f]{40}")
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
        commit = _commit(line)
        text = _git(folder, "show", f"{commit.id}:{name}")
        try:
            settings = load_text(text, file) if text is not None else None
        except SettingsError:
            settings = None
        if settings is None:
            return
        yield commit, settings


def commits(folder: Path, ids: Iterable[str]) -> dict[str, Commit]:
    """The commits with these ids that git has, in the repository of `folder`."""
    found = {}
    for id_ in dict.fromkeys(ids):
        said = _git(folder, "log", "--no-walk", f"--format={_FORMAT}", id_, "--") if _ID.fullmatch(id_) else None
        if said:
            found[id_] = _commit(said.splitlines()[0])
    return found


def _commit(line: str) -> Commit:
    id_, author, at, subject, approved = line.split("\0")
    return Commit(id_, author, datetime.fromisoformat(at), subject, approved.strip().rstrip(","))


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
