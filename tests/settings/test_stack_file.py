"""What a stack and its file may be called."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_entra.errors import UserError
from airflow_entra.local.world import World
from airflow_entra.settings.stack_file import name_mistake, stack_file, stack_files, stack_name


@pytest.mark.parametrize("name", ["prod", "eu-west_1.blue", "2", "a" * 100])
def test_a_file_is_found_by_its_stack_and_says_which_stack_it_is_of(name: str, tmp_path: Path) -> None:
    file = stack_file(tmp_path, name)
    file.touch()
    (tmp_path / "Pulumi.yaml").touch()
    assert (name_mistake(name), stack_name(file), stack_files(tmp_path)) == (None, name, [file])


@pytest.mark.parametrize("name", ["", "a b", "org/project/prod", "../prod", "größe", "a" * 101, "prod\n", '"""'])
def test_what_pulumi_takes_for_no_stack_is_named_before_a_file_is_looked_for(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no stack's name: letters, digits, dots, hyphens and underscores"):
        World(tmp_path, tmp_path / ".local").declared(name)


def test_a_stack_without_a_file_is_told_with_those_that_have_one(tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    stack_file(tmp_path / "stacks", "dev").touch()
    with pytest.raises(UserError, match=r"no stack file .*Pulumi\.prod\.yaml; there is one for: dev"):
        World(tmp_path, tmp_path / ".local").declared("prod")
