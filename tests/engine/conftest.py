import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.project import Project


@pytest.fixture
def project(tmp_path: Path, engine: Path) -> Iterator[Project]:
    one = Project(tmp_path, engine)
    yield one
    for process in one.processes():
        process.send_signal(signal.SIGKILL)
