"""What is raised when Pulumi fails holds no secret either: not in its text, its arguments, nor in what it came from."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from airflow_entra.bootstrap.run import Engine
from airflow_entra.bootstrap.workspace import Workspace
from airflow_entra.errors import UserError
from airflow_entra.importing.take_over import listed
from airflow_entra.local.world import World
from airflow_entra.pulumi.runner import Pulumi
from airflow_entra.target.azure import Azure
from tests.pulumi.chatty_pulumi import install

SECRET = "c0rrect9horse/b4ttery7staple"
PIECES = ("c0rrect9horse", "b4ttery7staple")


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


def _bootstrap(folder: Path) -> Engine:
    return Engine(Workspace(folder / "bootstrap", folder), os.environ, folder)


def _pulumi(folder: Path) -> Pulumi:
    return Pulumi(folder, os.environ, "a")


ASKED: dict[str, Callable[[Path], object]] = {
    "bootstrap previews": lambda folder: _bootstrap(folder).changes(),
    "bootstrap reads outputs": lambda folder: _bootstrap(folder).outputs(),
    "import previews": lambda folder: listed(_pulumi(folder)),
    "outputs are read": lambda folder: Azure(World(folder, folder), "a", "t", None).outputs(),
    "a state is exported": lambda folder: _pulumi(folder).export(),
    "a stack is previewed": lambda folder: _pulumi(folder).preview(),
}


@pytest.mark.parametrize("asked", ASKED)
def test_no_secret_is_in_what_is_raised(project: Path, asked: str) -> None:
    with pytest.raises(UserError) as raised:
        ASKED[asked](project)
    told: list[str] = []
    error: BaseException | None = raised.value
    while error is not None:
        told += [*traceback.format_exception(error), repr(error), repr(vars(error))]
        error = error.__cause__ or error.__context__
    for piece in PIECES:
        assert piece not in "\n".join(told)
