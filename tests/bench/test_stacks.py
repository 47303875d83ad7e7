from pathlib import Path

import pytest

from airflow_entra.settings import load
from bench import stacks


@pytest.mark.parametrize("groups", [10, 100, 1000])
def test_a_stack_file_has_as_many_role_groups_as_asked_and_is_right(tmp_path: Path, groups: int) -> None:
    stacks.write(tmp_path, groups)
    settings = load(tmp_path / f"Pulumi.{stacks.name_of(groups)}.yaml")
    assert sum(len(role.groups) for role in settings.roles.values()) == groups
