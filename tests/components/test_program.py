"""The program around the component: finding the stack file, and ending in its own words where something is wrong."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import httpx
import pulumi
import pytest

from airflow_entra import variables
from airflow_entra.access import DeclaredStack
from airflow_entra.components import program
from airflow_entra.directory.credentials import CredentialError
from airflow_entra.directory.tenant import LiveTenant
from airflow_entra.errors import UserError
from airflow_entra.settings import SettingsError, load
from tests.components.harness import FakeTenant

STACKS = Path(__file__).parents[2] / "stacks"
ON_CALL = "5f1e0b42-7d3a-4c96-b1f8-2a9e6d4c8f10"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(STACKS, tmp_path / "stacks")
    monkeypatch.delenv(variables.STACKS, raising=False)
    return tmp_path


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi, "get_stack", lambda: "prod")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The errors that the engine is told."""
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "error", said.append)
    return said


def live(monkeypatch: pytest.MonkeyPatch, tenant: Any) -> None:
    monkeypatch.setattr(LiveTenant, "from_environment", classmethod(lambda cls, tenant_id: tenant))


@pytest.mark.usefixtures("stack")
def test_a_wrong_stack_file_ends_the_run_in_the_words_of_check(project: Path) -> None:
    file = project / "stacks" / "Pulumi.prod.yaml"
    file.write_text(file.read_text().replace("tokenLifetime: 8h", "tokenLifetime: 25h"))
    with pytest.raises(SettingsError) as words:
        load(file)
    with pytest.raises(SettingsError) as caught:
        program.read(project)
    assert str(caught.value) == str(words.value)


@pytest.mark.usefixtures("stack")
def test_a_stack_without_a_file_is_told(project: Path) -> None:
    (project / "stacks" / "Pulumi.prod.yaml").unlink()
    with pytest.raises(SettingsError, match=r"Pulumi\.prod\.yaml:1:1: "):
        program.read(project)


@pytest.mark.usefixtures("stack")
def test_the_stack_files_may_be_elsewhere(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variables.STACKS, str(tmp_path / "elsewhere"))
    with pytest.raises(SettingsError, match=r"elsewhere/Pulumi\.prod\.yaml"):
        program.read(project)


@pytest.mark.usefixtures("stack")
def test_without_an_identity_nothing_is_declared(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Nobody(FakeTenant):
        def missing_groups(self, ids: Any) -> Any:
            raise CredentialError("no identity")

    live(monkeypatch, Nobody())
    monkeypatch.setattr(program, "start_providers", lambda settings: None)
    with pytest.raises(CredentialError, match="no identity"):
        program.sign_on(program.read(project))


@pytest.mark.usefixtures("stack")
def test_a_tenant_that_does_not_answer_ends_the_run_in_words(
    project: Path, monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    class Away(FakeTenant):
        def asked_for_itself(self, tag: str) -> Any:
            raise httpx.ConnectError("connection refused.")

    file = project / "stacks" / "Pulumi.prod.yaml"
    file.write_text(file.read_text().replace("consent: request", "consent: managed"))
    live(monkeypatch, Away())
    monkeypatch.setattr(program, "start_providers", lambda settings: None)
    with pytest.raises(SystemExit) as ended, program.ended_in_words():
        program.sign_on(program.read(project))
    assert ended.value.code == program.ALREADY_SHOWN
    (said,) = told
    assert said.startswith("the tenant did not answer, and nothing was declared: ")
    assert "connection refused; " in said


@pytest.mark.parametrize("error", [UserError("one thing is wrong"), pulumi.RunError("one thing is wrong")])
def test_what_somebody_can_put_right_ends_the_run_in_words(error: Exception, told: list[str]) -> None:
    with pytest.raises(SystemExit), program.ended_in_words():
        raise error
    assert told == ["one thing is wrong"]


def test_a_mistake_of_the_program_s_own_is_raised_as_it_is(told: list[str]) -> None:
    with pytest.raises(KeyError), program.ended_in_words():
        raise KeyError("name")
    assert told == []


def test_a_group_that_is_not_there_is_named_with_its_place(project: Path) -> None:
    file = project / "stacks" / "Pulumi.prod.yaml"
    tenant: Any = FakeTenant(known_groups={"8e2c5f90-3d14-4b67-a8f2-6c9b0d1e7a06"})
    with pytest.raises(UserError) as caught:
        program.check_groups(DeclaredStack("prod", load(file)), file, tenant)

    line = next(number for number, text in enumerate(file.read_text().splitlines(), 1) if ON_CALL in text)
    column = file.read_text().splitlines()[line - 1].index(ON_CALL) + 1
    assert str(caught.value).startswith(f"{file}:{line}:{column}: tenant ")
    assert f"{ON_CALL} (platform-on-call)" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_groups_that_may_not_be_looked_at_are_a_warning(project: Path) -> None:
    file = project / "stacks" / "Pulumi.prod.yaml"
    tenant: Any = FakeTenant(denied=True)
    assert program.check_groups(DeclaredStack("prod", load(file)), file, tenant) == (
        f"{file}: could not check groups: {MAY_NOT}",
    )


MAY_NOT = "the deploying identity may not read it"


@pytest.mark.parametrize("name", ["local", "dev", "staging", "prod"])
def test_the_stack_files_are_right_and_in_the_engines_own_layout(name: str) -> None:
    file = STACKS / f"Pulumi.{name}.yaml"
    load(file)
    lines = file.read_text().splitlines()
    assert lines[0] == "# yaml-language-server: $schema=stack.schema.json"
    assert all(lines), "the engine takes blank lines away"


def test_the_stack_files_differ_in_their_choices() -> None:
    stacks = [load(STACKS / f"Pulumi.{name}.yaml") for name in ("local", "dev", "staging", "prod")]
    assert len({one.environment for one in stacks}) == 4
    assert {one.sign_in.roles_from for one in stacks} == {"appRoles", "assignedGroups", "securityGroups"}
    assert {one.credential.mode for one in stacks} == {"vaultSecret", "federated"}
    assert {len(one.airflow) for one in stacks} == {1, 2}
