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
from airflow_entra.pulumi.trouble import PulumiError
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
    monkeypatch.setenv("CHATTY_NOTES", str(tmp_path))
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
DONE: dict[str, Callable[[Pulumi], object]] = {
    "init": lambda pulumi: pulumi.init(),
    "put": lambda pulumi: pulumi.put({"deployment": {"secret": SECRET}}),
    "up": lambda pulumi: pulumi.up("--target", SECRET),
    "refresh": lambda pulumi: pulumi.refresh(),
    "import": lambda pulumi: pulumi.import_({"resources": [SECRET]}, protect=True),
    "cancel": lambda pulumi: pulumi.cancel(),
}
"""What answers with no data, so that a Pulumi that only babbles has done it."""


@pytest.mark.parametrize("asked", ASKED)
def test_no_secret_is_in_what_is_raised(project: Path, asked: str) -> None:
    with pytest.raises(UserError) as raised:
        ASKED[asked](project)
    assert not [piece for piece in PIECES if piece in told(raised.value)]


@pytest.mark.parametrize("done", DONE)
@pytest.mark.parametrize("project", ["fails"], indirect=True)
def test_nor_where_something_was_to_be_done(project: Path, done: str) -> None:
    with pytest.raises(PulumiError) as raised:
        DONE[done](_pulumi(project))
    assert not [piece for piece in PIECES if piece in told(raised.value)]


def test_nor_in_an_answer_that_somebody_prints(project: Path) -> None:
    answer = _pulumi(project).run(["about"], check=False)
    assert "plain [secret] and done" in answer.stdout
    assert not [piece for piece in PIECES if piece in f"{answer}{answer!r}{answer.stdout}{answer.stderr}"]


def told(error: BaseException | None) -> str:
    """All that a traceback, a log or a debugger would show of an error and of what it came from."""
    parts: list[str] = []
    while error is not None:
        parts += [*traceback.format_exception(error), repr(error), repr(vars(error))]
        error = error.__cause__ or error.__context__
    return "\n".join(parts)
