"""What can go wrong with a local world, in words for the person at the keyboard."""

from __future__ import annotations

import errno
from pathlib import Path

from airflow_entra.errors import UserError


class LocalError(UserError):
    """The message says what is wrong and how to go on; nothing is half-done without saying so."""

    @classmethod
    def from_os_error(cls, doing: str, where: Path, error: OSError) -> LocalError:
        place = error.filename or where
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return cls(
                f"cannot {doing}: the disk that holds {place} is full; free some space and run the command again"
            )
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return cls(f"cannot {doing}: {place} may not be written; check its owner and permissions")
        return cls(f"cannot {doing}: {place}: {error.strerror or error}")
