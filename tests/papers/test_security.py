"""What SECURITY.md says of credentials is what the code gives them."""

from __future__ import annotations

import re
from pathlib import Path

from airflow_entra.access.needed import NEEDED
from airflow_entra_auth.rules import WATCH_PERMISSIONS
from airflow_entra_auth.variables import SESSION_KEY

PAGE = (Path(__file__).parents[2] / "SECURITY.md").read_text("utf-8")
PERMISSION = re.compile(r"`(\w+(?:\.\w+)*\.(?:All|OwnedBy))`")


def cells(begins: str) -> list[str]:
    """The cells of the one row whose first cell begins so."""
    (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| {begins}"))
    return [cell.strip() for cell in row.strip("|").split(" | ")]


def test_the_watcher_may_what_following_the_directory_takes() -> None:
    assert sorted(PERMISSION.findall(cells("**Watcher's credential**")[2])) == sorted(WATCH_PERMISSIONS)


def test_the_client_secret_has_no_application_permission() -> None:
    assert PERMISSION.findall(" ".join(cells("**Client secret**"))) == []


def test_what_a_deployer_is_as_good_as_hangs_on_the_assignments() -> None:
    permission, *_ = NEEDED["assignments"].graph
    assert permission in PERMISSION.findall(cells("**Deployer**")[3])


def test_the_key_of_the_sessions_has_its_name() -> None:
    assert cells(f"**`{SESSION_KEY}`**")
