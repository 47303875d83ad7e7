"""Reads and writes the files that a user names. What goes wrong names the file."""

from __future__ import annotations

import errno
import io
import json
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, TextIO

from airflow_entra.errors import UserError, of_unicode_error

_MOST_BYTES = 64 * 2**20
"""Of a file that a user names: an export of the state of a thousand stacks is smaller."""
_LONGEST_LINE = 4 * 2**20
_MOST_OF_LINES = 2**30
"""Characters: the records of a year with a million runs are smaller."""
_NAMELESS = "/dev/fd/"
_NOT_HERE = "this runs on Linux and macOS, and on Windows in WSL: it locks files in the way of Unix"


def opened(path: Path) -> IO[bytes]:
    """A regular file or a pipe without a name, such as <(command), open for reading. Raises OSError.

    A device or a named pipe is refused before it is opened: it may never end, and opening it may wait for ever.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode) and not (stat.S_ISFIFO(mode) and _nameless(path)):
        raise OSError(errno.EINVAL, "it is a device or a named pipe; name a regular file", str(path))
    return path.open("rb")


def lock(file: IO[Any], *, wait: bool = False) -> bool:
    """Hold an open file until it is closed or this process ends; whether it is held, as another process may hold it.

    `wait`: until it does no longer. Raises UserError on Windows.
    """
    try:
        import fcntl
    except ImportError:
        raise UserError(_NOT_HERE) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


def read_bytes(path: Path, most: int = _MOST_BYTES) -> bytes:
    """What is in such a file. Raises OSError, also where there are more than so many bytes."""
    try:
        with opened(path) as file:
            content = file.read(most + 1)
    except OSError as error:
        error.filename = str(path)  # reading names none, opening does
        raise
    if len(content) > most:
        raise OSError(errno.EFBIG, f"the file is larger than {most // 2**20} MiB; name the right one", str(path))
    return content


def read_lines(path: Path) -> Iterator[str]:
    """The lines of such a file, of which there may be far more than fit into memory. Raises OSError, also for a line
    or a file that has no end, and UnicodeError."""
    read = 0
    with io.TextIOWrapper(opened(path), "utf-8") as file:
        while line := file.readline(_LONGEST_LINE + 1):
            read += len(line)
            if len(line) > _LONGEST_LINE or read > _MOST_OF_LINES:
                raise OSError(errno.EFBIG, "a line, or the file, is larger than any that we write", str(path))
            yield line


def _nameless(pipe: Path) -> bool:
    """On Linux /dev/fd/N leads to "pipe:[1]", which is nowhere; on macOS it is there itself."""
    place = os.path.realpath(pipe)
    return place.startswith(_NAMELESS) or not os.path.exists(place)  # noqa: PTH110 -- a path from realpath


def read_text(path: Path) -> str:
    """The text of a UTF-8 file. Raises UserError where it isn't one, and OSError."""
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise of_unicode_error(error, path) from error


def read_standard_input() -> str:
    """What is typed or piped there, to its end; nothing where it is closed."""
    return sys.stdin.read(_MOST_BYTES) if sys.stdin else ""


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
