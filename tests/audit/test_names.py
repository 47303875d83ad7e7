"""What is kept as evidence has no name in it, whatever the audit says."""

from __future__ import annotations

from dataclasses import replace

from airflow_entra.access.role_history import RoleSince
from airflow_entra.audit.names import Names, declared_without_names, records_without_names, without_names
from airflow_entra.directory.audited import Eligible, Owner
from airflow_entra.directory.membership import Assigned
from airflow_entra.settings.history import Commit
from tests.audit.stack import ADA, ADMINS, DAN, NOW, URL, action, application, audited, change, person, records, run

PEOPLE = "Okafor", "Gone", "ada@contoso.com", "dan@contoso.com", "carl@contoso.com", "jdoe", "Carol"


def test_nothing_that_the_directory_said_has_a_name_left() -> None:
    directory = audited().directory
    in_person = replace(
        directory.registration, assigned=(*directory.registration.assigned, Assigned(DAN.id, DAN.name, "Admin"))
    )
    groups = {id_: replace(group, accounts=(ADA,)) for id_, group in directory.groups.items()}
    seen = audited(
        directory=replace(directory, registration=in_person, groups=groups),
        application=application(owners=(Owner("c1", "Carol"), Owner("sp", "deploys Airflow", program=True))),
        changes=(change("Disable account", DAN, 1), change("Add member to group", ADA, 2)),
        eligible=(Eligible(DAN.id, DAN.name, "admins", None),),
        others=(DAN,),
    )
    names = Names()
    plain = repr(without_names(seen, names))
    assert [name for name in PEOPLE if name in plain] == []
    assert "deploys Airflow" in plain
    assert names.by_key[ADA.id] == {"name": "Ada Okafor", "signInName": "ada@contoso.com"}
    assert names.by_key["c1"] == {"name": "Carol"}


def test_nothing_that_an_airflow_wrote_has_a_name_left() -> None:
    lines = (
        person(ADA, "Admin"),
        person(DAN, "Op", userName="jdoe", identity=None),
        action(1, "trigger", "jdoe", ownerName="J Doe"),
        action(2, "trigger", ADA.id, ownerName="Ada Okafor"),
        action(3, "cli_dag_pause", "carl@contoso.com"),
        run("r", "manual", triggeringUser="jdoe"),
    )
    names = Names()
    found = records_without_names({URL: records(*lines)}, names)
    assert [name for name in PEOPLE if name in repr(found)] == []
    assert [one.owner for one in found[URL].actions] == ["account 1", ADA.id, "owner 1"]
    assert names.by_key["account 1"] == {"name": "jdoe"}


def test_the_authors_of_commits_are_numbers_and_the_same_one_the_same_number() -> None:
    commit = Commit("c0ffee", "Carol <carol@contoso.com>", NOW, "More", "Dan Gone")
    names = Names()
    found = declared_without_names((RoleSince("Viewer", "v", commit), RoleSince("Op", "o", commit)), names)
    told = [(one.commit.author, one.commit.approved_by) for one in found if one.commit]
    assert told == [("author 1", "approver 1")] * 2
    assert names.by_key["author 1"] == {"name": "Carol <carol@contoso.com>"}


def test_groups_keep_their_names() -> None:
    assert without_names(audited(), Names()).directory.groups[ADMINS].name == "airflow-local-admins"
