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


@pytest.fixture(scope="session")
def engine() -> Path:
    """The folder with the real `pulumi`; built on first use, which takes some minutes."""
    return engine_folder(progress=partial(click.echo, err=True))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, one for all tests: Playwright refuses a second."""
    with chromium() as started:
        yield started
