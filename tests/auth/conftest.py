"""A key, a clock and a database for the tests of what authorises."""

from __future__ import annotations

import importlib
import secrets
import sys
import time
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace

import pytest
from sqlalchemy.engine import Engine

from airflow_entra_auth import keyring as keys
from airflow_entra_auth.variables import SESSION_KEY
from tests.auth import database as tables

NOW = 1_800_000_000


class Clock:
    """What `time.time` and `time.monotonic` say."""

    def __init__(self) -> None:
        self.now = float(NOW)

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "time", lambda: made.now)
    monkeypatch.setattr(time, "monotonic", lambda: made.now)
    return made


@pytest.fixture
def session_key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A key of this test's own; `other_key` exchanges it."""
    other_key(monkeypatch)
    yield
    keys.keyring.cache_clear()


def other_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on this process has another key."""
    monkeypatch.setenv(SESSION_KEY, secrets.token_urlsafe(32))
    keys.keyring.cache_clear()


@pytest.fixture
def database(session_key: None) -> Iterator[Engine]:
    made = tables.airflow_database()
    yield made
    made.dispose()


@pytest.fixture
def airflow(database: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The database, which modules that import Airflow find where Airflow says where its own is."""
    models = ModuleType("airflow.providers.fab.auth_manager.models")
    for model in (tables.Action, tables.Permission, tables.Resource, tables.Role, tables.User):
        setattr(models, model.__name__, model)
    models.assoc_user_role = tables.assoc_user_role  # type: ignore[attr-defined]
    log = ModuleType("airflow.models.log")
    log.Log = tables.Log  # type: ignore[attr-defined]
    top = ModuleType("airflow")
    top.settings = SimpleNamespace(engine=database)  # type: ignore[attr-defined]
    for module in (top, models, log):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return database


@pytest.fixture
def standing(airflow: Engine, clock: Clock) -> Iterator[ModuleType]:
    """airflow_entra_auth.fab.standing as a new process has it, which remembers nothing."""
    name = "airflow_entra_auth.fab.standing"
    sys.modules.pop(name, None)
    yield importlib.import_module(name)
    del sys.modules[name]
