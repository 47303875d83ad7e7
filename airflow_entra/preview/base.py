"""What a preview's access is compared with, where nobody says: where the branch left the default branch."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Base:
    """A revision, or why there is none."""

    revision: str = ""
    missing: str = ""


def default_base(folder: Path, environment: Mapping[str, str]) -> Base:
    """The merge base of what is checked out with the branch that a pull request goes to, else the default branch."""
    if _git(folder, "rev-parse", "--git-dir") is None:
        return Base(missing=f"{folder} is in no git repository; name what to compare with: --base FOLDER")
    for branch in dict.fromkeys(_branches(folder, environment)):
        if _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{branch}^{{commit}}") is None:
            continue
        found = _git(folder, "merge-base", "HEAD", branch)
        if found:
            return Base(found)
        if _git(folder, "rev-parse", "--is-shallow-repository") == "true":
            return Base(
                missing=f"this is a shallow clone, and where it left {branch} is not in it; fetch the whole history "
                "(actions/checkout: fetch-depth: 0; Azure DevOps: fetchDepth: 0), or name a revision: --base"
            )
        return Base(missing=f"HEAD and {branch} have no commit in common; name a revision: --base")
    return Base(missing="git knows no default branch here (origin/HEAD, main or master); name a revision: --base")


def _branches(folder: Path, environment: Mapping[str, str]) -> Iterator[str]:
    for variable in ("GITHUB_BASE_REF", "SYSTEM_PULLREQUEST_TARGETBRANCH"):
        if target := environment.get(variable, "").removeprefix("refs/heads/"):
            yield f"origin/{target}"
    if default := _git(folder, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"):
        yield default
    yield from ("origin/main", "origin/master", "main", "master")


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says; None where it refuses, or isn't there."""
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
