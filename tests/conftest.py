"""What every room's tests may need."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click
import pytest
from hypothesis import settings
from playwright.sync_api import Browser

from engine.obtain import engine_folder
from tests.chromium import chromium

settings.register_profile("anywhere", deadline=None)  # how long an example takes depends on what else the machine does
settings.load_profile("anywhere")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Two lanes (`make test`): the tests with real Airflows share theirs, and begin at once, for they take the longest.

    All else is handed out module by module, so that no module's world is made twice.
    """
    items.sort(key=lambda item: (not _with_airflow(item), _with_airflow(item) and item.path.name == LAST))
    for item in items:
        lane = "airflow" if _with_airflow(item) else str(item.path)
        item.add_marker(pytest.mark.xdist_group(lane))


LAST = "test_pages.py"
"""What the tests with real Airflows saw, held against docs/."""


def _with_airflow(item: pytest.Item) -> bool:
    return item.path.parent.name == "airflow"


@pytest.fixture(scope="session")
def engine() -> Path:
    """The folder with the real `pulumi`; built on first use, which takes some minutes."""
    return engine_folder(progress=partial(click.echo, err=True))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, one for all tests: Playwright refuses a second."""
    with chromium() as started:
        yield started
