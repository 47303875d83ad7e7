"""What every room's tests may need."""

from functools import partial
from pathlib import Path

import click
import pytest

from engine.obtain import engine_folder


@pytest.fixture(scope="session")
def engine() -> Path:
    """The folder with the real `pulumi`; built on first use, which takes some minutes."""
    return engine_folder(progress=partial(click.echo, err=True))
