"""What ends a command with a message for its user. The command line prints it in one place: cli/ending.py."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class UserError(Exception):
    """The message says where, what is wrong, what would be right and how to fix it."""

    exit_code = 2
    """Of the command that this ends."""
    located = False
    """Whether the message begins with its place, as in file:line:column; else the command line says who speaks."""


class AnswerError(UserError):
    """The directory, Azure or Pulumi refused what was asked, or did not answer."""


_REMEDIES = {
    errno.ENOSPC: "the disk is full; free some space and run the command again",
    errno.EDQUOT: "the disk quota is used up; free some space and run the command again",
    errno.EACCES: "permission is denied; check its owner and permissions",
    errno.EPERM: "permission is denied; check its owner and permissions",
    errno.EROFS: "the file system is read-only; name a place that can be written",
    errno.ENOENT: "there is no such file or folder; check the path",
    errno.EISDIR: "it is a folder, and a file is needed; name a file",
    errno.ENOTDIR: "a part of the path is a file, and a folder is needed; check the path",
    errno.EEXIST: "it exists already; move it away, or name another",
    errno.ENAMETOOLONG: "the name is too long for this file system; choose a shorter one",
    errno.EMFILE: "too many files are open; raise the limit (ulimit -n) and run the command again",
}


def shown(path: Path | str) -> str:
    """A file as every message names it: as the caller would, from the folder that they stand in, if it lies there."""
    with suppress(OSError):  # a folder that is gone
        here = Path.cwd()
        return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else str(path)
    return str(path)


def of_os_error(error: OSError, doing: str = "", place: Path | None = None) -> UserError:
    """What the operating system refused, where, and the remedy. `place` counts where the error names none."""
    named = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else place
    where = shown(named) if named else None
    reason = _REMEDIES.get(error.errno or 0) or error.strerror or str(error) or "the system gave no reason"
    return UserError(": ".join(str(part) for part in (doing and f"cannot {doing}", where, reason) if part))


def of_unicode_error(error: UnicodeError, place: Path | None = None) -> UserError:
    """Text in another encoding than the one that is needed. What it says isn't repeated."""
    where = shown(place) if place else "a file or a name"
    if isinstance(error, UnicodeDecodeError):
        return UserError(f"{where}: it is not UTF-8 from byte {error.start + 1} on; save it as UTF-8")
    return UserError(f"{where}: it holds letters that can't be written here; use UTF-8 (LANG=C.UTF-8)")


@contextmanager
def on_disk(doing: str, place: Path | None = None) -> Iterator[None]:
    """What goes wrong with files meanwhile, as a UserError that says what was being done and where."""
    try:
        yield
    except OSError as error:
        raise of_os_error(error, doing, place) from error
    except UnicodeError as error:
        raise of_unicode_error(error, place) from error
