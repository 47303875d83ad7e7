from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from airflow_entra.audit.audit import Audit, audit
from airflow_entra.audit.checks import CHECKS
from airflow_entra.audit.records import Records
from airflow_entra.directory.application_credentials import ApplicationCredential
from airflow_entra.directory.audited import Audited, GroupOwners, Owner
from airflow_entra.directory.mapped_claims import MappedClaims
from airflow_entra.directory.membership import Assigned, Members
from airflow_entra.directory.registered import Trust
from airflow_entra.directory.vaults import Reader
from airflow_entra.report.audit_tables import tables
from airflow_entra.settings.model import Certificate, Credential, Federated, Federation, StackSettings
from tests.audit.stack import (
    ADA,
    ADAS,
    ADMINS,
    CREDENTIAL,
    DAN,
    NOW,
    SECRETS,
    SETTINGS,
    SINCE,
    URL,
    VIEWERS,
    WATCHER_CREDENTIAL,
    application,
    audited,
    person,
    records,
    session,
    watcher,
)

DECLARED = ("openid", "profile")
FINE = records(person(ADA, "Admin"), session(ADA, 0, 480))


def look(
    directory: Audited,
    *airflows: Records,
    credential: Credential = CREDENTIAL,
    watcher_credential: Credential | None = WATCHER_CREDENTIAL,
    settings: StackSettings = SETTINGS,
    readers: tuple[Reader, ...] | None = (),
) -> Audit:
    given: Mapping[str, Records] = {f"{URL}/{number}": airflow for number, airflow in enumerate(airflows)}
    return audit(
        directory,
        given,
        declared=DECLARED,
        credential=credential,
        watcher_credential=watcher_credential,
        settings=settings,
        readers=readers,
        now=NOW,
        since=SINCE,
    )


def found(directory: Audited, *airflows: Records) -> set[str]:
    return {f"{one.id}: {one.severity}" for one in look(directory, *airflows).findings}


def with_people(*people: Any, **groups: Any) -> Audited:
    """Ada and these in the group of the admins."""
    directory = audited().directory
    admins = replace(directory.groups[ADMINS], direct=frozenset({ADA.id, *(one.id for one in people)}), **groups)
    return audited(directory=replace(directory, people=(ADA, *people), groups={**directory.groups, ADMINS: admins}))


def with_assigned(*assigned: Assigned) -> Audited:
    directory = audited().directory
    registration = replace(directory.registration, assigned=(*directory.registration.assigned, *assigned))
    groups = {**directory.groups, "other": Members("other")}
    return audited(directory=replace(directory, registration=registration, groups=groups))


def without_assignment(role: str) -> Audited:
    directory = audited().directory
    kept = tuple(one for one in directory.registration.assigned if one.role != role)
    return audited(directory=replace(directory, registration=replace(directory.registration, assigned=kept)))


def disabled() -> Audited:
    directory = audited().directory
    return audited(directory=replace(directory, registration=replace(directory.registration, enabled=False)))


EVE = Owner("e0000000-0000-4000-8000-000000000001", "Eve")


def open_to_everybody() -> Audited:
    directory = audited().directory
    registration = replace(directory.registration, assignment_required=False)
    return audited(directory=replace(directory, registration=registration))


def owned(group: str, *owners: Owner) -> Audited:
    """The stack makes this group, and these own it."""
    return audited(groups=(GroupOwners(group, "a group", owners, False, None, declared=True),))


NOBODY = records()


def test_a_stack_in_order_has_no_findings() -> None:
    seen = look(audited(), FINE)
    assert seen.findings == []
    assert all(result.skipped is None for result in seen.results)
    assert [one.check for one in seen.results] == list(CHECKS)


GUEST = replace(ADA, id=DAN.id, guest=True)
OLD = person(DAN, "Op", userName="old", identity=None)
WRONG: list[tuple[str, Audited, Records]] = [
    ("audit/disabled-account: warning", with_people(DAN), FINE),
    ("audit/guest: note", with_people(GUEST), FINE),
    ("audit/assigned-in-person: error", with_assigned(Assigned(DAN.id, "Dan Gone", "Admin")), FINE),
    ("audit/assigned-in-person: warning", with_assigned(Assigned(DAN.id, "Dan Gone", "Viewer")), FINE),
    ("audit/assignment-missing: warning", without_assignment("Admin"), NOBODY),
    ("audit/application-disabled: error", disabled(), NOBODY),
    ("audit/mapped-claims: error", audited(mapped=MappedClaims(("names",))), FINE),
    ("audit/mapped-claims: error", audited(mapped=MappedClaims(("names",), own_key=True, accepts=True)), FINE),
    ("audit/mapped-claims: error", audited(mapped=MappedClaims((), own_key=True)), FINE),
    ("audit/mapped-claims: warning", audited(mapped=MappedClaims(("names",), accepts=True)), FINE),
    ("audit/unused-assignment: error", with_assigned(Assigned("other", "other", "Admin")), FINE),
    ("audit/group-missing: error", audited(missing=("airflow-local-sales",)), FINE),
    ("audit/group-owner: warning", audited(groups=(GroupOwners(ADMINS, "admins", (), False, None),)), FINE),
    ("audit/redirect-uri: error", audited(application=application(redirects=("https://evil.example/x",))), FINE),
    ("audit/redirect-uri: error", audited(watchers=(watcher(redirects=("http://localhost",)),)), FINE),
    ("audit/implicit-grant: error", audited(application=application(implicit=("ID tokens",))), FINE),
    ("audit/implicit-grant: error", audited(application=application(public_client=True)), FINE),
    ("audit/open-assignment: error", open_to_everybody(), FINE),
    ("audit/owner-undeclared: error", audited(application=application(owners=(ADAS, EVE))), FINE),
    ("audit/owner-undeclared: error", audited(watchers=(watcher(owners=(EVE,)),)), FINE),
    ("audit/owner-undeclared: warning", audited(application=application(owners=(replace(EVE, program=True),))), FINE),
    ("audit/owner-undeclared: error", owned(ADMINS, EVE), FINE),
    ("audit/owner-undeclared: warning", owned(VIEWERS, EVE), FINE),
    (
        "audit/credential-expiry: error",
        audited(application=application(credentials=(replace(SECRETS[1], ends_at=NOW + timedelta(days=5)),))),
        FINE,
    ),
    (
        "audit/credential-expiry: error",
        audited(application=application(credentials=(replace(SECRETS[1], ends_at=None),))),
        FINE,
    ),
    (
        "audit/credential-undeclared: error",
        audited(application=application(trusted=(Trust("t", "deploy", "https://ci", "repo:any"),))),
        FINE,
    ),
    ("audit/consent: error", audited(consents=frozenset({"openid", "Directory.ReadWrite.All"})), FINE),
    ("audit/consent: warning", audited(personal_consents={"openid": 2, "Mail.Read": 1}), FINE),
    (
        "audit/consent: error",
        audited(application=application(application_permissions=("Microsoft Graph 9e3f62cf",))),
        FINE,
    ),
    ("audit/watcher-missing: error", audited(watchers=()), FINE),
    ("audit/watcher-missing: error", audited(watchers=(watcher(), watcher())), FINE),
    ("audit/account-without-identity: warning", audited(), records(person(ADA, "Admin"), OLD)),
    ("audit/local-password: error", audited(), records(person(ADA, "Admin", hasPassword=True))),
    ("audit/roles-differ: error", audited(), records(person(ADA, "Admin", "Op"))),
    ("audit/session-after-leaving: error", audited(), records(person(ADA, "Admin"), session(DAN, 0, 480))),
]


@pytest.mark.parametrize(("name", "directory", "airflow"), WRONG, ids=[name for name, _, _ in WRONG])
def test_each_check_finds_what_it_looks_for_and_nothing_else_does(
    name: str, directory: Audited, airflow: Records
) -> None:
    assert found(directory, airflow) == {name}
    for one in look(directory, airflow).findings:
        assert all((one.where, one.what, one.right, one.fix))


def test_every_check_has_a_violation_here() -> None:
    others = {"audit/nested", "audit/vault-reader"}  # in the next tests
    assert {name.partition(":")[0] for name, _, _ in WRONG} == {check.id for check in CHECKS} - others


def test_in_production_no_person_owns_the_application_or_a_group_that_gives_admin() -> None:
    production = SETTINGS.model_copy(update={"environment": "production"})
    seen = audited(
        application=application(owners=(ADAS, replace(ADAS, program=True))), groups=owned(ADMINS, ADAS).groups
    )
    found = [str(one.where) for one in look(seen, FINE, settings=production).findings if "in production" in one.what]
    whose = ("the application", "the watcher's application", "group a group")
    assert found == [f"owner Ada Okafor ({ADAS.id}) of {what}" for what in whose]


@pytest.mark.parametrize(("of_the_vault", "severity"), [(True, "error"), (False, "warning")])
def test_who_can_read_the_secret_is_in_the_stack_file(of_the_vault: bool, severity: str) -> None:
    scope = "/subscriptions/s/resourceGroups/g" + "/providers/Microsoft.KeyVault/vaults/v" * of_the_vault
    reader = Reader("r1", "r1", "may read secrets", scope, of_the_vault)
    (finding,) = look(audited(), FINE, readers=(reader, replace(reader, declared=True))).findings
    assert (finding.id, finding.severity, scope in finding.what) == ("audit/vault-reader", severity, True)
    (unseen,) = [one for one in look(audited(), FINE, readers=None).results if one.skipped]
    assert unseen.check.id == "audit/vault-reader"


def test_members_of_a_group_inside_get_nothing_and_it_is_said() -> None:
    inner = replace(DAN, enabled=True)
    directory = audited().directory
    admins = replace(directory.groups[ADMINS], nested={"interns": frozenset({inner.id})})
    seen = audited(directory=replace(directory, people=(ADA, inner), groups={**directory.groups, ADMINS: admins}))
    assert found(seen, FINE) == {"audit/nested: note"}


def test_what_could_not_be_looked_at_is_no_yes() -> None:
    blind = audited(groups=(GroupOwners(ADMINS, "admins", None, False, None),))
    skipped = {one.check.name: one.skipped for one in look(blind).results if one.skipped}
    assert set(skipped) == {
        "group-owner",
        "account-without-identity",
        "local-password",
        "roles-differ",
        "session-after-leaving",
    }


def test_an_expired_secret_beside_a_good_one_only_lies_there() -> None:
    both = (
        ApplicationCredential("secret", "slot-a", "1", NOW - timedelta(days=1)),
        ApplicationCredential("secret", "slot-b", "2", NOW + timedelta(days=60)),
    )
    assert found(audited(application=application(credentials=both)), FINE) == {"audit/credential-expiry: note"}


def secret(name: str) -> ApplicationCredential:
    return ApplicationCredential("secret", name, name, NOW + timedelta(days=60))


BOTH = (secret("slot-a"), secret("slot-b"))
CERTIFICATE = ApplicationCredential("certificate", "CN=airflow", "c", NOW + timedelta(days=60))
PLATFORM = Trust("t", "airflow", "https://platform", "airflow")
OURS: dict[str, Credential] = {
    "vault": CREDENTIAL,
    "certificate": Certificate(mode="certificate", file="airflow.pem"),
    "federated": Federated(mode="federated", federated=Federation(issuer="https://platform", subject="airflow")),
    "two clusters": Federated(
        mode="federated",
        federated=[
            Federation(issuer="https://platform", subject="airflow"),
            Federation(issuer="https://failover", subject="airflow", name="failover"),
        ],
    ),
}


@pytest.mark.parametrize(
    ("mode", "keys", "trusted", "beyond"),
    [
        ("vault", BOTH, (), []),
        ("vault", (*BOTH, secret("slot-a")), (), ["secret slot-a"]),
        ("vault", (*BOTH, secret("for a test"), CERTIFICATE), (), ["secret for a test", "certificate CN=airflow"]),
        ("vault", (*BOTH, replace(secret("old"), ends_at=NOW - timedelta(days=1))), (), []),
        ("vault", BOTH, (PLATFORM,), ["federated credential airflow"]),
        ("certificate", (CERTIFICATE,), (), []),
        ("certificate", (CERTIFICATE, replace(CERTIFICATE, name="CN=other")), (), ["certificate CN=other"]),
        ("certificate", (CERTIFICATE, secret("slot-a")), (), ["secret slot-a"]),
        ("federated", (), (PLATFORM,), []),
        ("two clusters", (), (PLATFORM, replace(PLATFORM, issuer="https://failover")), []),
        ("two clusters", (), (PLATFORM, replace(PLATFORM, issuer="https://other")), ["federated credential airflow"]),
        ("federated", (secret("slot-a"),), (PLATFORM,), ["secret slot-a"]),
        ("federated", (), (PLATFORM, replace(PLATFORM, subject="other")), ["federated credential airflow"]),
    ],
)
def test_a_credential_that_the_stack_file_does_not_have_is_found(
    mode: str, keys: tuple[ApplicationCredential, ...], trusted: tuple[Trust, ...], beyond: list[str]
) -> None:
    having = {"credentials": keys, "trusted": trusted}
    seen = look(audited(application=application(**having)), FINE, credential=OURS[mode])
    assert wheres(seen) == beyond
    seen = look(audited(watchers=(watcher(**having),)), FINE, watcher_credential=OURS[mode])
    assert wheres(seen) == [f"the watcher's {where}" for where in beyond]
    assert all("reads the whole directory" in finding.what for finding in seen.findings if finding.severity == "error")


def test_of_two_secrets_of_one_name_the_finding_says_which() -> None:
    more = replace(secret("slot-a"), key_id="5f0c")
    seen = look(audited(application=application(credentials=(*BOTH, more))), FINE)
    (what,) = [finding.what for finding in seen.findings if finding.id == "audit/credential-undeclared"]
    assert what.startswith(f"key 5f0c, valid until {more.ends_at:%Y-%m-%d}: whoever has it")
    endless = replace(more, ends_at=None)
    seen = look(audited(application=application(credentials=(*BOTH, endless))), FINE)
    assert any("key 5f0c, without an end: " in finding.what for finding in seen.findings)


def wheres(seen: Audit) -> list[str]:
    return [str(finding.where) for finding in seen.findings if finding.id == "audit/credential-undeclared"]


def test_a_secret_of_the_watcher_that_ends_is_found() -> None:
    """The sign-on's own last secret, which ends later, says nothing about the watcher's."""
    soon = watcher(credentials=(replace(SECRETS[0], ends_at=NOW + timedelta(days=5)),))
    (finding,) = look(audited(watchers=(soon,)), FINE).findings
    assert (finding.id, finding.severity, finding.where) == (
        "audit/credential-expiry",
        "error",
        "the watcher's secret slot-a",
    )
    assert finding.fix == "airflow-entra rotate"


def test_what_the_watcher_may_do_beyond_following_is_found() -> None:
    more = (*(watcher().application_permissions or ()), "Microsoft Graph 19dbc75e")
    (finding,) = look(audited(watchers=(watcher(application_permissions=more),)), FINE).findings
    assert (finding.id, finding.severity, finding.where) == (
        "audit/consent",
        "error",
        "the watcher's Microsoft Graph 19dbc75e",
    )
    assert "the watcher's enterprise application" in finding.fix


def test_two_with_the_watchers_tag_are_both_looked_at() -> None:
    other = watcher(credentials=(*SECRETS, secret("by hand")))
    found = [finding.where for finding in look(audited(watchers=(watcher(), other)), FINE).findings]
    assert set(found) == {"the watcher's registration", "the watcher's secret by hand"}


def test_where_the_stack_makes_no_registration_to_watch_none_is_missing() -> None:
    assert look(audited(watchers=()), FINE, watcher_credential=None).findings == []


def test_an_identity_that_existed_has_the_permissions_and_no_other() -> None:
    existing = application(owners=(), credentials=(), application_permissions=("Microsoft Graph 19dbc75e",))
    (finding,) = look(audited(watchers=(existing,)), FINE, watcher_credential=None).findings
    assert (finding.id, finding.where) == ("audit/consent", "the watcher's Microsoft Graph 19dbc75e")


BLIND: list[tuple[Audited, set[str]]] = [
    (audited(mapped=MappedClaims(None)), {"mapped-claims"}),
    (
        audited(watchers=None),
        {"credential-expiry", "credential-undeclared", "consent", "watcher-missing", "owner-undeclared"},
    ),
    (audited(application=application(owners=None)), {"owner-undeclared"}),
    (audited(watchers=(watcher(trusted=None),)), {"credential-undeclared"}),
    (audited(application=application(trusted=None)), {"credential-undeclared"}),
    (audited(watchers=(watcher(application_permissions=None),)), {"consent"}),
    (audited(application=application(application_permissions=None)), {"consent"}),
    (audited(consents=None), {"consent"}),
]


@pytest.mark.parametrize(("directory", "checks"), BLIND)
def test_a_check_that_saw_a_part_says_what_it_did_not_see(directory: Audited, checks: set[str]) -> None:
    seen = look(directory, FINE)
    assert {result.check.name for result in seen.results if result.skipped} == checks
    rows = {row[0]: row[1] for table in tables(seen) if table.name == "checks" for row in table.rows}
    assert all(rows[check].startswith("not looked at: the reading identity may not see") for check in checks)
    unwanted = replace(directory, application=replace(directory.application, credentials=(*SECRETS, secret("other"))))
    rows = {row[0]: row[1] for table in tables(look(unwanted, FINE)) if table.name == "checks" for row in table.rows}
    assert rows["credential-undeclared"].partition(";")[0] == "no"


def test_who_owns_the_watchers_registration_is_listed() -> None:
    seen = look(audited(watchers=(watcher(owners=(EVE,)),)), FINE)
    (rows,) = (table.rows for table in tables(seen) if table.name == "programs")
    assert [row[0] for row in rows if "owner of the watcher's registration" in row[1]] == ["Eve"]
