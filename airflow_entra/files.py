"""Reads and writes the files that a user names. What goes wrong names the file."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from airflow_entra.errors import UserError, of_unicode_error


def read_text(path: Path) -> str:
    """The text of a UTF-8 file. Raises UserError where it isn't one, and OSError."""
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        error.filename = str(path)  # reading names none, opening does
        raise
    except UnicodeDecodeError as error:
        raise of_unicode_error(error, path) from error


def read_object(path: Path, what: str) -> dict[str, Any]:
    """The JSON object in a file, which is `what`. Raises UserError where it isn't one, and OSError."""
    try:
        found = json.loads(read_text(path))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UserError(f"{path} holds no JSON object with {what}")
    return found


def write_whole(path: Path, text: str, *, private: bool = False) -> None:
    """Replace `path` with `text` at once, so that no reader ever finds half of it. Raises OSError.

    `private`: for the eyes of its owner only. What is no regular file (/dev/stdout, a pipe) is written to as it is.
    """
    try:
        target = path.resolve()
        if target.exists() and not target.is_file():
            target.write_text(text, "utf-8")
        else:
            _replace(target, text, 0o600 if private else 0o666 & ~_umask())
    except OSError as error:
        error.filename = str(path)  # that of an unfinished file means nothing to a user, and a full disk names none
        raise


def write_private(path: Path, text: str) -> None:
    """Write a file whole or not at all, readable by its owner only. Raises OSError."""
    write_whole(path, text, private=True)


def give_up(stream: TextIO | None) -> None:
    """Forget what a stream didn't take; else Python tries again at its end, and ends with exit code 120."""
    if stream is not None:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _replace(target: Path, text: str, mode: int) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:200]}.")
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        unfinished.chmod(mode)
        unfinished.replace(target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
