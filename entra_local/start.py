"""What every command of the tenant starts with: its state folder. Light, so that a short command is quick."""

import os
import sqlite3
from pathlib import Path

from entra_local.store import Store


class StartError(Exception):
    """Why a command can't do its work, in one line for its user."""


def open_store(state: Path) -> Store:
    """The store of a state folder, made where it is missing. Raises StartError."""
    os.umask(0o077)
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Store(state / "tenant.sqlite")
    except (OSError, sqlite3.Error) as error:
        raise StartError(f"the state folder {state} can't be used: {error}") from error
