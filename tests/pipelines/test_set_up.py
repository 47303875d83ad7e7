"""How a pipeline's job is set up: in one way, with Pulumi where it needs that, and never without it unnoticed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipelines import azure_pipelines, workflows
from tests.pipelines.shell import Runner, shellcheck
from tests.pipelines.workflows import PROJECT

SET_UP = ".ci/set-up"
ENGINE = re.compile(r"\bpulumi (?:up|cancel|stack)\b|airflow-entra (?:preview|rotate|recover)\b")
"""What runs Pulumi."""


def set_ups() -> Iterator[tuple[str, str, str]]:
    """Each job that is set up: its name, how, and all that it runs."""
    for job in workflows.jobs():
        for step in job.steps:
            if step.get("name") == "Set up":
                yield f"GitHub {job}", step["run"], job.text
    for file in azure_pipelines.PIPELINES:
        for found in azure_pipelines.jobs(azure_pipelines.pipeline(file)):
            steps = azure_pipelines.steps(found)
            for step in steps:
                if step.get("displayName") == "Set up":
                    name = found.get("job") or found["deployment"]
                    yield f"Azure {file}: {name}", azure_pipelines.script(step), "".join(map(str, steps))


SET_UPS = list(set_ups())


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose `make` is done and whose interpreter says where the engine is, unless BROKEN is set."""
    folder = tmp_path / "a checkout"
    (folder / ".ci").mkdir(parents=True)
    (folder / ".venv" / "bin").mkdir(parents=True)
    if (PROJECT / SET_UP).exists():
        shutil.copy(PROJECT / SET_UP, folder / SET_UP)
    python = folder / ".venv" / "bin" / "python"
    python.write_text(
        '#!/bin/sh\nif [ -n "$BROKEN" ]; then echo "engine: tampered" >&2; exit 2; fi\necho /the/engine\n'
    )
    python.chmod(0o755)
    return folder


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    runner = Runner(tmp_path / "runner")
    runner.install("make", 'echo "make $*"')
    return runner


def script(name: str) -> str:
    (found,) = {how for of, how, _ in SET_UPS if of == name}
    return found


@pytest.mark.parametrize("name", sorted({name for name, _, _ in SET_UPS}))
def test_a_job_that_runs_pulumi_has_it_first_on_its_path(name: str, runner: Runner, checkout: Path) -> None:
    runs_pulumi = any(ENGINE.search(text) for of, _, text in SET_UPS if of == name)

    done = runner.run(script(name), _ci(name), checkout)

    assert done.returncode == 0, done.stderr
    assert "make .venv/synced" in done.stdout
    engine = ["/the/engine"] if runs_pulumi else []
    assert _path(name, runner, done.stdout) == [*engine, f"{checkout}/.venv/bin"]  # the last comes first


@pytest.mark.parametrize("name", sorted({name for name, _, text in SET_UPS if ENGINE.search(text)}))
def test_without_an_engine_the_job_ends_there(name: str, runner: Runner, checkout: Path) -> None:
    """Else it went on with whatever `pulumi` the runner has."""
    done = runner.run(script(name), {**_ci(name), "BROKEN": "yes"}, checkout)

    assert done.returncode != 0
    assert "engine: tampered" in done.stderr
    assert _path(name, runner, done.stdout) == []


def test_every_job_is_set_up_in_one_way() -> None:
    assert {how.strip() for _, how, _ in SET_UPS} == {SET_UP, f"{SET_UP} --without-pulumi"}


def test_shellcheck_has_nothing_to_say() -> None:
    assert shellcheck((PROJECT / SET_UP).read_text()) == ""


def test_a_word_that_it_does_not_know_is_refused(runner: Runner, checkout: Path) -> None:
    done = runner.run(f"{SET_UP} --without-plumi", cwd=checkout)
    assert done.returncode == 2
    assert "--without-pulumi" in done.stderr


def _ci(name: str) -> dict[str, str]:
    return {} if name.startswith("GitHub") else {"GITHUB_PATH": ""}


def _path(name: str, runner: Runner, said: str) -> list[str]:
    """What was put before the PATH of the next steps, in this order."""
    file = runner.folder / "GITHUB_PATH"
    if name.startswith("GitHub"):
        assert "##vso" not in said
        return file.read_text().splitlines() if file.exists() else []
    assert not file.exists()
    return re.findall(r"^##vso\[task\.prependpath\](.*)$", said, re.MULTILINE)
