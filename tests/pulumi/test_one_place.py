"""One module starts Pulumi."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.pulumi.starting import imports_automation, modules, starts_programs, starts_pulumi

PROJECT = Path(__file__).parents[2]
PRODUCT = modules(PROJECT, "airflow_entra", "airflow_entra_auth", "engine", "entra_local", "policies") | {
    "__main__": (PROJECT / "__main__.py").read_text()
}
RUNNER = "airflow_entra.pulumi.runner"
OURS = {
    RUNNER: "Pulumi",
    "airflow_entra.pulumi.family": "what the room's other modules give it",
    "airflow_entra.pulumi.passing_on": "a command that somebody else chose, which may be Pulumi",
    "airflow_entra.preview.run": "nothing: it says how previews are ended",
}
"""The modules of the product that start a program by way of the runner's room."""
OTHERS = {
    "airflow_entra.local.airflow.records": "the records of a local Airflow; a complaint is masked where it is told",
    "airflow_entra.local.airflow.deployed": "becomes the watcher, whose log is its own",
    "airflow_entra.local.airflow.environment": "uv and pip; what they complain of is masked where it is told",
    "airflow_entra.local.airflow.process": "Airflow, into its log files; the end of one is masked where it is told",
    "airflow_entra.local.tenant": "the local tenant; a refusal is masked where it is told",
    "airflow_entra.preview.base": "git, of which only revisions are shown",
    "airflow_entra.settings.history": "git, of which only commits are shown",
    "airflow_entra.settings.sides": "git; what it complains of is masked where it is told",
    "engine.build": "Go, which builds the CLI",
    "engine.cache": "python, which removes an old build in the background",
    "engine.child": "the programs, policy packs and providers that the engine wants run",
    "engine.dynamic_provider": "becomes a provider that the engine wants run",
    "engine.release": "a `pulumi` that was just found or got, for its version: before it there is none to run",
}
"""Every other module of the product that starts a program, and which."""

GETTING_IT = {"engine.build", "engine.release"}
"""Who gets the CLI names it too."""


def test_every_module_that_starts_a_program_is_known_for_what_it_runs() -> None:
    assert {name for name, source in PRODUCT.items() if starts_programs(source)} == OURS.keys() | OTHERS.keys()


def test_one_module_starts_pulumi() -> None:
    found = {name for name, source in PRODUCT.items() if starts_pulumi(source)}
    assert found == {RUNNER, "airflow_entra.pulumi.passing_on", *GETTING_IT}
    assert {name for name, source in PRODUCT.items() if imports_automation(source)} == {RUNNER}


@pytest.mark.parametrize(
    "source",
    [
        'import subprocess\nsubprocess.run(["pulumi", "up"])',
        'import subprocess as s\ns.Popen(("pulumi",))',
        'from subprocess import check_output as ask\nask(["/opt/pulumi/bin/pulumi", "version"])',
        'import subprocess\nwords = ["pulumi", *more]\ndef f(): return subprocess.run(words)',
        'import subprocess\nstart = subprocess.Popen\nstart([folder / "pulumi", "up"])',
        'import asyncio\nasync def f(): await asyncio.create_subprocess_exec("pulumi", "up")',
        'from asyncio.subprocess import create_subprocess_shell\ncreate_subprocess_shell("pulumi up")',
        'import asyncio.subprocess\nasyncio.subprocess.create_subprocess_exec("pulumi")',
        'import os\nos.system("pulumi up")',
        'import os\nos.execvp("pulumi", ["pulumi", "up"])',
        'from airflow_entra.pulumi.family import Family\nFamily().run(["pulumi"], folder=None, environment={})',
        "import pulumi.automation",
        "from pulumi import automation",
        "def f():\n    from pulumi.automation import Stack",
        "import pulumi.automation.errors as e",
    ],
)
def test_a_module_that_starts_it_would_be_found(source: str) -> None:
    assert starts_pulumi(source)


@pytest.mark.parametrize(
    "source",
    [
        'import subprocess\nsubprocess.run(["git", "status"])',
        'import pulumi\npulumi.export("pulumi", 1)',
        'from airflow_entra.pulumi.runner import Pulumi\nPulumi(folder, environment, "a").up()',
        'import shutil\nshutil.which("pulumi")',
    ],
)
def test_a_module_that_doesnt_is_left_alone(source: str) -> None:
    assert not starts_pulumi(source)


def test_what_runs_pulumi_does_not_import_it() -> None:
    """Its package takes a quarter of a second: for an error nobody minds, for a preview they would."""
    rooms = [name for name in PRODUCT if name.startswith(("airflow_entra.cli.", "airflow_entra.commands."))]
    needed = [name for name in rooms if not name.endswith(("__init__", "__main__"))]
    assert "airflow_entra.commands.preview" in needed
    script = (
        "import sys, importlib\n"
        f"for name in {needed}:\n    importlib.import_module(name)\n    print(name * ('pulumi' in sys.modules), end='')"
    )
    said = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert said.stdout == "", "imported by the first of these"
