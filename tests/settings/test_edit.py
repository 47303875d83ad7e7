"""Changes to a stack file leave everything else as it was, byte for byte."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_entra.settings import load
from airflow_entra.settings.edit import edit

DATA = Path(__file__).parent / "data"
STACKS = Path(__file__).parents[2] / "stacks"
EVERYTHING = (DATA / "everything.yaml").read_text("utf-8")
ADMINS = ("airflow-entra:roles", "Admin", "groups", 0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "Pulumi.prod.yaml"
    file.write_text(EVERYTHING, "utf-8")
    return file


def test_one_value_changes_one_line(file: Path) -> None:
    assert edit(file, {("airflow-entra:signIn", "tokenLifetime"): "4h"})
    assert file.read_text("utf-8") == EVERYTHING.replace("tokenLifetime: 8h", "tokenLifetime: 4h")


def test_a_new_key_is_one_more_line(file: Path) -> None:
    assert edit(file, {(*ADMINS, "was"): "airflow-admins"})
    line = "          description: May do everything in Airflow\n"
    assert file.read_text("utf-8") == EVERYTHING.replace(line, f"{line}          was: airflow-admins\n")
    assert "# kept small" in file.read_text("utf-8")


def test_deleting_takes_the_line_away(file: Path) -> None:
    assert edit(file, {(*ADMINS, "description"): None})
    assert file.read_text("utf-8") == EVERYTHING.replace("          description: May do everything in Airflow\n", "")


def test_saying_the_same_again_writes_nothing(file: Path) -> None:
    before = file.stat()
    assert not edit(file, {("airflow-entra:signIn", "tokenLifetime"): "8h", (*ADMINS, "was"): None})
    assert file.read_text("utf-8") == EVERYTHING
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_an_unknown_path_writes_nothing(file: Path) -> None:
    with pytest.raises(KeyError):
        edit(file, {("airflow-entra:roles", "Nobody", "was"): "x"})
    with pytest.raises(IndexError):
        edit(file, {("airflow-entra:roles", "Admin", "groups", 7, "was"): "x"})
    assert file.read_text("utf-8") == EVERYTHING


def test_rights_and_links_stay(file: Path, tmp_path: Path) -> None:
    file.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(file)
    assert edit(link, {("airflow-entra:signIn", "tokenLifetime"): "4h"})
    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert list(tmp_path.glob(".*")) == []


def test_line_ends_stay(file: Path) -> None:
    file.write_bytes(EVERYTHING.replace("\n", "\r\n").encode())
    assert edit(file, {("airflow-entra:signIn", "tokenLifetime"): "4h"})
    assert file.read_bytes() == EVERYTHING.replace("8h", "4h", 1).replace("\n", "\r\n").encode()


def test_lists_that_are_not_indented_stay_so(file: Path) -> None:
    flat = "config:\n  # who\n  a:\n  - x # one\n  - y\n  b: 'q'\n"
    file.write_text(flat)
    assert edit(file, {("b",): "r"})
    assert file.read_text() == flat.replace("'q'", "'r'")


FILES = [*sorted((DATA / "good").glob("*.yaml")), DATA / "everything.yaml", *sorted(STACKS.glob("*.yaml"))]


@pytest.mark.parametrize("good", FILES, ids=lambda good: good.name)
@settings(max_examples=10, deadline=None)
@given(value=st.text(alphabet="abc XYZ:#'\"-_.0", max_size=20))
def test_there_and_back_again_is_the_same_file(
    tmp_path_factory: pytest.TempPathFactory, value: str, good: Path
) -> None:
    file = tmp_path_factory.getbasetemp() / "Pulumi.good.yaml"
    before = good.read_bytes()
    file.write_bytes(before)
    key = ("airflow-entra:signIn", "note")
    assert edit(file, {key: value})
    assert not edit(file, {key: value})
    assert edit(file, {key: None})
    assert file.read_bytes() == before


def test_an_edited_file_loads(file: Path) -> None:
    edit(
        file,
        {
            ("airflow-entra:tenant", "manage", "groups"): "request",
            (*ADMINS, "id"): "0" * 7 + "1" + "-0000" * 3 + "-" + "0" * 12,
        },
    )
    assert load(file).roles["Admin"].groups[0].id == "00000001-0000-0000-0000-000000000000"
