"""What a reviewer is told to look at twice: the code and the sentence, and what is told of nothing."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_entra.access import DeclaredStack
from airflow_entra.access.diff import diff
from airflow_entra.access.risks import REMEDIES, risks
from airflow_entra.access.stated import stated
from airflow_entra.settings.model import StackSettings
from tests.access.test_diff import ADMIN, FEDERATED, ID, OTHER_ID, RULE, secret, settings

WATCH = {"revocation": "watch"}
_NETWORK = "/subscriptions/1b2d7c94-0e6f-4a38-8c55-b7f1d3a90c21/resourceGroups/rg/providers/Microsoft.Network"
SUBNET = f"{_NETWORK}/virtualNetworks/vnet/subnets/airflow"


def told(before: StackSettings | None, after: StackSettings) -> list[tuple[str, str]]:
    base = {"prod": stated(DeclaredStack("prod", before))} if before else {}
    found = risks(diff(base, {"prod": stated(DeclaredStack("prod", after))}))
    assert {(finding.where, finding.severity, finding.stack) for finding in found} <= {("access", "warning", "prod")}
    codes = [(finding.id.removeprefix("risk/"), finding) for finding in found]
    assert all((finding.right, finding.fix) == REMEDIES[code] for code, finding in codes)
    return [(code, finding.what) for code, finding in codes]


def group(name: str = "a", **more: Any) -> dict[str, Any]:
    return {"Viewer": {"groups": [{"create": name, **more}]}}


def trusting(subject: str, issuer: str = "https://issuer.contoso.com") -> dict[str, Any]:
    return {"mode": "federated", "federated": {"issuer": issuer, "subject": subject}}


def watched(**watcher: Any) -> StackSettings:
    return settings(ADMIN, sign_in=WATCH, watcher=watcher)


def finance(*actions: str, environment: str = "production") -> StackSettings:
    roles = {"finance": {"groups": [{"create": "a"}], "dags": {"pay_*": list(actions)}}}
    return settings(roles, environment=environment)


def powerful(role: str, *groups: str, environment: str = "production") -> StackSettings:
    return settings({role: {"groups": [{"create": name} for name in groups]}}, environment=environment)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            powerful("Op", "a"),
            powerful("Op", "c", "b", "a"),
            [
                ("production-op-widened", "group b gains Op in production"),
                ("production-op-widened", "group c gains Op in production"),
            ],
        ),
        (
            powerful("Admin", "a"),
            powerful("Admin", "b"),
            [("production-admin-widened", "group b gains Admin in production")],
        ),
        (powerful("User", "a"), powerful("User", "a", "b"), []),
        (
            powerful("Admin", "a", environment="staging"),
            powerful("Admin", "a", "b", environment="staging"),
            [],
        ),
        (
            settings(group()),
            settings(group(rule=RULE)),
            [("dynamic-rule-added", "a rule now decides who is in a (Viewer)")],
        ),
        (
            settings(ADMIN),
            settings(ADMIN | group(rule=RULE)),
            [("dynamic-rule-added", "a rule now decides who is in a (Viewer)")],
        ),
        (
            settings(group(rule=RULE)),
            settings(group(rule='user.department -eq "All"')),
            [("dynamic-rule-changed", "the rule that decides who is in a (Viewer) changed")],
        ),
        (
            settings({"Viewer": {"groups": [{"create": "gone"}]}}),
            settings(group(rule=RULE)),
            [("dynamic-rule-added", "a rule now decides who is in a (Viewer)")],
        ),
        (settings(group(rule=RULE)), settings(group()), []),
        (settings(ADMIN | group(rule=RULE)), settings(ADMIN), []),
        (settings(group(rule=RULE)), settings(group("b", was="a", rule=RULE)), []),
        (
            finance("read"),
            finance("read", "trigger", "edit", "delete"),
            [
                ("production-dag-rights-widened", "role finance gains delete on pay_* in production"),
                ("production-dag-rights-widened", "role finance gains edit on pay_* in production"),
            ],
        ),
        (finance("read", environment="staging"), finance("read", "edit", environment="staging"), []),
        (finance("read", "edit"), finance("read"), []),
    ],
)
def test_groups_and_roles(before: StackSettings, after: StackSettings, expected: list[tuple[str, str]]) -> None:
    assert told(before, after) == expected


def test_a_group_that_gives_two_roles_is_named_with_both() -> None:
    def both(object_id: str) -> StackSettings:
        groups = {"groups": [{"create": "a", "id": object_id}]}
        return settings({"Viewer": groups, "User": groups})

    assert told(both(ID), both(OTHER_ID)) == [("group-replaced", "another group stands behind a (User, Viewer)")]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            {"airflowSession": "8h"},
            {"airflowSession": "12h"},
            ("session-longer", "airflowSession becomes longer: 8h to 12h"),
        ),
        ({}, {"tokenLifetime": "2h"}, ("token-longer", "tokenLifetime becomes longer: Entra's own default to 2h")),
        ({}, {"tokenLifetime": "90m"}, None),
        ({"tokenLifetime": "1h"}, {}, ("token-longer", "tokenLifetime becomes longer: 1h to 1h30m")),
        ({"tokenLifetime": "2h"}, {"tokenLifetime": "1h"}, None),
        (
            {"signInFrequency": "8h"},
            {"signInFrequency": "1d"},
            ("sign-in-less-often", "signInFrequency becomes longer: 8h to 1d"),
        ),
        ({"signInFrequency": "1d"}, {"signInFrequency": "8h"}, None),
        ({}, {"signInFrequency": "8h"}, None),
        (
            {"signInFrequency": "8h"},
            {},
            ("sign-in-unbounded", "people are no longer asked to sign in again every 8h"),
        ),
        ({}, {"guests": "allow"}, ("guests-allowed", "people of other tenants may sign in")),
        ({"guests": "allow"}, {}, None),
        (
            {},
            {"assignmentRequired": False},
            ("assignment-not-required", "people get a token without an assignment"),
        ),
        (
            {"rolesFrom": "assignedGroups"},
            {"rolesFrom": "securityGroups"},
            ("nested-members-count", "members of groups inside groups get roles"),
        ),
        ({"rolesFrom": "securityGroups"}, {"rolesFrom": "assignedGroups"}, None),
        (WATCH, {}, ("revocation-slower", "the tenant's changes are no longer followed")),
    ],
)
def test_sign_ins(before: dict[str, Any], after: dict[str, Any], expected: tuple[str, str] | None) -> None:
    found = told(settings(ADMIN, sign_in=before), settings(ADMIN, sign_in=after))
    assert [(code, what.removeprefix("signIn.")) for code, what in found] == [expected] * bool(expected)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (FEDERATED, secret(), [("secret-introduced", "a client secret takes the place of the federated credential")]),
        (
            secret(),
            FEDERATED,
            [("federation-trusts", "the workload airflow of https://issuer.contoso.com may act as the application")],
        ),
        (
            FEDERATED,
            trusting("another"),
            [("federation-trusts", "the workload another of https://issuer.contoso.com may act as the application")],
        ),
        (
            FEDERATED,
            trusting("airflow", "https://token.contoso.com"),
            [("federation-trusts", "the workload airflow of https://token.contoso.com may act as the application")],
        ),
        (FEDERATED, {"mode": "certificate", "file": "a.pem"}, []),
        (
            secret() | {"rotateEvery": "90d"},
            secret() | {"rotateEvery": "120d"},
            [("secret-older", "credential.rotateEvery becomes longer: 90d to 120d")],
        ),
        (
            secret() | {"overlap": "7d"},
            secret() | {"overlap": "10d"},
            [("secret-overlap-longer", "credential.overlap becomes longer: 7d to 10d")],
        ),
        (secret() | {"overlap": "10d"}, secret() | {"overlap": "7d"}, []),
        (
            secret(privateEndpointSubnet=SUBNET),
            secret(),
            [("vault-opened", "the vault has no private endpoint any more")],
        ),
        (secret(), secret(privateEndpointSubnet=SUBNET), []),
        (
            secret(),
            secret(readers=[OTHER_ID, ID]),
            [
                ("vault-reader-added", f"{ID} may read the client secret"),
                ("vault-reader-added", f"{OTHER_ID} may read the client secret"),
            ],
        ),
        (secret(readers=[ID]), secret(), []),
    ],
)
def test_credentials(before: dict[str, Any], after: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert told(settings(ADMIN, credential=before), settings(ADMIN, credential=after)) == expected


WORKLOAD = {"issuer": "https://issuer.contoso.com", "subject": "watcher"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            watched(),
            watched(federated=WORKLOAD),
            "the workload watcher of https://issuer.contoso.com may read the directory",
        ),
        (
            watched(federated=WORKLOAD),
            watched(federated=WORKLOAD | {"issuer": "https://token.contoso.com"}),
            "the workload watcher of https://token.contoso.com may read the directory",
        ),
        (watched(federated=WORKLOAD), watched(), None),
        (
            watched(),
            watched(existing={"objectId": ID, "clientId": OTHER_ID}),
            f"the identity {ID} may read the directory",
        ),
        (watched(existing={"objectId": ID, "clientId": OTHER_ID}), watched(), None),
    ],
)
def test_watchers(before: StackSettings, after: StackSettings, expected: str | None) -> None:
    assert told(before, after) == [("watcher-reads", expected)] * bool(expected)


def test_owners_addresses_tenants_and_environments() -> None:
    before = settings(ADMIN)
    assert told(before, settings(ADMIN, owners=[ID, OTHER_ID])) == [
        ("owner-added", f"{OTHER_ID} owns the application: may give it credentials")
    ]
    elsewhere = "https://elsewhere.contoso.com"
    assert told(before, settings(ADMIN, url=elsewhere)) == [
        ("redirect-url-added", f"{elsewhere}/auth/oauth-authorized/azure receives sign-ins")
    ]
    assert told(before, settings(ADMIN, environment="staging")) == [
        ("no-longer-production", "the stack is staging now: no protection, laxer policies")
    ]
    assert told(settings(ADMIN, environment="staging"), settings(ADMIN, environment="development")) == []
    other = before.model_copy(update={"tenant_id": OTHER_ID})
    assert told(before, other) == [("other-tenant", "another tenant's people sign in")]
    grouped = before.model_copy(update={"owners": before.owners.model_copy(update={"groups": [ID]})})
    assert told(before, grouped) == [("owner-added", f"{ID} owns the groups: may add members")]
    assert told(grouped, before) == []


def test_a_new_stack_is_told_for_what_it_opens_and_compared_with_nothing() -> None:
    """Its session, its owners, its readers and its addresses are no change of anything."""
    new = settings(ADMIN, sign_in={"guests": "allow", "tokenLifetime": "8h"}, credential=secret(readers=[ID]))
    assert told(None, new) == [
        ("production-admin-widened", "group admins gains Admin in production"),
        ("guests-allowed", "people of other tenants may sign in"),
    ]


def test_a_stack_that_goes_opens_nothing() -> None:
    """Its rules, its lifetimes and its credential all change to none."""
    gone = settings(ADMIN, sign_in={"signInFrequency": "8h"}, credential=secret(privateEndpointSubnet=SUBNET))
    assert risks(diff({"prod": stated(DeclaredStack("prod", gone))}, {})) == ()
