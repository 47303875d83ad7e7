"""What the pipelines call exists: our command line reads each `airflow-entra`, Pulumi's help knows each `pulumi`."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import click
import pytest

from airflow_entra.cli import main
from tests.pipelines import azure_pipelines
from tests.pipelines.workflows import jobs

_ENDS = frozenset({"||", "|", "&&", ";", ">", ">>"})
_PROGRAMS = frozenset({"airflow-entra", "pulumi"})


def scripts() -> Iterator[tuple[str, str]]:
    for one in jobs():
        for step in one.steps:
            yield str(one), step.get("run", "")
    for name in azure_pipelines.PIPELINES:
        for job in azure_pipelines.jobs(azure_pipelines.pipeline(name)):
            for step in azure_pipelines.steps(job):
                yield f"azure-devops/{name}", azure_pipelines.script(step)


def calls(script: str) -> Iterator[list[str]]:
    """Every call of one of our programs, with its arguments; what `federated --` runs is a call of its own."""
    for line in script.replace("\\\n", " ").splitlines():
        if not any(f"{program} " in line for program in _PROGRAMS):
            continue
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words = list(lexer)
        for start, word in enumerate(words):
            if word in _PROGRAMS and (start == 0 or words[start - 1] in {*_ENDS, "--", "exec", "then", "if"}):
                rest = words[start:]
                end = next((i for i, other in enumerate(rest) if other in _ENDS), len(rest))
                yield rest[:end]


CALLS = sorted({(where, *call) for where, script in scripts() for call in calls(script)})


@pytest.mark.parametrize("call", [call for call in CALLS if call[1] == "airflow-entra"], ids=" ".join)
def test_airflow_entra_understands_it(call: Sequence[str]) -> None:
    for stands_for in (
        {"${stacks[@]}": "--all", "${now[@]}": "--now"},
        {"${stacks[@]}": "--stack=dev", "${now[@]}": ""},
    ):
        words = [stands_for.get(word, word) for word in call[2:]]
        parsed([word for word in words if word])


def parsed(arguments: Sequence[str]) -> None:
    command: click.Command = main
    context = click.Context(main, info_name="airflow-entra")
    rest = list(arguments)
    while isinstance(command, click.Group):
        name, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command, context = found, click.Context(found, info_name=name, parent=context)
    with command.make_context(context.info_name, rest, parent=context.parent):
        pass


def test_a_renamed_option_would_be_found() -> None:
    with pytest.raises(click.NoSuchOption):
        parsed(["preview", "--all", "--bass", "origin/main"])


def test_every_command_of_ours_is_among_them() -> None:
    ours = {call[2] for call in CALLS if call[1] == "airflow-entra"}
    assert ours == {"audit", "check", "diff", "federated", "preview", "recover", "rotate"}
    assert sum(script.count("airflow-entra ") for _, script in scripts()) == sum(
        1 for _, script in scripts() for call in calls(script) if call[0] == "airflow-entra"
    )


@pytest.mark.parametrize("call", [call for call in CALLS if call[1] == "pulumi"], ids=" ".join)
def test_pulumi_understands_it(call: Sequence[str], engine: Path) -> None:
    words = [word for word in call[2:] if not word.startswith(("-", "$"))]
    said = help_of(engine, tuple(words[: 2 if words[0] == "stack" else 1]))
    for option in (word for word in call if word.startswith("--")):
        assert re.search(rf"{option}\b", said), f"pulumi {' '.join(words)} has no {option}"


@cache
def help_of(engine: Path, command: tuple[str, ...]) -> str:
    return subprocess.run([engine / "pulumi", *command, "--help"], capture_output=True, text=True, check=True).stdout
