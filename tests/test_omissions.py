"""Nothing is forgotten when something is added: each of these fails with what is left to do."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from pydantic import BaseModel

import airflow_entra.cli
import policies
from airflow_entra.access import DeclaredStack
from airflow_entra.access.stated import stated
from airflow_entra.cli import LazyGroup, main
from airflow_entra.settings import load, model
from policies.registry import RULES
from policies.rules import Rule

PROJECT = Path(__file__).parents[1]

SETTINGS = {
    (section, name)
    for section in vars(model).values()
    if isinstance(section, type) and issubclass(section, model.Section)
    for name in section.__annotations__
    if name in section.model_fields
}
"""(section, field) of every setting of a stack file."""
STACKS = [*(PROJECT / "tests" / "settings" / "data").rglob("*.yaml"), *(PROJECT / "stacks").glob("*.yaml")]
NOT_ACCESS: dict[tuple[str, str], str] = {
    ("Federation", "name"): "it keeps credentials apart: their issuers and subjects decide who signs in",
}
"""Settings whose change `diff` needn't show, with the reason."""
_THE_MODEL = {"model.py", "schema.py", "reference.py"}
"""What knows every setting by itself and reads none."""


def product() -> Iterator[tuple[Path, ast.Module]]:
    for package in ("airflow_entra", "airflow_entra_auth"):
        for file in sorted((PROJECT / package).rglob("*.py")):
            yield file, ast.parse(file.read_text("utf-8"))


def test_every_setting_is_read() -> None:
    read = {
        node.attr
        for file, tree in product()
        if file.name not in _THE_MODEL
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
    }
    unread = sorted(f"{section.__name__}.{name}" for section, name in SETTINGS if name not in read)
    assert unread == [], "nothing reads these settings: use them, or take them out of settings/model.py"


FRAGMENTS = ("fine.yaml", "mistakes.yaml", "warnings.yaml")
"""Data of tests that is no stack file."""


def test_every_setting_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change that `diff` doesn't show is one that no reviewer sees."""
    read: set[tuple[str, str]] = set()

    def noted(section: BaseModel, name: str) -> object:
        read.add((type(section).__name__, name))
        return object.__getattribute__(section, name)

    stacks = [DeclaredStack(file.stem, load(file)) for file in STACKS if file.name not in FRAGMENTS]
    monkeypatch.setattr(model.Section, "__getattribute__", noted, raising=False)
    for stack in stacks:
        stated(stack)
    monkeypatch.undo()
    wanted = {(section.__name__, name) for section, name in SETTINGS} - NOT_ACCESS.keys()
    missing = sorted(".".join(setting) for setting in wanted - read)
    assert missing == [], (
        "add these settings to access/stated.py, for `diff`, and to a stack file in tests/settings/data"
    )


def test_every_policy_is_in_the_pack() -> None:
    declared = {
        value.name
        for module in pkgutil.iter_modules(policies.__path__)
        if not module.name.startswith("__")
        for value in vars(importlib.import_module(f"policies.{module.name}")).values()
        if isinstance(value, Rule)
    }
    missing = sorted(declared - {rule.name for rule in RULES})
    assert missing == [], "these policies judge nothing: add them to RULES in policies/registry.py"


def commands(parent: click.Context) -> Iterator[tuple[str, click.Command]]:
    group = parent.command
    if not isinstance(group, click.Group):
        yield parent.command_path, group
        return
    for name in group.list_commands(parent):
        command = group.get_command(parent, name)
        assert command is not None
        yield from commands(click.Context(command, info_name=name, parent=parent))


COMMANDS = dict(commands(click.Context(main, info_name="airflow-entra")))


def test_every_command_says_what_it_does() -> None:
    assert [path for path, command in COMMANDS.items() if len(command.help or "") < 10] == [], "write a docstring"


def test_every_command_is_in_the_documentation() -> None:
    """Beyond docs/commands.md, which is made from their help: a page says when somebody needs it."""
    pages = [*PROJECT.glob("*.md"), *(PROJECT / "docs").glob("*.md")]
    text = "\n".join(page.read_text("utf-8") for page in pages if page.name != "commands.md")
    missing = [path for path in COMMANDS if path not in " ".join(text.split())]
    assert missing == [], "write on a page of docs/ when these commands are needed"


def test_every_finding_says_what_would_be_right_and_what_to_do() -> None:
    """Finding asks for all four; here none of them is empty."""
    empty = [
        f"{file.relative_to(PROJECT)}:{call.lineno}"
        for file, tree in product()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] == "Finding"
        for said in [*call.args[1:], *(word.value for word in call.keywords if word.arg in ("what", "right", "fix"))]
        if isinstance(said, ast.Constant) and not (isinstance(said.value, str) and said.value.strip())
    ]
    assert empty == [], "say what is wrong, what would be right and how to fix it"


def test_every_module_of_a_command_is_a_command() -> None:
    """One that no group names is found by nobody."""
    named = {module for group in (main, main.get_command(click.Context(main), "local")) for module in _lazy(group)}
    modules = (f"airflow_entra.cli.{module.name}" for module in pkgutil.iter_modules(airflow_entra.cli.__path__))
    commands = [
        name for name in modules if not name.endswith("__main__") and hasattr(importlib.import_module(name), "command")
    ]
    assert sorted(set(commands) - named) == [], "name these commands in _COMMANDS of cli/__init__.py"


def _lazy(group: click.Command | None) -> Iterator[str]:
    assert isinstance(group, LazyGroup)
    yield from group.lazy.values()


def test_no_option_is_known_by_its_beginning() -> None:
    """A script that calls --en would mean something else with the next option that begins so."""
    found = [
        f"{file.relative_to(PROJECT)}:{call.lineno}"
        for package in ("airflow_entra", "airflow_entra_auth", "engine", "entra_local", "policies")
        for file in sorted((PROJECT / package).rglob("*.py"))
        for call in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith(("ArgumentParser", ".add_parser"))
        if not any(word.arg == "allow_abbrev" and ast.unparse(word.value) == "False" for word in call.keywords)
    ]
    assert found == [], "say allow_abbrev=False"


def test_one_and_several_are_told_apart_in_one_place() -> None:
    """The policies know none of ours, and what runs inside Airflow stands alone."""
    found = [
        f"{file.relative_to(PROJECT)}:{choice.lineno}"
        for file in sorted((PROJECT / "airflow_entra").rglob("*.py"))
        if file.name != "words.py"
        for choice in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(choice, ast.IfExp) and re.fullmatch(r".+ (==|!=) -?1", ast.unparse(choice.test))
        if any(isinstance(side, ast.Constant) and isinstance(side.value, str) for side in (choice.body, choice.orelse))
    ]
    assert found == [], "say it with `many` or `form` of airflow_entra/words.py"
