"""Files of a folder backend that a killed Pulumi left half written.

Pulumi replaces a checkpoint in one step, but writes the attributes beside it (`local.json.attrs`) in place: killed just
then, it leaves them empty, and every later command fails with "failed to load checkpoint: EOF". Attributes say nothing
that matters (a content type and a hash), and a file without them is read as it is.
"""

from __future__ import annotations

import json
from pathlib import Path


def remove_torn_files(backend: Path) -> int:
    """Remove unreadable attributes and unfinished copies; how many there were. Only for a backend that nobody uses."""
    files = backend / ".pulumi"
    torn = [file for file in files.rglob("*.attrs") if not _is_json(file)]
    unfinished = [*(files / "stacks").rglob("*.tmp"), *(files / "locks").rglob("*.tmp")]
    for file in (*torn, *unfinished):
        file.unlink(missing_ok=True)
    return len(torn)


def _is_json(file: Path) -> bool:
    try:
        json.loads(file.read_text("utf-8"))
    except ValueError:
        return False
    return True
