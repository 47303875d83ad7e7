"""Airflow's users out of an export: `airflow users list -o json`, `airflow users export`, or a CSV of either."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_entra.errors import UserError
from airflow_entra.words import many

MOST = 50_000  # users; a file of more is no export of one Airflow


@dataclass(frozen=True)
class AirflowUser:
    """One row of Airflow's users. `id` is the row's number, None where the export leaves it out."""

    user_name: str
    email: str
    name: str = ""
    id: int | None = None
    active: bool = True
    roles: tuple[str, ...] = ()


def airflow_users(text: str, name: str) -> list[AirflowUser]:
    """The users in an export; `name` is the file's, for messages. Raises UserError."""
    rows = _json(text) if text.lstrip()[:1] in ("[", "{") else list(csv.DictReader(io.StringIO(text)))
    if not rows or len(rows) > MOST:
        raise UserError(f"{name} holds {many(len(rows), 'user')}; {_RIGHT}")
    users = [_user(row) for row in rows if isinstance(row, Mapping)]
    if len(users) != len(rows) or not all(user.user_name for user in users):
        raise UserError(f"{name} is no export of Airflow's users: some have no username; {_RIGHT}")
    return users


_RIGHT = (
    "`airflow users list -o json` and `airflow users export FILE` write what can be read here, CSV with a header too"
)


def _json(text: str) -> list[Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return found if isinstance(found, list) else []


def _user(row: Mapping[str, Any]) -> AirflowUser:
    said = {str(key).strip().lower().replace(" ", "_"): value for key, value in row.items() if value is not None}
    names = (str(said.get(key) or "").strip() for key in ("first_name", "last_name"))
    number = str(said.get("id") or "").strip()
    return AirflowUser(
        user_name=str(said.get("username") or said.get("user_name") or "").strip(),
        email=str(said.get("email") or "").strip(),
        name=" ".join(part for part in names if part),
        id=int(number) if number.isdecimal() and len(number) < 10 else None,
        active=str(said.get("active", True)).strip().lower() not in ("false", "0", "no"),
        roles=_roles(said.get("roles")),
    )


def _roles(value: Any) -> tuple[str, ...]:
    """["Admin"], or as a text: "[Admin, Op]", "['Admin']", "Admin"."""
    parts = value if isinstance(value, list) else re.split(r"[,;]", str(value or "").strip("[] "))
    return tuple(role for part in parts if (role := str(part).strip().strip("'\"")))
