"""How a report for a repository's host names a file."""

from __future__ import annotations

from pathlib import Path


def within(file: Path, root: Path) -> str:
    """`file` from `root` where it lies below it, else its absolute path; with slashes on every system."""
    whole = file.resolve()
    top = root.resolve()
    return (whole.relative_to(top) if whole.is_relative_to(top) else whole).as_posix()
