"""Who lost and who gained which roles, worked out of the directory as it is and its log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from airflow_entra.audit.moves import Move, moves
from airflow_entra.directory.audited import Audited
from airflow_entra.directory.changes import Change
from airflow_entra.directory.membership import Assigned
from tests.audit.stack import ADA, ADMINS, DAN, VIEWERS, audited, change, in_groups

JOINED, LEFT = "Add member to group", "Remove member from group"
A, B = "airflow-local-admins", "airflow-local-viewers"
HERE = replace(DAN, enabled=True)


def of_dan(directory: Audited, *changes: Change) -> list[Move]:
    return moves(changes, directory.directory, directory.rules, (HERE,))


def roles(found: Sequence[Move]) -> list[tuple[object, object]]:
    return [(move.before, move.after) for move in found]


def test_somebody_who_came_moved_and_left() -> None:
    found = of_dan(
        audited(),
        change(JOINED, DAN, 10, A),
        change(JOINED, DAN, 20, B),
        change(LEFT, DAN, 30, A),
        change(LEFT, DAN, 40, B),
    )
    assert roles(found) == [
        ((), ("Admin",)),
        (("Admin",), ("Admin", "Viewer")),
        (("Admin", "Viewer"), ("Viewer",)),
        (("Viewer",), ()),
    ]
    assert [move.lost for move in found] == [(), (), ("Admin",), ("Viewer",)]
    assert [move.gained for move in found] == [("Admin",), ("Viewer",), (), ()]


def test_the_log_begins_after_they_came() -> None:
    assert roles(of_dan(in_groups(HERE, VIEWERS), change(LEFT, DAN, 30, A))) == [(("Admin", "Viewer"), ("Viewer",))]


def test_two_groups_that_give_one_role() -> None:
    directory = in_groups(HERE, VIEWERS, roles={ADMINS: "Viewer"})
    (move,) = of_dan(directory, change(LEFT, DAN, 30, A))
    assert (move.lost, move.after) == ((), ("Viewer",))


def test_a_group_that_is_not_assigned_gives_nothing_to_take() -> None:
    directory = in_groups(HERE, VIEWERS, unassigned=(ADMINS,))
    assert [move.lost for move in of_dan(directory, change(LEFT, DAN, 30, A))] == [()]


def test_an_account_that_was_disabled_and_enabled() -> None:
    found = of_dan(in_groups(HERE, ADMINS), change("Disable account", DAN, 30), change("Enable account", DAN, 40))
    assert roles(found) == [(("Admin",), ()), ((), ("Admin",))]


def test_the_assignment_of_a_group_and_who_was_in_it_then() -> None:
    """Dan left the group after its assignment had gone: the assignment's removal took the role from him too."""
    gone = replace(change("Remove app role assignment from group", DAN, 30), subject_id=ADMINS, subject=A, role="Admin",
                   subject_type="Group")  # fmt: skip
    found = of_dan(in_groups(HERE, unassigned=(ADMINS,)), gone, change(LEFT, DAN, 40, A))
    assert [(move.person.id, move.before, move.after) for move in found] == [
        (ADA.id, ("Admin",), ()),
        (DAN.id, ("Admin",), ()),
        (DAN.id, (), ()),
    ]


def test_an_assignment_to_a_person() -> None:
    direct = replace(change("Add app role assignment grant to user", DAN, 30), role="Admin")
    directory = in_groups(HERE, VIEWERS, assigned=(Assigned(DAN.id, "Dan", "Admin"),))
    assert roles(of_dan(directory, direct)) == [(("Viewer",), ("Admin", "Viewer"))]


@pytest.mark.parametrize(
    ("before", "known"),
    [([], None), ([change(JOINED, DAN, 10, A)], ("Admin",))],
    ids=["nothing in the log", "came in this time"],
)
def test_which_roles_a_deleted_account_had_is_known_by_the_log_alone(
    before: list[Change], known: tuple[str, ...] | None
) -> None:
    directory = audited()
    found = moves([*before, change("Delete user", DAN, 30)], directory.directory, directory.rules)
    assert (found[-1].before, found[-1].after) == (known, ())


def test_a_guest_who_is_refused_never_had_a_role() -> None:
    directory = audited()
    guest = replace(HERE, guest=True)
    found = moves([change(LEFT, DAN, 30, A)], directory.directory, directory.rules, (guest,))
    assert roles(found) == [((), ())]
