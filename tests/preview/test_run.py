"""How the CLI is run: several at a time, in a backend of its own where there is no such stack, and ended in order."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from airflow_entra.preview.engine import Engine
from airflow_entra.preview.result import StackPreview
from airflow_entra.preview.run import Progress, preview_all
from airflow_entra.pulumi.family import Interrupted
from airflow_entra.pulumi.runner import Pulumi
from airflow_entra.pulumi.trouble import NoPulumiError
from tests.preview.fake_pulumi import install

pytestmark = pytest.mark.slow

PROJECT = "name: airflow-entra\nruntime: {name: python, options: {virtualenv: .venv}}\nstackConfigDir: stacks\n"
STACK_FILE = """\
secretsprovider: azurekeyvault://kv.vault.azure.net/keys/pulumi
encryptedkey: AAAA
config:
  airflow-entra:environment: production
  other:token: {secure: AAAA}
"""


QUIET = Progress()


class Project:
    """A project whose `pulumi` is the stand-in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.notes = folder / "notes"
        self.temporary = folder / "tmp"
        for each in (self.folder / "stacks", self.notes, self.temporary):
            each.mkdir(parents=True)
        (self.folder / "Pulumi.yaml").write_text(PROJECT)
        (self.folder / "stacks" / "Pulumi.new.yaml").write_text(STACK_FILE)
        os.mkfifo(self.notes / "meeting")
        self.environment = {
            "PATH": os.pathsep.join((str(install(folder / "bin")), os.environ["PATH"])),
            "PULUMI_BACKEND_URL": "real",
            "FAKE_NOTES": str(self.notes),
            "FAKE_SIGNAL": str(int(signal.SIGTERM)),
        }

    def preview(
        self, *stacks: str, jobs: int = 2, policies: bool = False, progress: Progress = QUIET
    ) -> list[StackPreview]:
        pack = self.folder / "policies" if policies else None
        engines = [Engine(Pulumi(self.folder, self.environment, stack), pack) for stack in stacks]
        return preview_all(engines, jobs, progress)

    def calls(self) -> Sequence[dict[str, Any]]:
        return [json.loads(line) for line in (self.notes / "calls").read_text().splitlines()]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    project = Project(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(project.temporary))
    return project


def test_several_at_a_time_in_the_order_asked_for(project: Project) -> None:
    found = project.preview("pair-b", "pair-a", "c", "d")
    assert [one.stack for one in found] == ["pair-b", "pair-a", "c", "d"]
    assert {one.outcome for one in found} == {"previewed"}
    assert [len(one.warnings[0]) for one in found] == [300_000] * 4


def test_a_stack_that_is_nowhere_yet_is_previewed_elsewhere(project: Project) -> None:
    tracked = project.folder / "stacks" / "Pulumi.new.yaml"
    (found,) = project.preview("new", policies=True)
    assert (found.outcome, found.new) == ("previewed", True)
    assert found.errors == ()
    there, init, again = project.calls()
    assert there["backend"] == "real"
    assert init["backend"].startswith("file:///")
    assert again["backend"] == init["backend"]
    for call in (there, again):
        at = call["arguments"].index("--policy-pack")
        assert call["arguments"][at + 1] == str(project.folder / "policies")
    assert tracked.read_text() == STACK_FILE
    assert list(project.temporary.iterdir()) == []


def test_what_fails_for_something_that_passes_is_previewed_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_entra.preview.run.PAUSES", (0.0,))
    told: list[str] = []
    progress = Progress(again=lambda failed, pause: told.append(f"{failed.outcome}, {failed.errors[0]}, {pause}"))
    (found,) = project.preview("busy", progress=progress)
    assert found.outcome == "previewed"
    assert told == ["failed, Preview failed: GET /v1.0/groups: 503 no answer, 0.0"]
    assert len(project.calls()) == 2


def test_an_engine_that_cant_start_has_its_reason_told(project: Project) -> None:
    (found,) = project.preview("locked")
    assert found.outcome == "not started"
    assert found.errors == ("could not get the key of the secrets provider",)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything_that_runs(project: Project, number: signal.Signals) -> None:
    project.environment["FAKE_SIGNAL"] = str(int(number))
    with pytest.raises(Interrupted) as interruption:
        project.preview("slow", "never", "neither", jobs=1)
    assert interruption.value.number == number
    assert (project.notes / "ended").exists()
    assert [call["arguments"][3] for call in project.calls()] == ["slow"]
    assert not psutil.pid_exists(int((project.notes / "plugin-slow").read_text()))


def test_an_engine_that_doesnt_listen_is_ended_with_its_plugins(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_entra.preview.run._GRACE_SECONDS", 0.1)
    with pytest.raises(Interrupted):
        project.preview("deaf")
    plugin = int((project.notes / "plugin-deaf").read_text())
    assert not psutil.pid_exists(plugin) or psutil.Process(plugin).status() == psutil.STATUS_ZOMBIE


def test_without_an_engine_it_says_how_to_get_one(project: Project) -> None:
    project.environment["PATH"] = str(project.notes)
    with pytest.raises(NoPulumiError, match="no pulumi on PATH"):
        project.preview("a", "b")
