"""Every contract of imports holds what its name says: for each, a module that breaks it and nothing else."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

_ROOT = Path(__file__).parents[2]
_PACKAGES = ("airflow_entra", "airflow_entra_auth", "engine", "entra_local", "policies")

PROBES = {
    "stack file -> settings -> access -> components: arrows go one way": [
        ("airflow_entra/settings/probe.py", "from airflow_entra.access import names"),
        ("airflow_entra/escape/probe.py", "from airflow_entra.settings import durations"),
        ("airflow_entra/new_room/__init__.py", ""),
    ],
    "the command line asks commands, and commands ask a stack's target: neither knows which it is": [
        ("airflow_entra/cli/probe.py", "from airflow_entra.target import target_of"),
        ("airflow_entra/cli/probe.py", "from airflow_entra.target.azure import Azure"),
    ],
    "what is local is known to the target and to `airflow-entra local` alone": [
        ("airflow_entra/commands/probe.py", "from airflow_entra.local import tenant"),
        ("airflow_entra/commands/probe.py", "from airflow_entra.local.run import open_session"),
    ],
    "inside Airflow: pages and decisions -> watcher -> Airflow's database -> what knows no database": [
        ("airflow_entra_auth/watch/probe.py", "from airflow_entra_auth.fab import standing"),
        ("airflow_entra_auth/graph/probe.py", "from airflow_entra_auth import sessions"),
        ("airflow_entra_auth/new_module.py", ""),
    ],
    "no module imports itself by way of others": [
        ("entra_local/graph/probe.py", "def late() -> None:\n    import entra_local.graph.probe_2"),
        ("airflow_entra/report/probe.py", "if TYPE_CHECKING:\n    import airflow_entra.report.probe_2"),
    ],
    "access is pure: no Pulumi, no network": [
        ("airflow_entra/access/probe.py", "import httpx"),
        ("airflow_entra/settings/probe.py", "import pulumi"),
        ("airflow_entra/access/probe.py", "from airflow_entra_auth import graph"),
    ],
    "only what runs inside Airflow knows Airflow and a database": [
        ("airflow_entra/access/probe.py", "import sqlalchemy"),
        ("entra_local/probe.py", "import flask"),
    ],
    "what runs inside Airflow stands alone": [
        ("airflow_entra_auth/watch/probe.py", "import pulumi"),
        ("airflow_entra_auth/fab/probe.py", "from airflow_entra.escape import terminal"),
    ],
    "from outside only addresses, claims, token rules and the Graph client of what runs inside Airflow are used": [
        ("airflow_entra/local/probe.py", "from airflow_entra_auth.fab import next_url"),
        ("airflow_entra/cli/probe.py", "from airflow_entra_auth import permissions"),
        ("airflow_entra/directory/probe.py", "from airflow_entra_auth.watch import answers"),
    ],
    "the local tenant stands alone": [
        ("entra_local/probe.py", "import pulumi"),
        ("entra_local/graph/probe.py", "from airflow_entra.escape import terminal"),
    ],
    "the local tenant and the product can't agree by accident": [
        ("airflow_entra/local/probe.py", "from entra_local import clock"),
    ],
    "the engine stands alone": [
        ("engine/probe.py", "from airflow_entra.escape import terminal"),
    ],
    "only what runs Pulumi knows the engine": [
        ("airflow_entra/cli/probe.py", "from engine import cache"),
        ("airflow_entra/access/probe.py", "from engine import logs"),
    ],
    "the policy pack judges any program: it knows none of ours": [
        ("policies/probe.py", "from airflow_entra.settings import durations"),
    ],
    "no program of ours knows the policy pack": [
        ("airflow_entra/audit/probe.py", "from policies import resources"),
    ],
}
"""Contract -> modules that break it, each a path and its text. A contract may be broken together with others."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code that the contracts are about, with the contracts."""
    copy = tmp_path_factory.mktemp("tree")
    for package in (*_PACKAGES, "tests/imports"):
        shutil.copytree(_ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(_ROOT / "pyproject.toml", copy)
    return copy


def test_each_contract_has_a_module_that_breaks_it() -> None:
    declared = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    assert {contract["name"] for contract in declared} == set(PROBES), (
        "write a module that breaks the new contract into PROBES, or take the old contract's out of it"
    )


def test_the_copy_breaks_nothing(tree: Path) -> None:
    assert _broken(tree) == set()


@pytest.mark.parametrize(
    ("contract", "path", "text"), [(contract, *probe) for contract, probes in PROBES.items() for probe in probes]
)
def test_a_contract_is_broken_by_what_its_name_forbids(tree: Path, contract: str, path: str, text: str) -> None:
    probe, back = tree / path, (tree / path).with_name("probe_2.py")
    probe.parent.mkdir(exist_ok=True)
    probe.write_text(f"from typing import TYPE_CHECKING\n\n{text}\n", "utf-8")
    if "probe_2" in text:
        back.write_text(f"import {path.removesuffix('.py').replace('/', '.')}\n", "utf-8")
    try:
        assert contract in _broken(tree)
    finally:
        shutil.rmtree(probe.parent) if probe.name == "__init__.py" else probe.unlink()
        back.unlink(missing_ok=True)


def _broken(tree: Path) -> set[str]:
    """The names of the contracts that import-linter says are broken."""
    lint = Path(sys.executable).with_name("lint-imports")
    environment = {**os.environ, "COLUMNS": "300", "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run([lint], cwd=tree, env=environment, capture_output=True, text=True, check=False)
    ends = (" KEPT", " BROKEN")
    lines = [line.partition(" (")[0].rstrip() for line in ran.stdout.splitlines()]
    names = {line.rsplit(" ", 1)[0]: line.endswith(" BROKEN") for line in lines if line.endswith(ends)}
    assert names.keys() == PROBES.keys(), ran.stdout + ran.stderr
    assert ran.returncode == any(names.values())
    return {name for name, broken in names.items() if broken}
