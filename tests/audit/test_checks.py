from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from airflow_entra.audit.audit import Audit, audit
from airflow_entra.audit.checks import CHECKS
from airflow_entra.audit.records import Records
from airflow_entra.directory.audited import Audited, Expiring, GroupOwners
from airflow_entra.directory.membership import Assigned, Members
from airflow_entra.directory.registered import Trust
from airflow_entra.settings.model import Certificate, Credential, Federated, Federation
from tests.audit.stack import ADA, ADMINS, CREDENTIAL, DAN, NOW, SINCE, URL, audited, change, person, records, session

DECLARED = ("openid", "profile")
FINE = records(person(ADA, "Admin"), session(ADA, 0, 480))


def look(directory: Audited, *airflows: Records, credential: Credential = CREDENTIAL) -> Audit:
    given: Mapping[str, Records] = {f"{URL}/{number}": one for number, one in enumerate(airflows)}
    return audit(directory, given, declared=DECLARED, credential=credential, now=NOW, since=SINCE)


def found(directory: Audited, *airflows: Records) -> set[str]:
    return {f"{name}: {one.severity}" for name, one in look(directory, *airflows).findings()}


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


NOBODY = records()


def test_a_stack_in_order_has_no_findings() -> None:
    seen = look(audited(), FINE)
    assert seen.findings() == []
    assert all(result.skipped is None for result in seen.results)
    assert [one.check for one in seen.results] == list(CHECKS)


GUEST = replace(ADA, id=DAN.id, guest=True)
OLD = person(DAN, "Op", userName="old", identity=None)
WRONG: list[tuple[str, Audited, Records]] = [
    ("disabled-account: medium", with_people(DAN), FINE),
    ("guest: low", with_people(GUEST), FINE),
    ("assigned-in-person: medium", with_assigned(Assigned(DAN.id, "Dan Gone", "Admin")), FINE),
    ("assignment-missing: medium", without_assignment("Admin"), NOBODY),
    ("application-disabled: high", disabled(), NOBODY),
    ("unused-assignment: high", with_assigned(Assigned("other", "other", "Admin")), FINE),
    ("group-missing: high", audited(missing=("airflow-local-sales",)), FINE),
    ("group-owner: medium", audited(groups=(GroupOwners(ADMINS, "admins", (), False, None),)), FINE),
    (
        "credential-expiry: high",
        audited(credentials=(Expiring("secret", "slot-b", "2", NOW + timedelta(days=5)),)),
        FINE,
    ),
    ("credential-expiry: high", audited(credentials=(Expiring("secret", "slot-b", "2", None),)), FINE),
    ("credential-undeclared: high", audited(trusted=(Trust("t", "deploy", "https://ci", "repo:any"),)), FINE),
    ("consent: high", audited(consents=frozenset({"openid", "Directory.ReadWrite.All"})), FINE),
    ("consent: medium", audited(personal_consents={"openid": 2, "Mail.Read": 1}), FINE),
    ("consent: high", audited(application_permissions=("Microsoft Graph 9e3f62cf",)), FINE),
    ("account-without-identity: medium", audited(), records(person(ADA, "Admin"), OLD)),
    ("local-password: high", audited(), records(person(ADA, "Admin", hasPassword=True))),
    ("roles-differ: high", audited(), records(person(ADA, "Admin", "Op"))),
    ("session-after-leaving: high", audited(), records(person(ADA, "Admin"), session(DAN, 0, 480))),
]


@pytest.mark.parametrize(("name", "directory", "airflow"), WRONG, ids=[name for name, _, _ in WRONG])
def test_each_check_finds_what_it_looks_for_and_nothing_else_does(
    name: str, directory: Audited, airflow: Records
) -> None:
    assert found(directory, airflow) == {name}
    for _, one in look(directory, airflow).findings():
        assert all((one.where, one.what, one.right, one.fix))


def test_every_check_has_a_violation_here() -> None:
    nested = "nested"  # in the next test
    assert {name.partition(":")[0] for name, _, _ in WRONG} == {check.name for check in CHECKS} - {nested}


def test_members_of_a_group_inside_get_nothing_and_it_is_said() -> None:
    inner = replace(DAN, enabled=True)
    directory = audited().directory
    admins = replace(directory.groups[ADMINS], nested={"interns": frozenset({inner.id})})
    seen = audited(directory=replace(directory, people=(ADA, inner), groups={**directory.groups, ADMINS: admins}))
    assert found(seen, FINE) == {"nested: low"}


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
        Expiring("secret", "slot-a", "1", NOW - timedelta(days=1)),
        Expiring("secret", "slot-b", "2", NOW + timedelta(days=60)),
    )
    assert found(audited(credentials=both), FINE) == {"credential-expiry: low"}


def secret(name: str) -> Expiring:
    return Expiring("secret", name, name, NOW + timedelta(days=60))


BOTH = (secret("slot-a"), secret("slot-b"))
CERTIFICATE = Expiring("certificate", "CN=airflow", "c", NOW + timedelta(days=60))
PLATFORM = Trust("t", "airflow", "https://platform", "airflow")
OURS: dict[str, Credential] = {
    "vault": CREDENTIAL,
    "certificate": Certificate(mode="certificate", file="airflow.pem"),
    "federated": Federated(mode="federated", federated=Federation(issuer="https://platform", subject="airflow")),
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
        ("federated", (secret("slot-a"),), (PLATFORM,), ["secret slot-a"]),
        ("federated", (), (PLATFORM, replace(PLATFORM, subject="other")), ["federated credential airflow"]),
    ],
)
def test_a_credential_that_the_stack_file_does_not_have_is_found(
    mode: str, keys: tuple[Expiring, ...], trusted: tuple[Trust, ...], beyond: list[str]
) -> None:
    seen = look(audited(credentials=keys, trusted=trusted), FINE, credential=OURS[mode])
    assert [one.where for name, one in seen.findings() if name == "credential-undeclared"] == beyond


@pytest.mark.parametrize(
    ("ended", "seconds"), [(61, 60.0), (None, None), (30, 0.0)], ids=["ended a minute later", "goes on", "had ended"]
)
def test_how_long_a_leavers_session_lived_on(ended: float | None, seconds: float | None) -> None:
    gone = change("Disable account", DAN, 60)
    airflow = records(person(ADA, "Admin"), session(DAN, 0, 480, ended))
    (left,) = look(audited(changes=(gone,)), airflow).left
    assert left.seconds == seconds
    assert left.last_access is not None
