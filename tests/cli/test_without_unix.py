"""Windows has no fcntl and its like: what can run without runs, and the rest says so in a line."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_entra.settings import load
from tests.render.stacks import outputs

PROJECT = Path(__file__).parents[2]
UNIX = frozenset(
    {
        "crypt",
        "fcntl",
        "grp",
        "nis",
        "ossaudiodev",
        "posix",
        "pty",
        "pwd",
        "resource",
        "spwd",
        "syslog",
        "termios",
        "tty",
    }
)
"""Modules of Python's own that only Unix has: https://docs.python.org/3/library/unix.html"""
OURS = ("airflow_entra", "airflow_entra_auth", "engine", "entra_local", "policies")

WITHOUT = f"""
import builtins, sys

imported = builtins.__import__

def refusing(name, namespace=None, *others, **named):
    whose = (namespace or {{}}).get("__name__", "").partition(".")[0]
    if whose in {OURS!r} and name.partition(".")[0] in {set(UNIX)!r}:
        raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
    return imported(name, namespace, *others, **named)

builtins.__import__ = refusing
from airflow_entra.start import main
sys.exit(main())
"""


def on_windows(*arguments: str, cwd: Path = PROJECT) -> subprocess.CompletedProcess[str]:
    """The command line with none of these modules for our own code; what others import goes on as it is."""
    return subprocess.run(
        [sys.executable, "-c", WITHOUT, *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


def _at_the_top(tree: ast.Module) -> set[str]:
    """What a module imports as soon as it is imported itself: nothing in a function."""
    found: set[str] = set()
    waiting: list[ast.stmt] = [*tree.body]
    while waiting:
        statement = waiting.pop()
        if isinstance(statement, ast.Import):
            found |= {name.name.partition(".")[0] for name in statement.names}
        elif isinstance(statement, ast.ImportFrom):
            found.add((statement.module or "").partition(".")[0])
        elif not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting += [child for child in ast.iter_child_nodes(statement) if isinstance(child, ast.stmt)]
    return found


def test_no_module_imports_what_only_unix_has() -> None:
    files = [file for package in OURS for file in (PROJECT / package).rglob("*.py")]
    assert len(files) > 300
    wrong = {str(file): _at_the_top(ast.parse(file.read_text("utf-8"))) & UNIX for file in files}
    assert {file: names for file, names in wrong.items() if names} == {}
    assert _at_the_top(ast.parse("if True:\n    import fcntl\nclass A:\n    import pwd\n")) == {"fcntl", "pwd"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["--version"],
        ["check"],
        ["check", "stacks/Pulumi.prod.yaml", "--format", "sarif"],
        ["explain", "--stack", "prod", "--role", "Admin"],
        ["diff", "HEAD"],
        ["graph", "--stack", "prod"],
        ["schema"],
    ],
)
def test_what_needs_nothing_of_unix_runs(arguments: list[str]) -> None:
    done = on_windows(*arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr


@pytest.mark.slow
def test_files_are_rendered_from_a_deployments_outputs(tmp_path: Path) -> None:
    deployed = tmp_path / "outputs.json"
    deployed.write_text(json.dumps(outputs(load(PROJECT / "stacks" / "Pulumi.dev.yaml"))))
    done = on_windows("render", "--stack", "dev", "--outputs", str(deployed), "--out", str(tmp_path / "rendered"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "rendered" / "values.yaml").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["local", "up"], ["local", "deploy", "--stack", "local"]])
def test_what_needs_unix_says_so_in_a_line(arguments: list[str]) -> None:
    done = on_windows(*arguments)
    assert done.returncode == 2
    assert "on Windows in WSL" in done.stderr.splitlines()[-1], done.stderr
