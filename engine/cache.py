"""Where this project keeps what is expensive to get, for all checkouts of a user; safe to delete."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/airflow-entra`, or below ~/.cache; a relative XDG path counts for nothing, as XDG says."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "airflow-entra"
