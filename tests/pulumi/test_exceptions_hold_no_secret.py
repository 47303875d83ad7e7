"""What is raised when Pulumi fails holds no secret either: not in its text, its arguments, nor in what it came from."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from airflow_entra.bootstrap.run import BootstrapError
from airflow_entra.bootstrap.run import Engine as BootstrapEngine
from airflow_entra.bootstrap.workspace import Workspace
from airflow_entra.importing.engine import Engine as ImportEngine
from airflow_entra.importing.engine import EngineRefusedError
from airflow_entra.local.errors import LocalError
from airflow_entra.local.outputs import stack_outputs
from airflow_entra.local.world import World
from airflow_entra.recovery.recover import Place, RecoveryError
from airflow_entra.rotation.engine import Engine as RotationEngine
from airflow_entra.rotation.engine import EngineError
from tests.pulumi.chatty_pulumi import install

SECRET = "c0rrect9horse/b4ttery7staple"
PIECES = ("c0rrect9horse", "b4ttery7staple")
FAILURES = (BootstrapError, EngineRefusedError, LocalError, RecoveryError, EngineError)


@pytest.fixture(params=["fails", "babbles"])
def project(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where the chatty Pulumi is the one on PATH."""
    monkeypatch.setenv("PATH", str(install(tmp_path / "bin")), prepend=":")
    monkeypatch.setenv("CHATTY", str(request.param))
    monkeypatch.setenv("SECRETS", "PULUMI_CONFIG_PASSPHRASE")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", SECRET)
    monkeypatch.delenv("AIRFLOW_ENTRA_WORKSPACE", raising=False)
    (tmp_path / "bootstrap").mkdir()
    return tmp_path


def _bootstrap(folder: Path) -> BootstrapEngine:
    return BootstrapEngine(Workspace(folder / "bootstrap", folder), os.environ, folder)


def _rotation(folder: Path) -> RotationEngine:
    return RotationEngine(folder, "a", os.environ)


ASKED: dict[str, Callable[[Path], object]] = {
    "bootstrap previews": lambda folder: _bootstrap(folder).changes(),
    "bootstrap reads outputs": lambda folder: _bootstrap(folder).outputs(),
    "import exports": lambda folder: ImportEngine("a", folder).export(),
    "outputs are read": lambda folder: stack_outputs(World(folder, folder), "a", None, local=False),
    "recovery exports": lambda folder: Place(folder=folder).export("a"),
    "rotation exports": lambda folder: _rotation(folder).export(),
    "rotation previews": lambda folder: _rotation(folder).preview([]),
}


@pytest.mark.parametrize("asked", ASKED)
def test_no_secret_is_in_what_is_raised(project: Path, asked: str) -> None:
    with pytest.raises(FAILURES) as raised:
        ASKED[asked](project)
    told: list[str] = []
    error: BaseException | None = raised.value
    while error is not None:
        told += [*traceback.format_exception(error), repr(error), repr(vars(error))]
        error = error.__cause__ or error.__context__
    for piece in PIECES:
        assert piece not in "\n".join(told)
