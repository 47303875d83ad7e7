"""One value says what a stack is declared as: no call hands its parts over side by side."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_entra.access import DeclaredStack, stack
from airflow_entra.access.plan import AccessPlan, plan
from airflow_entra.settings import StackSettings, load

PACKAGE = Path(__file__).parents[2] / "airflow_entra"
SETTINGS = load(PACKAGE.parent / "stacks" / "Pulumi.local.yaml")


def test_the_plan_is_made_once_and_only_where_somebody_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[StackSettings] = []

    def counted(settings: StackSettings) -> AccessPlan:
        made.append(settings)
        return plan(settings)

    monkeypatch.setattr(stack, "plan", counted)
    declared = DeclaredStack("local", SETTINGS)
    assert (declared.name, declared.settings, made) == ("local", SETTINGS, [])
    assert declared.plan is declared.plan
    assert made == [SETTINGS]


def test_stacks_that_say_the_same_are_equal() -> None:
    asked, unasked = DeclaredStack("local", SETTINGS), DeclaredStack("local", SETTINGS)
    assert asked.plan.groups
    assert asked == unasked
    assert asked != DeclaredStack("other", SETTINGS)


def test_nothing_takes_settings_beside_the_name_or_the_plan_of_the_stack() -> None:
    assert [*beside_each_other(PACKAGE)] == []


def test_nobody_else_makes_a_plan() -> None:
    calls = [
        f"{file.relative_to(PACKAGE)}:{node.lineno}"
        for file, tree in trees(PACKAGE)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "plan"
    ]
    assert [call.partition(":")[0] for call in calls] == ["access/stack.py"]


def trees(folder: Path) -> Iterator[tuple[Path, ast.Module]]:
    for file in sorted(folder.rglob("*.py")):
        yield file, ast.parse(file.read_text("utf-8"))


def beside_each_other(folder: Path) -> Iterator[str]:
    for file, tree in trees(folder):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                taken = {a.arg: ast.unparse(a.annotation) for a in _arguments(node.args) if a.annotation}
            elif isinstance(node, ast.ClassDef) and node.name != "DeclaredStack":
                fields = [line for line in node.body if isinstance(line, ast.AnnAssign)]
                taken = {ast.unparse(field.target): ast.unparse(field.annotation) for field in fields}
            else:
                continue
            others = {name for name, kind in taken.items() if kind == "AccessPlan" or name in ("stack", "name")}
            settings = {name for name, kind in taken.items() if kind == "StackSettings"}
            if settings and others - settings:
                yield f"{file.relative_to(folder)}:{node.lineno}: {node.name} takes {settings} beside {others}"


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
