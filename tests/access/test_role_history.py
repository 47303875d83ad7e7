from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from airflow_entra.access import DeclaredStack
from airflow_entra.access.role_history import roles_since
from airflow_entra.settings import load
from airflow_entra.settings.history import head, versions

SHIPPED = Path(__file__).parents[2] / "stacks" / "Pulumi.local.yaml"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    return tmp_path / "Pulumi.local.yaml"


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@contoso.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def commit(file: Path, message: str, **roles: list[str]) -> None:
    """Commit the shipped stack file with these roles, each of groups to be created."""
    content = yaml.safe_load(SHIPPED.read_text())
    wanted = {role.replace("_", "-"): {"groups": [{"create": name} for name in names]} for role, names in roles.items()}
    content["config"]["airflow-entra:roles"] = wanted
    file.write_text(yaml.safe_dump(content))
    git(file.parent, "add", ".")
    git(file.parent, "commit", "--quiet", "--message", message)


def found(file: Path) -> dict[tuple[str, str], tuple[str, str]]:
    return {
        (one.role, one.group): (one.commit.subject, one.commit.approved_by) if one.commit else ("", "")
        for one in roles_since(DeclaredStack("local", load(file)), versions(file))
    }


def test_each_role_of_a_group_is_led_back_to_the_commit_that_gave_it(file: Path) -> None:
    commit(file, "First", Admin=["a"], Viewer=["v"])
    commit(file, "More\n\nReviewed-by: Carl <carl@contoso.com>", Admin=["a"], Viewer=["v", "w"])
    commit(file, "Without", Admin=["a"], Viewer=["v"])
    commit(file, "Again\n\nApproved-by: Eve\nReviewed-by: Carl", Admin=["a"], Viewer=["v", "w"], Op=["v"])
    assert found(file) == {
        ("Admin", "a"): ("First", ""),
        ("Viewer", "v"): ("First", ""),
        ("Viewer", "w"): ("Again", "Eve, Carl"),
        ("Op", "v"): ("Again", "Eve, Carl"),
    }


def test_what_is_not_committed_has_no_commit(file: Path) -> None:
    commit(file, "First", Admin=["a"])
    assert head(file.parent) is not None
    assert not str(head(file.parent)).endswith("-dirty")
    content = yaml.safe_load(file.read_text())
    content["config"]["airflow-entra:roles"]["Viewer"] = {"groups": [{"create": "v"}]}
    file.write_text(yaml.safe_dump(content))
    assert found(file) == {("Admin", "a"): ("First", ""), ("Viewer", "v"): ("", "")}
    assert str(head(file.parent)).endswith("-dirty")


def test_a_version_that_cannot_be_read_ends_the_history(file: Path) -> None:
    commit(file, "Old", Admin=["a"])
    file.write_text("config: [")
    git(file.parent, "commit", "--quiet", "--all", "--message", "Broken")
    commit(file, "Mended", Admin=["a"])
    assert found(file) == {("Admin", "a"): ("Mended", "")}


def test_without_git_nobody_is_named(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.local.yaml"
    file.write_text(SHIPPED.read_text())
    assert list(versions(file)) == []
    assert head(tmp_path) is None
