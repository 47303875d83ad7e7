"""The picture of who may do what: what the stack file says, in columns, with nothing left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_entra.access import DeclaredStack
from airflow_entra.access.picture import Picture, picture
from airflow_entra.settings import load

STACKS = Path(__file__).parents[2] / "stacks"


def drawn(tmp_path: Path, *changes: tuple[str, str]) -> Picture:
    """The shipped production stack with some words exchanged."""
    text = (STACKS / "Pulumi.prod.yaml").read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    file = tmp_path / "Pulumi.prod.yaml"
    file.write_text(text, "utf-8")
    return picture(DeclaredStack("prod", load(file)))


def names(one: Picture, heading: str) -> list[str]:
    return [box.name for column in one.columns if column.heading == heading for box in column.boxes]


def ways(one: Picture) -> list[tuple[str, ...]]:
    """Every path from a group to what may be done, as names."""
    boxes = {box.key: box.name for column in one.columns for box in column.boxes}
    paths: list[tuple[str, ...]] = [(box.key,) for box in one.columns[0].boxes]
    for _ in one.columns[1:]:
        paths = [(*path, arrow.end) for path in paths for arrow in one.arrows if arrow.start == path[-1]]
    return [tuple(boxes[key] for key in path) for path in paths]


def test_every_group_leads_to_what_it_may_do(tmp_path: Path) -> None:
    assert set(ways(drawn(tmp_path))) == {
        ("airflow-prod-admins", "Admin", "Admin", "All DAGs, and Airflow itself"),
        ("platform-on-call", "Op", "Op", "All DAGs, and what they run on"),
        ("airflow-prod-viewers", "Viewer", "Viewer", "All DAGs"),
        ("all-employees", "Viewer", "Viewer", "All DAGs"),
        ("airflow-prod-finance", "finance-editor", "finance-editor", "finance_*"),
    }


def test_a_group_shows_whose_it_is_and_its_rule(tmp_path: Path) -> None:
    looks = {box.name: (box.look, box.notes) for box in drawn(tmp_path).columns[0].boxes}
    assert looks["airflow-prod-admins"] == ("created", ("made by the stack",))
    assert looks["platform-on-call"] == ("existing", ("owned elsewhere",))
    rule = 'members by rule: user.department -eq "Data"'
    assert looks["airflow-prod-viewers"] == ("dynamic", ("made by the stack", rule))
    asked = drawn(tmp_path, ("groups: managed", "groups: request")).columns[0].boxes
    assert {box.name: box.look for box in asked}["airflow-prod-viewers"] == "requested"
    assert next(box.notes for box in asked if box.name == "airflow-prod-viewers") == (
        "asked of the identity team",
        rule,
    )


@pytest.mark.parametrize(
    ("how", "way"), [("managed", "managed"), ("request", "requested"), ("existing", "existing"), ("none", "nobody")]
)
def test_an_assignment_shows_who_makes_it(tmp_path: Path, how: str, way: str) -> None:
    one = drawn(tmp_path, ("assignments: managed", f"assignments: {how}"))
    assert {arrow.way for arrow in one.arrows if arrow.start.startswith("g")} == {way}
    assert {arrow.way for arrow in one.arrows if not arrow.start.startswith("g")} == {"managed"}


@pytest.mark.parametrize("source", ["assignedGroups", "securityGroups"])
def test_without_app_roles_there_is_no_such_column(tmp_path: Path, source: str) -> None:
    one = drawn(tmp_path, ("rolesFrom: appRoles", f"rolesFrom: {source}"))
    assert [column.heading for column in one.columns] == ["Members of groups in Entra", "Airflow roles", "DAGs"]
    assert ("all-employees", "Viewer", "All DAGs") in ways(one)
    assert ("nested groups count" in one.subtitle) == (source == "securityGroups")


def test_whoever_may_do_anything_with_a_dag_sees_it(tmp_path: Path) -> None:
    one = drawn(tmp_path, ("          - read\n", ""))
    assert one.columns[-1].boxes[-1].notes == ("read, trigger, edit",)


def test_roles_that_may_do_the_same_share_a_box(tmp_path: Path) -> None:
    groups, dags = "      groups:\n        - create: x\n", "      dags:\n        finance_*: [read, trigger, edit]\n"
    again = f"    finance-editor:\n{groups}{dags}"
    one = drawn(tmp_path, ("    finance-editor:\n", again + "    finance-too:\n"))
    assert names(one, "DAGs").count("finance_*") == 1
    assert {path[2] for path in ways(one) if path[3] == "finance_*"} == {"finance-editor", "finance-too"}


def test_the_same_is_said_in_words(tmp_path: Path) -> None:
    sentences = drawn(tmp_path).sentences
    assert len(sentences) == 4
    assert sentences[3] == (
        "finance-editor: given to members of airflow-prod-finance (made by the stack). "
        "May do: finance_*: read, trigger, edit."
    )


def test_a_long_rule_stays_whole(tmp_path: Path) -> None:
    rule = " -or ".join(f'user.department -eq "D{number}"' for number in range(90))
    one = drawn(tmp_path, ('user.department -eq "Data"', f"'{rule}'"))
    boxes = {box.name: box for box in one.columns[0].boxes}
    assert boxes["airflow-prod-viewers"].notes[1] == f"members by rule: {rule}"
