import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.build import SOURCES
from engine.release import MIRROR
from tests.engine.machine import Machine
from tests.engine.project import Project


@pytest.fixture(scope="session")
def own_host(engine: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the engine and our own language host beside it, whichever host the engine came with."""
    came_with = (engine / "pulumi").resolve().parent
    folder = tmp_path_factory.mktemp("engine")
    for file in (came_with / "pulumi", came_with / "pulumi-language-python-exec", *(SOURCES / "launchers").iterdir()):
        shutil.copy(file, folder)
        (folder / file.name).chmod(0o755)
    return folder


@pytest.fixture
def project(tmp_path: Path, own_host: Path) -> Iterator[Project]:
    project = Project(tmp_path, own_host)
    yield project
    for process in project.processes():
        process.send_signal(signal.SIGKILL)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine without network, Pulumi and Go."""
    empty = Machine(tmp_path)
    monkeypatch.setenv("PATH", f"{empty.bin}:/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(empty.home))
    monkeypatch.setenv(MIRROR, "none")
    for name in ("XDG_CACHE_HOME", "GOFLAGS", "GOPROXY", "GO_SAYS", "GO_IS", "GO_WAITS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return empty
