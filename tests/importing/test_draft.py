"""From a tenant to a stack file: what our own program deployed comes back the same, and anything else never breaks."""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_entra.access import DeclaredStack, names
from airflow_entra.access.plan import plan
from airflow_entra.directory.registered import (
    BY_A_RULE,
    AppRole,
    Assigned,
    Certificate,
    Consent,
    FrequencyPolicy,
    LifetimePolicy,
    LiveGroup,
    Named,
    Registered,
    Secret,
    Trust,
)
from airflow_entra.importing.choices import Choices, DraftError, Groups
from airflow_entra.importing.draft import Draft, draft
from airflow_entra.importing.ids import Live, resource_ids
from airflow_entra.importing.live_groups import live_groups
from airflow_entra.importing.stack_text import stack_text
from airflow_entra.pulumi.resource_types import ASSIGNMENT, GROUP, TRUST
from airflow_entra.settings import SettingsError
from airflow_entra.settings.load import load_text
from airflow_entra.settings.model import Federated, StackSettings
from tests.importing.deployed import an_id, deployed, group_ids

STACK = "prod"
FILE = Path("Pulumi.prod.yaml")
OWNERS = (an_id("ada"), an_id("bob"))
FEDERATED = {"mode": "federated", "federated": {"issuer": "https://issuer.contoso.com", "subject": "airflow"}}
RULE = 'user.department -eq "Data"'


def stack(roles: dict[str, Any], sign_in: dict[str, Any] | None = None, **more: Any) -> StackSettings:
    config = {
        "azuread:tenantId": an_id("tenant"),
        "airflow-entra:environment": "development",
        "airflow-entra:tenant": {"licence": "P1", "manage": more.pop("manage", {})},
        "airflow-entra:airflow": more.pop("airflow", [{"version": "3.3", "url": "https://airflow.contoso.com"}]),
        "airflow-entra:signIn": sign_in or {},
        "airflow-entra:owners": {"application": list(OWNERS)},
        "airflow-entra:credential": FEDERATED,
        "airflow-entra:roles": roles,
        **{f"airflow-entra:{key}": value for key, value in more.items()},
    }
    return StackSettings.model_validate(config, by_alias=True, by_name=False)


def choices(**more: Any) -> Choices:
    return Choices(**{"stack": STACK, "environment": "development", "licence": "P1", **more})


def read_back(drafted: Draft) -> StackSettings:
    return load_text(stack_text(drafted, "about"), FILE)


GROUPS = st.one_of(
    st.fixed_dictionaries({"create": st.sampled_from(["a", "b", "Ärzte: x #1"])}),
    st.fixed_dictionaries({"create": st.just("ruled"), "rule": st.just(RULE)}),
    st.fixed_dictionaries({"create": st.just("described"), "description": st.just("By us\n")}),
    st.fixed_dictionaries({"create": st.just("renamed"), "was": st.just("before")}),
    st.just({"id": an_id("elsewhere"), "name": "elsewhere"}),
)
DAGS = st.dictionaries(
    st.sampled_from(["pay_*", "audit", "[a-z]?"]),
    st.lists(st.sampled_from(["read", "trigger", "edit", "delete"]), min_size=1, unique=True),
    min_size=1,
)
GIVEN = st.lists(GROUPS, min_size=1, max_size=3, unique_by=str)
ROLES = st.builds(
    lambda own, custom: own | custom,
    st.dictionaries(st.sampled_from(["Admin", "Op", "Viewer"]), st.fixed_dictionaries({"groups": GIVEN}), min_size=1),
    st.dictionaries(
        st.sampled_from(["finance", "sales.editor"]),
        st.fixed_dictionaries({"groups": GIVEN, "dags": DAGS}, optional={"was": st.just("former")}),
        max_size=1,
    ),
)
SIGN_INS = st.one_of(
    st.fixed_dictionaries({}, optional={"assignmentRequired": st.booleans()}),
    st.fixed_dictionaries({"tokenLifetime": st.sampled_from(["10m", "8h", "23:59:59"])}),
    st.fixed_dictionaries({"signInFrequency": st.sampled_from(["1h", "23h", "7d"])}),
)
AIRFLOWS = st.lists(
    st.sampled_from(
        [
            {"version": "3.3", "url": "https://airflow.contoso.com/auth/x"},
            {"version": "2.11", "url": "https://old.contoso.com"},
        ]
    ),
    min_size=1,
    max_size=2,
    unique_by=str,
)


@settings(max_examples=30)
@given(ROLES, SIGN_INS, AIRFLOWS, st.sampled_from(["keep", "manage"]))
def test_what_this_program_deployed_comes_back_with_the_same_access(
    roles: dict[str, Any], sign_in: dict[str, Any], airflow: list[dict[str, str]], groups: Groups
) -> None:
    manage = {"conditionalAccess": "managed"} if "signInFrequency" in sign_in else {}
    before = stack(roles, sign_in, airflow=airflow, manage=manage)
    application = deployed(before, STACK)

    drafted = draft(application, (), choices(groups=groups))
    after = read_back(drafted)

    assert granted(after, application) == granted(before, application)
    assert {name: role.dags for name, role in after.roles.items()} == {
        name: role.dags for name, role in before.roles.items()
    }
    assert after.sign_in == before.sign_in
    assert after.credential == before.credential
    assert after.tenant.manage == before.tenant.manage
    assert after.owners.application == sorted(before.owners.application)
    assert {(one.version, one.url) for one in after.airflow} == {(one.version, one.url) for one in before.airflow}
    odd = [one.what for one in drafted.findings if one.severity != "note"]
    assert [
        what for what in odd if "no assignment is required" not in what and "a rule makes people Admin" not in what
    ] == []


@settings(max_examples=20)
@given(ROLES, st.sampled_from(["keep", "manage"]))
def test_no_assignment_would_be_made_or_taken_away(roles: dict[str, Any], groups: Groups) -> None:
    application = deployed(stack(roles), STACK)
    after = read_back(draft(application, (), choices(groups=groups)))
    ids = resource_ids(DeclaredStack(STACK, after), Live(application, found_groups(after, application)))
    wanted = {key for kind, key in ids if kind == ASSIGNMENT}
    assert wanted == {assignment.key for assignment in plan(after).assignments}
    assert {id_.rpartition("/")[2] for (kind, _), id_ in ids.items() if kind == ASSIGNMENT} == {
        one.id for one in application.assigned
    }
    made = plan(after).with_source("created", "dynamic")
    assert {key for kind, key in ids if kind == GROUP} >= {group.key for group in made}


def found_groups(settings: StackSettings, application: Registered) -> dict[str, str]:
    found = live_groups(plan(settings), application, lambda _: ())
    assert found.findings == ()
    return dict(found.ids)


def granted(settings: StackSettings, application: Registered) -> set[tuple[str, str]]:
    """(role, object id of a group that gives it)."""
    ids = found_groups(settings, application) | {
        key: id_ for key, id_ in group_ids(settings, STACK).items() if id_ in (application.groups or {})
    }
    return {(role, ids[key]) for role, keys in plan(settings).roles.items() for key in keys}


TEXT = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["Admin", "admin", "viewer", "data team", "a" * 300, "\x1b[31mx", "*", "&a", "- x", "3.3", "a: b #c"]
    ),
)
IDS = st.integers(1, 6).map(lambda number: an_id(f"object {number}"))
ROLE_IDS = st.integers(1, 4).map(lambda number: an_id(f"role {number}"))
URIS = st.one_of(
    TEXT,
    st.sampled_from(
        [
            "https://airflow.contoso.com/auth/oauth-authorized/azure",
            "https://airflow.contoso.com/oauth-authorized/google",
            "http://localhost:8080/auth/oauth-authorized/azure",
            "http://airflow.contoso.com/oauth-authorized/azure",
            "https://*.contoso.com/auth/oauth-authorized/azure",
            "https://a.b/c?d=/oauth-authorized/azure",
        ]
    ),
)
ANYTHING = st.builds(
    Registered,
    tenant_id=st.just(an_id("tenant")),
    object_id=st.just(an_id("application")),
    client_id=st.just(an_id("client")),
    name=st.sampled_from(["Airflow", "\x1b]0;x\x07 # y"]),
    principal_id=st.sampled_from([None, an_id("principal")]),
    assignment_required=st.booleans(),
    audience=TEXT,
    redirects=st.lists(URIS, max_size=4).map(tuple),
    other_redirects=st.dictionaries(st.just("spa"), st.lists(URIS, max_size=2).map(tuple)),
    implicit=st.sampled_from([(), ("ID tokens",)]),
    public_client=st.booleans(),
    group_claims=st.sampled_from(["", "All", "SecurityGroup", "ApplicationGroup, DirectoryRole"]),
    app_roles=st.lists(
        st.builds(AppRole, ROLE_IDS, TEXT, TEXT, st.booleans(), st.booleans()), max_size=4, unique_by=str
    ).map(tuple),
    owners=st.lists(st.builds(Named, IDS, TEXT), max_size=3).map(tuple),
    secrets=st.lists(st.builds(Secret, IDS, TEXT, TEXT), max_size=2).map(tuple),
    certificates=st.lists(st.builds(Certificate, IDS, TEXT, TEXT, TEXT), max_size=2).map(tuple),
    trusts=st.lists(st.builds(Trust, IDS, TEXT, TEXT, TEXT), max_size=2).map(tuple),
    assigned=st.lists(
        st.builds(
            Assigned,
            TEXT,
            IDS,
            st.sampled_from(["Group", "Group", "User", "ServicePrincipal"]),
            TEXT,
            st.one_of(ROLE_IDS, st.just(names.DEFAULT_ACCESS)),
        ),
        max_size=6,
    ).map(tuple),
    groups=st.dictionaries(
        IDS,
        st.builds(
            LiveGroup, IDS, TEXT, TEXT, TEXT, st.one_of(st.none(), TEXT), st.booleans(), st.booleans(), st.booleans()
        ),
        max_size=6,
    ).map(lambda groups: {id_: replace(group, id=id_) for id_, group in groups.items()}),
    consents=st.lists(st.builds(Consent, IDS, st.frozensets(TEXT), st.booleans()), max_size=2).map(tuple),
    lifetime_policy=st.one_of(
        st.none(), st.builds(LifetimePolicy, IDS, TEXT, st.sampled_from(["", "08:00:00", "x", "99:00:00"]), st.none())
    ),
    frequency_policies=st.lists(
        st.builds(
            FrequencyPolicy,
            IDS,
            TEXT,
            st.integers(0, 400),
            st.sampled_from(["hours", "days", ""]),
            st.booleans(),
            st.booleans(),
            st.booleans(),
        ),
        max_size=2,
    ).map(tuple),
    unread=st.sampled_from([(), ("who is assigned",)]),
)


VIEWER = AppRole(an_id("viewer"), "Viewer", "")


def with_a_role(application: Registered) -> Registered:
    """So that there is something to draft, whatever else is wrong."""
    given = Assigned("a", an_id("viewers"), "Group", "Viewers", VIEWER.id)
    return replace(
        application,
        app_roles=(*application.app_roles, VIEWER),
        assigned=(*application.assigned, given),
        redirects=(*application.redirects, "https://airflow.contoso.com/oauth-authorized/azure"),
    )


@settings(max_examples=80)
@given(
    st.one_of(ANYTHING.map(with_a_role), ANYTHING),
    st.sampled_from(["keep", "manage"]),
    st.dictionaries(TEXT, TEXT, max_size=2),
)
def test_whatever_the_tenant_holds_each_finding_is_whole_and_each_line_harmless(
    application: Registered, groups: Groups, roles: dict[str, str]
) -> None:
    options = choices(
        groups=groups, roles=roles, deployer=an_id("me"), subscription=an_id("subscription"), licence=None
    )
    try:
        drafted = draft(application, (), options)
    except DraftError as problem:
        findings, text = list(problem.findings), ""
    else:
        findings, text = [*drafted.findings], stack_text(drafted, "about")
    for found in findings:
        parts = (str(found.where), found.what, found.right, found.fix, found.id)
        assert all(part.strip() and part.isprintable() for part in parts), found
    assert not any(unicodedata.category(character) == "Cc" for character in text.replace("\n", ""))
    if text:
        # A name or address that no stack file may have is a person's to settle: told at its line, like any mistake.
        with suppress(SettingsError):
            load_text(text, FILE)


def test_several_clusters_come_back_and_each_credential_is_taken_over() -> None:
    clusters = [
        {"issuer": "https://west.contoso.com", "subject": "airflow"},
        {"issuer": "https://north.contoso.com", "subject": "airflow", "name": "north"},
        {"issuer": "https://east.contoso.com", "subject": "airflow", "name": "east"},
    ]
    credential = Federated.model_validate({"mode": "federated", "federated": clusters})
    before = stack({"Admin": {"groups": [{"create": "a"}]}}).model_copy(update={"credential": credential})
    application = deployed(before, STACK)
    by_hand = replace(application, trusts=(*application.trusts, Trust("r", "rule", "https://x", BY_A_RULE)))
    after = read_back(draft(by_hand, (), choices()))
    assert after.credential == credential
    ids = resource_ids(DeclaredStack(STACK, after), Live(by_hand, {}))
    assert {name: id_.rpartition("/")[2] for (kind, name), id_ in ids.items() if kind == TRUST} == {
        "federated": "t0",
        "federated-north": "t1",
        "federated-east": "t2",
    }
