"""What every room's tests may need."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from hypothesis import settings
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from engine.obtain import engine_folder
from tests.inner_loop import ROOMS, is_slow, refuse_what_is_slow

if TYPE_CHECKING:
    from playwright.sync_api import Browser

settings.register_profile("anywhere", deadline=None)  # how long an example takes depends on what else the machine does
settings.load_profile("anywhere")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a shell's background job, and in all that it starts
    signal.signal(signal.SIGINT, signal.default_int_handler)


LAST = "test_pages.py"
"""What the tests with real Airflows saw, held against docs/."""


class Lanes(LoadScopeScheduling):  # type: ignore[misc]
    """`make test` has two lanes: the tests with real Airflows share theirs, all else goes module by module.

    No module's world is made twice that way. pytest-xdist's own groups don't work with pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return WITH_AIRFLOW if file.startswith(WITH_AIRFLOW) else file


WITH_AIRFLOW = "tests/airflow/"
SLOW_ROOMS = {Path(__file__).parent / room for room in ROOMS}


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Lanes:
    return Lanes(config, log)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="the inner loop alone: tests that start nothing")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--quick"):
        sys.addaudithook(refuse_what_is_slow)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """None: whatever else pytest goes by."""
    return True if config.getoption("--quick") and collection_path in SLOW_ROOMS else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name == LAST)
    if config.getoption("--quick"):
        slow = [item for item in items if is_slow(item)]
        items[:] = [item for item in items if item not in slow]
        config.hook.pytest_deselected(items=slow)


@pytest.fixture(scope="session")
def engine() -> Path:
    """The folder with the real `pulumi`; built on first use, which takes some minutes."""
    return engine_folder(progress=partial(click.echo, err=True))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. Playwright refuses a second, and while it runs, nothing else in its process may have an event loop."""
    from tests.chromium import chromium

    with chromium() as started:
        yield started
