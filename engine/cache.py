"""Where this project keeps what is expensive to get, for all checkouts of a user; safe to delete."""

import errno
import os
import secrets
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

_REMOVE = 'nice -n 19 rm -rf -- "$@" </dev/null >/dev/null 2>&1 &'


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/airflow-entra`, or below ~/.cache; a relative XDG path counts for nothing, as XDG says."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "airflow-entra"


@contextmanager
def alone(lock: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold a lock file; the system takes it back from a process that dies. `waiting` is called before a wait."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        if not _lock(file):
            waiting()
            _lock(file, wait=True)
        yield


def _lock(file: IO[Any], *, wait: bool = False) -> bool:
    """Whether the open file is held from now on. Raises OSError on Windows, which has no such locks."""
    try:
        import fcntl
    except ImportError:
        raise OSError(
            errno.ENOTSUP, "files are locked in the way of Unix: use Linux, macOS or WSL", file.name
        ) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


def discard(folder: Path) -> None:
    """Take a folder out of the way at once; a process of its own removes it, which may take minutes."""
    folder.rename(folder.with_name(f"discarded-{secrets.token_hex(8)}"))
    remove_discarded(folder.parent)


def remove_discarded(folder: Path) -> None:
    """Start to remove what was discarded in `folder`, unless that is going on; one that was cut short is taken up."""
    discarded = list(folder.glob("discarded-*"))
    if not discarded:
        return
    with (folder / "removing.lock").open("w") as lock:
        if not _lock(lock):
            return
        # `rm` inherits the lock and holds it to its end; Ctrl-C in this terminal doesn't reach it.
        subprocess.run(
            ["sh", "-c", _REMOVE, "sh", *discarded], start_new_session=True, pass_fds=[lock.fileno()], check=False
        )
