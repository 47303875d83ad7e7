"""The DAG that audits and rotates: read by real Airflows, and its commands run as a worker runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_entra.audit.records import parse
from airflow_entra.render import FILES, render
from tests.airflow.site import Site
from tests.render.stacks import known

DAG = "airflow_entra_upkeep"
_COMMAND = """#!/bin/sh
{ printf '%s\\n' "$@"; } >> "$SAID"
for word in "$@"; do case "$word" in *.jsonl) cp "$word" "$SAID.records";; esac; done
"""


@pytest.fixture(scope="module")
def dag(site: Site) -> Path:
    file = site.running.home.folder / FILES["dag"]  # beside the others, where no scheduler reads it
    file.write_text(render("dag", known(site.version)))
    return file


def test_airflow_reads_it(site: Site, dag: Path) -> None:
    assert _said(site, dag, "dag.dag_id, *sorted(dag.task_ids)") == f"{DAG} audit rotate"


@pytest.mark.parametrize("task", ["audit", "rotate"])
def test_its_commands_run(site: Site, dag: Path, tmp_path: Path, task: str) -> None:
    command = tmp_path / ".venv" / "bin" / "airflow-entra"
    command.parent.mkdir(parents=True)
    command.write_text(_COMMAND)
    command.chmod(0o755)
    said = tmp_path / "said"
    worker = {
        "AIRFLOW_ENTRA_PROJECT": str(tmp_path),
        "AIRFLOW_ENTRA_EVIDENCE": str(tmp_path / "evidence"),
        "AIRFLOW_ENTRA_RECORDS_DB": f"sqlite:///{site.running.home.folder / 'airflow.db'}",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path / 'not-airflows.db'}",  # 3.x keeps it from tasks
        "SAID": str(said),
    }
    bash = _bash_command(site, dag, task)
    done = site.python(
        "-c",
        f"import os, subprocess, sys; os.environ |= {worker!r}; "
        f"sys.exit(subprocess.run(['bash', '-c', {bash!r}]).returncode)",
    )
    assert done.returncode == 0, done.stderr
    words = said.read_text().splitlines()
    assert words[:3] == [task, "--stack", "dev"]
    if task == "audit":
        assert words[-2:] == ["--evidence", str(tmp_path / "evidence")]
        assert parse(Path(f"{said}.records").read_text().splitlines(), "records").url == site.url
        assert not Path(words[words.index("--airflow") + 1]).exists()


def _bash_command(site: Site, dag: Path, task: str) -> str:
    """The command of a task as Airflow renders it."""
    return _said(site, dag, f"dag.get_task({task!r}).bash_command").replace("{{ ts_nodash }}", "now")


def _said(site: Site, dag: Path, what: str) -> str:
    """What Airflow's own Python says about the DAG."""
    code = f"import runpy; dag = runpy.run_path({str(dag)!r})['dag']; print({what})"
    said = site.python("-W", "ignore", "-c", code)
    assert said.returncode == 0, said.stderr
    return said.stdout.splitlines()[-1]
