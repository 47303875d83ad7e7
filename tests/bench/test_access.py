"""The stacks that the offline commands are measured with are right, and differ where they are meant to."""

from __future__ import annotations

from pathlib import Path

from airflow_entra.access.compare import compare
from airflow_entra.settings.sides import sides
from bench.access import write


def test_the_stacks_differ_where_they_were_edited(tmp_path: Path) -> None:
    write(tmp_path / "base", stacks=3, roles=4)
    write(tmp_path / "head", stacks=3, roles=4, edited=2)
    base, head = sides(str(tmp_path / "base"), str(tmp_path / "head"))
    compared = compare(base, head)
    assert [one.stack for one in compared.changes] == ["s0", "s1"]
    assert {len(one.rights.gained) for one in compared.changes} == {4}
