import pytest

from policies.assignment import ASSIGNMENT_REQUIRED
from policies.resources import UNKNOWN, Resource, Value
from policies.rules import Excepted, Finding

BY_OUTPUT = {"clientId": ["app"]}


def application(claims: Value = None) -> Resource:
    props: dict[str, Value] = {"groupMembershipClaims": claims, "clientId": UNKNOWN}
    return Resource(urn="app", type="azuread:Application", name="airflow", props=props)


def principal(required: Value, **props: Value) -> Resource:
    return Resource(
        urn="principal",
        type="azuread:ServicePrincipal",
        name="airflow",
        props={"clientId": UNKNOWN, "appRoleAssignmentRequired": required, **props},
        sources=BY_OUTPUT,
    )


def check(*resources: Resource) -> list[Finding | Excepted]:
    return list(ASSIGNMENT_REQUIRED.check(resources, {}))


@pytest.mark.parametrize(("value", "words"), [(False, "is false"), (None, "is not set")])
def test_everyone_in_the_tenant_is_refused(value: Value, words: str) -> None:
    (finding,) = check(application(), principal(value))
    assert isinstance(finding, Finding)
    assert finding.problem == f"appRoleAssignmentRequired {words}: everyone in the tenant gets a token"


@pytest.mark.parametrize("value", [True, UNKNOWN])
def test_assigned_only_passes(value: Value) -> None:
    assert not check(application(), principal(value))


@pytest.mark.parametrize("claims", [["SecurityGroup"], ["All"]])
def test_nested_groups_are_excepted_with_a_reason(claims: Value) -> None:
    (excepted,) = check(application(claims), principal(False))
    assert isinstance(excepted, Excepted)
    assert "nested groups count" in excepted.reason


def test_assigned_groups_are_no_exception() -> None:
    assert isinstance(check(application(["ApplicationGroup"]), principal(False))[0], Finding)


def test_a_service_principal_of_somebody_else_is_left_alone() -> None:
    assert not check(principal(None, useExisting=True))


def test_a_service_principal_of_an_application_elsewhere_is_checked() -> None:
    props: dict[str, Value] = {"clientId": "other", "appRoleAssignmentRequired": False}
    elsewhere = Resource(urn="p", type="azuread:ServicePrincipal", name="p", props=props)
    assert isinstance(check(application(["All"]), elsewhere)[0], Finding)


def test_while_nothing_says_which_application_it_is_any_may_be_the_reason() -> None:
    props: dict[str, Value] = {"clientId": UNKNOWN, "appRoleAssignmentRequired": False}
    indirect = Resource(urn="p", type="azuread:ServicePrincipal", name="p", props=props)
    assert isinstance(check(application(["All"]), indirect)[0], Excepted)
