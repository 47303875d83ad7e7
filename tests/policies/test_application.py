import pytest

from policies.application import SINGLE_TENANT, TWO_OWNERS
from policies.resources import UNKNOWN, Resource, Value
from policies.rules import Excepted, Finding

ANNA, BEN = "5f1e8a52-0c1d-4c4e-9d0b-0a6f4f1c2b11", "9b7c6d10-33f2-4a57-8d2e-6d8e0f7a4c22"


def application(**props: Value) -> Resource:
    return Resource(urn="app", type="azuread:Application", name="airflow", props=props)


def owner(value: Value, **props: Value) -> Resource:
    return Resource(
        urn=f"owner-{value}",
        type="azuread:ApplicationOwner",
        name="owner",
        props={"ownerObjectId": value, "applicationId": UNKNOWN, **props},
        sources={"applicationId": ["app"]},
    )


def owners(*resources: Resource, least: int = 2) -> list[Finding | Excepted]:
    return list(TWO_OWNERS.check(resources, {"minOwners": least}))


@pytest.mark.parametrize("audience", ["AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount"])
def test_other_tenants_are_refused(audience: str) -> None:
    (finding,) = SINGLE_TENANT.check([application(signInAudience=audience)], {})
    assert isinstance(finding, Finding)
    assert SINGLE_TENANT.message(finding) == (
        f"single-tenant: signInAudience is {audience}: accounts of other organisations could sign in. "
        "Set signInAudience to AzureADMyOrg or leave it out"
    )


@pytest.mark.parametrize("audience", [None, "AzureADMyOrg", UNKNOWN])
def test_the_own_tenant_passes(audience: Value) -> None:
    assert not list(SINGLE_TENANT.check([application(signInAudience=audience)], {}))


def test_two_owners_pass() -> None:
    assert not owners(application(owners=[ANNA, BEN]))


def test_one_person_written_twice_is_one_owner() -> None:
    (finding,) = owners(application(owners=[ANNA, ANNA.upper()]))
    assert isinstance(finding, Finding)
    assert finding.problem == f"there is one owner ({ANNA}), where 2 are needed"


def test_no_owner() -> None:
    (finding,) = owners(application())
    assert isinstance(finding, Finding)
    assert finding.problem == "there is no owner, where 2 are needed"


def test_owners_added_by_their_own_resource_count() -> None:
    assert not owners(application(owners=[ANNA]), owner(BEN))


def test_owners_of_another_application_do_not_count() -> None:
    elsewhere = Resource(
        urn="o",
        type="azuread:ApplicationOwner",
        name="o",
        props={"ownerObjectId": BEN, "applicationId": "/applications/1"},
    )
    assert len(owners(application(owners=[ANNA], id="/applications/2"), elsewhere)) == 1


@pytest.mark.parametrize("value", [UNKNOWN, [UNKNOWN], [ANNA, UNKNOWN]])
def test_owners_not_known_yet_are_left_alone(value: Value) -> None:
    assert not owners(application(owners=value))


def test_the_least_number_is_a_setting() -> None:
    assert not owners(application(owners=[ANNA]), least=1)
