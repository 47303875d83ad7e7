"""A group is never taken for another one of the same name or nickname."""

from __future__ import annotations

from dataclasses import replace

from airflow_entra.access import names
from airflow_entra.access.plan import plan
from airflow_entra.directory.registered import LiveGroup
from airflow_entra.importing.live_groups import live_groups
from tests.importing.deployed import an_id, deployed
from tests.importing.test_draft import STACK, stack

SETTINGS = stack({"Admin": {"groups": [{"create": "admins"}]}})
NICKNAME = names.mail_nickname("admins")


def test_an_assigned_group_comes_before_one_that_somebody_gave_the_same_nickname() -> None:
    application = deployed(SETTINGS, STACK)
    imposter = LiveGroup(an_id("imposter"), "platform", NICKNAME)
    known = replace(application, groups={**(application.groups or {}), imposter.id: imposter})
    for one in (application, known):
        found = live_groups(plan(SETTINGS), one, lambda _: [an_id("imposter"), an_id("admins")])
        assert (found.ids, found.findings) == ({"admins": an_id("admins")}, ())


def test_of_two_that_could_be_meant_neither_is() -> None:
    twins = {id_: LiveGroup(id_, "admins", NICKNAME) for id_ in (an_id("one"), an_id("two"))}
    for groups, others in ((twins, ()), ({}, twins)):
        application = replace(deployed(SETTINGS, STACK), groups=groups)
        found = live_groups(plan(SETTINGS), application, lambda _, others=others: list(others))  # type: ignore[misc]
        assert found.ids == {}
        (told,) = found.findings
        assert an_id("two") in told.what


def test_a_group_that_is_not_assigned_yet_is_found_by_the_nickname_that_only_this_program_gives() -> None:
    application = replace(deployed(SETTINGS, STACK), groups={})
    assert live_groups(plan(SETTINGS), application, lambda _: [an_id("x")]).ids == {"admins": an_id("x")}
    assert live_groups(plan(SETTINGS), application, lambda _: []).ids == {}
