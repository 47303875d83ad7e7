"""The difference between two states of access: what applying it gives, and what it calls the same."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from airflow_entra.access import DeclaredStack
from airflow_entra.access.diff import Moved, StackDiff, apply, diff
from airflow_entra.access.people import by_person
from airflow_entra.access.risks import risks
from airflow_entra.access.stated import Grant, Right, Stated, stated
from airflow_entra.settings.model import StackSettings

ID = "5f1e0b42-7d3a-4c96-b1f8-2a9e6d4c8f03"
OTHER_ID = "6f1e0b42-7d3a-4c96-b1f8-2a9e6d4c8f03"
RULE = 'user.department -eq "Data"'


def settings(roles: dict[str, Any], *, environment: str = "production", **sections: Any) -> StackSettings:
    return StackSettings.model_validate(
        {
            "azuread:tenantId": "7a0c3f5e-52d1-4b5e-9d0a-6c1f0e8b2a11",
            "azure-native:subscriptionId": "1b2d7c94-0e6f-4a38-8c55-b7f1d3a90c21",
            "azure-native:location": "westeurope",
            "airflow-entra:environment": environment,
            "airflow-entra:tenant": {"licence": "P1"},
            "airflow-entra:airflow": [{"version": "3.3", "url": sections.get("url", "https://airflow.contoso.com")}],
            "airflow-entra:signIn": sections.get("sign_in", {}),
            "airflow-entra:owners": {"application": sections.get("owners", [ID])},
            "airflow-entra:credential": sections.get("credential", FEDERATED),
            "airflow-entra:watcher": sections.get("watcher", {}),
            "airflow-entra:roles": roles,
        },
        by_alias=True,
        by_name=False,
    )


FEDERATED = {"mode": "federated", "federated": {"issuer": "https://issuer.contoso.com", "subject": "airflow"}}


def secret(**vault: Any) -> dict[str, Any]:
    return {"mode": "vaultSecret", "vault": {"create": "kv-airflow-prod", "resourceGroup": "rg", **vault}}


def one(before: StackSettings, after: StackSettings) -> StackDiff:
    (change,) = diff({"prod": stated(DeclaredStack("prod", before))}, {"prod": stated(DeclaredStack("prod", after))})
    return change


def codes(before: StackSettings, after: StackSettings) -> set[str]:
    return {risk.id.removeprefix("risk/") for risk in risks((one(before, after),))}


ADMIN: dict[str, Any] = {"Admin": {"groups": [{"create": "admins"}]}}

GROUPS = st.one_of(
    st.fixed_dictionaries(
        {"create": st.sampled_from(["a", "b", "c", "Ärzte"])},
        optional={"was": st.sampled_from(["a", "old"]), "rule": st.just(RULE), "id": st.just(OTHER_ID)},
    ),
    st.fixed_dictionaries({"id": st.sampled_from([ID, OTHER_ID]), "name": st.sampled_from(["x", "y"])}),
)
ROLES = st.dictionaries(
    st.sampled_from(["Admin", "Op", "Viewer", "finance", "sales"]),
    st.fixed_dictionaries(
        {"groups": st.lists(GROUPS, min_size=1, max_size=3)},
        optional={
            "was": st.sampled_from(["Admin", "former", "finance"]),
            "dags": st.dictionaries(
                st.sampled_from(["pay_*", "audit"]),
                st.lists(st.sampled_from(["read", "trigger", "edit", "delete"]), min_size=1),
            ),
        },
    ),
    min_size=1,
)
SIGN_INS = st.fixed_dictionaries(
    {},
    optional={
        "rolesFrom": st.sampled_from(["appRoles", "assignedGroups", "securityGroups"]),
        "guests": st.sampled_from(["refuse", "allow"]),
        "assignmentRequired": st.booleans(),
        "tokenLifetime": st.sampled_from(["1h", "8h"]),
        "airflowSession": st.sampled_from(["1h", "12h"]),
        "contact": st.just("data@contoso.com"),
    },
)
STATED = st.builds(
    lambda roles, sign_in, environment, owners, credential: stated(
        DeclaredStack(
            "any", settings(roles, environment=environment, sign_in=sign_in, owners=owners, credential=credential)
        )
    ),
    ROLES,
    SIGN_INS,
    st.sampled_from(["development", "production"]),
    st.lists(st.sampled_from([ID, OTHER_ID])),
    st.sampled_from([FEDERATED, secret(), secret(readers=[ID]), {"mode": "certificate", "file": "a.pem"}]),
)
ACCESS = st.dictionaries(st.sampled_from(["dev", "staging", "prod"]), STATED)


@given(ACCESS, ACCESS)
def test_applying_the_difference_to_the_base_gives_the_head(base: dict[str, Stated], head: dict[str, Stated]) -> None:
    assert apply(base, diff(base, head)) == head


@given(ACCESS, ACCESS)
def test_there_and_back_again_gains_what_was_lost(base: dict[str, Stated], head: dict[str, Stated]) -> None:
    there, back = diff(base, head), diff(head, base)
    assert [(change.stack, change.grants) for change in there] == [
        (change.stack, Moved(change.grants.lost, change.grants.gained)) for change in back
    ]
    assert diff(head, apply(base, there)) == ()


def test_a_group_and_a_custom_role_that_were_renamed_are_the_same() -> None:
    dags = {"pay_*": ["read"]}
    change = one(
        settings({"finance": {"groups": [{"create": "a"}], "dags": dags}}),
        settings({"money": {"was": "finance", "groups": [{"create": "b", "was": "a"}], "dags": dags}}),
    )
    assert not change.grants
    assert not change.rights
    assert (change.roles["finance"].before, change.roles["finance"].after) == ("finance", "money")
    assert {key: (group.before, group.after) for key, group in change.groups.items()}.keys() == {"a"}
    assert change.group_name("a") == "b"


def test_a_role_that_was_admin_is_admin_no_more() -> None:
    change = one(
        settings(ADMIN), settings({"boss": {"was": "Admin", "groups": [{"create": "admins"}], "dags": {"*": ["edit"]}}})
    )
    assert change.grants.lost == {Grant("Admin", "admins")}
    assert {change.role_name(grant.role) for grant in change.grants.gained} == {"boss"}


def test_dag_rights_are_compared_pattern_by_pattern() -> None:
    def finance(dags: dict[str, list[str]]) -> StackSettings:
        return settings({"finance": {"groups": [{"create": "a"}], "dags": dags}})

    change = one(finance({"pay_*": ["read", "edit"]}), finance({"pay_*": ["read"], "tax": ["delete"]}))
    assert change.rights == Moved(
        frozenset({Right("finance", "tax", "delete")}), frozenset({Right("finance", "pay_*", "edit")})
    )


def test_order_is_no_difference() -> None:
    roles = {"Admin": {"groups": [{"create": "a"}, {"create": "b"}]}, "Viewer": {"groups": [{"create": "c"}]}}
    turned = {"Viewer": {"groups": [{"create": "c"}]}, "Admin": {"groups": [{"create": "b"}, {"create": "a"}]}}
    before, after = (
        stated(DeclaredStack("x", settings(roles, owners=[ID, OTHER_ID]))),
        stated(DeclaredStack("x", settings(turned, owners=[OTHER_ID, ID]))),
    )
    assert diff({"x": before}, {"x": after}) == ()


def test_what_opens_more_is_flagged() -> None:
    before = settings(ADMIN)
    more = settings({"Admin": {"groups": [{"create": "admins"}, {"create": "more"}]}})
    assert codes(before, more) == {"production-admin-widened"}
    assert codes(more, before) == set()
    for sign_in, code in {
        ("guests", "allow"): "guests-allowed",
        ("assignmentRequired", False): "assignment-not-required",
        ("rolesFrom", "securityGroups"): "nested-members-count",
        ("airflowSession", "1d"): "session-longer",
        ("tokenLifetime", "8h"): "token-longer",
    }.items():
        changed = settings(ADMIN, sign_in=dict([sign_in]))
        assert codes(before, changed) == {code}
        assert codes(changed, before) == set()
    some = settings(ADMIN, sign_in={"guests": {"tenants": [ID]}})
    more = settings(ADMIN, sign_in={"guests": {"tenants": [ID, OTHER_ID]}})
    assert codes(before, some) == codes(some, more) == codes(more, settings(ADMIN, sign_in={"guests": "allow"}))
    assert codes(before, some) == {"guests-allowed"}
    assert codes(settings(ADMIN, sign_in={"guests": "allow"}), some) == codes(some, before) == set()
    assert codes(settings(ADMIN, sign_in={"signInFrequency": "8h"}), before) == {"sign-in-unbounded"}
    assert codes(settings(ADMIN, sign_in={"revocation": "watch"}), before) == {"revocation-slower"}
    assert codes(before, settings(ADMIN, environment="staging")) == {"no-longer-production"}
    assert codes(before, settings(ADMIN, credential=secret())) == {"secret-introduced"}
    assert codes(settings(ADMIN, credential=secret()), settings(ADMIN, credential=secret(readers=[ID]))) == {
        "vault-reader-added"
    }
    assert codes(before, settings(ADMIN, owners=[ID, OTHER_ID])) == {"owner-added"}
    assert codes(before, settings(ADMIN, url="https://elsewhere.contoso.com")) == {"redirect-url-added"}


def test_a_changed_rule_is_flagged_with_the_roles_that_it_gives() -> None:
    def ruled(rule: str) -> StackSettings:
        return settings({"Viewer": {"groups": [{"create": "a", "rule": rule}]}})

    (risk,) = risks((one(ruled(RULE), ruled('user.department -eq "All"')),))
    assert risk.id == "risk/dynamic-rule-changed"
    assert "a (Viewer)" in risk.what


def test_another_group_behind_the_same_name_is_flagged() -> None:
    def written_back(object_id: str | None) -> StackSettings:
        return settings({"Admin": {"groups": [{"create": "admins", "id": object_id}]}})

    assert codes(written_back(None), written_back(ID)) == set()
    assert codes(written_back(ID), written_back(OTHER_ID)) == {"group-replaced"}


def test_a_token_shorter_than_entras_own_is_not_longer() -> None:
    assert codes(settings(ADMIN), settings(ADMIN, sign_in={"tokenLifetime": "1h"})) == set()


def test_a_new_production_stack_flags_its_admins_and_a_removed_one_nothing() -> None:
    prod = {"prod": stated(DeclaredStack("prod", settings(ADMIN)))}
    assert [risk.id for risk in risks(diff({}, prod)) if "admin" in risk.id] == ["risk/production-admin-widened"]
    assert risks(diff(prod, {})) == ()


def test_people_gain_only_what_no_other_group_gave_them() -> None:
    before = settings({"Viewer": {"groups": [{"create": "a"}]}, **ADMIN})
    after = settings({"Viewer": {"groups": [{"create": "a"}, {"create": "b"}]}})
    members = {"a": ["ada"], "b": ["ada", "bob"], "admins": ["ada"]}
    changes = diff({"x": stated(DeclaredStack("x", before))}, {"x": stated(DeclaredStack("x", after))})

    found = by_person(changes, lambda side, group: members[group])
    assert [(person.person, person.gained, person.lost) for person in found] == [
        ("ada", (), ("Admin",)),
        ("bob", ("Viewer",), ()),
    ]


def test_another_watcher_is_somebody_else_who_reads_the_directory() -> None:
    watch = {"revocation": "watch"}
    before = settings(ADMIN, sign_in=watch)
    workload = {"federated": {"issuer": "https://issuer.contoso.com", "subject": "watcher"}}
    after = settings(ADMIN, sign_in=watch, watcher=workload)
    assert one(before, after).lists["watcher.federated"].gained == {"watcher of https://issuer.contoso.com"}
    assert "watcher-reads" in codes(before, after)
    existing = settings(ADMIN, sign_in=watch, watcher={"existing": {"objectId": ID, "clientId": OTHER_ID}})
    assert "watcher-reads" in codes(after, existing)
    moved = settings(ADMIN, sign_in=watch, watcher={"moved": True})
    assert "watcher-reads" not in codes(before, moved)
    assert one(before, moved).values["watcher.moved"].after == "true"
