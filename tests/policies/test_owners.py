"""Who owns what a production stack makes."""

from policies.owners import ADMIN_GROUP_PROTECTED, CONTACT, NO_PERSON_OWNS
from policies.resources import UNKNOWN, Resource, Value
from policies.rules import Finding, Rule
from tests.policies.test_roles import APPLICATION, given, group, stack

ANNA, PIPELINE = "5f1e8a52-0c1d-4c4e-9d0b-0a6f4f1c2b11", "9b7c6d10-33f2-4a57-8d2e-6d8e0f7a4c22"
PRODUCTION = stack(environment="production", workloads=[PIPELINE])


def application(**props: Value) -> Resource:
    return Resource(urn="app", type="azuread:Application", name="airflow", props=props)


def check(rule: Rule, *resources: Resource, **settings: Value) -> list[str]:
    results = rule.check(resources, rule.with_defaults(settings))
    return [f"{result.resource.name}: {result.problem}" for result in results if isinstance(result, Finding)]


def test_a_person_owns_nothing_in_production() -> None:
    unproven = f"airflow: in production {ANNA} owns it, and nothing says that this is no person"
    assert check(NO_PERSON_OWNS, application(owners=[ANNA, PIPELINE]), PRODUCTION) == [unproven]
    assert check(NO_PERSON_OWNS, application(owners=[ANNA]), stack(environment="staging")) == []
    assert check(NO_PERSON_OWNS, application(owners=[PIPELINE]), PRODUCTION) == []
    assert check(NO_PERSON_OWNS, application(), PRODUCTION) == []


def test_the_configuration_says_who_is_a_workload_first() -> None:
    assert len(check(NO_PERSON_OWNS, application(owners=[PIPELINE]), PRODUCTION, workloads=["other"])) == 1
    assert check(NO_PERSON_OWNS, application(owners=[ANNA]), stack(environment="production"), workloads=[ANNA]) == []


def test_a_declared_service_principal_is_a_workload_and_a_declared_user_none() -> None:
    agent = Resource(urn="agent", type="azuread:ServicePrincipal", name="agent", props={"objectId": UNKNOWN})
    made = Resource(
        urn="app",
        type="azuread:Application",
        name="airflow",
        props={"owners": [UNKNOWN]},
        sources={"owners": ["agent"]},
    )
    by_person = Resource(
        urn="app", type="azuread:Application", name="airflow", props={"owners": [UNKNOWN]}, sources={"owners": ["user"]}
    )
    assert check(NO_PERSON_OWNS, made, agent, PRODUCTION) == []
    assert len(check(NO_PERSON_OWNS, by_person, agent, PRODUCTION)) == 1
    assert check(NO_PERSON_OWNS, application(owners=UNKNOWN), PRODUCTION) == []


def test_the_service_principal_and_the_group_that_gives_admin_have_owners_too() -> None:
    principal = Resource(urn="p", type="azuread:ServicePrincipal", name="principal", props={"owners": [ANNA]})
    assert len(check(NO_PERSON_OWNS, principal, PRODUCTION)) == 1
    assert len(check(NO_PERSON_OWNS, APPLICATION, group(owners=[ANNA]), given(), PRODUCTION)) == 1
    assert check(NO_PERSON_OWNS, APPLICATION, group(owners=[ANNA]), PRODUCTION) == []


def test_somebody_answers_for_it() -> None:
    assert len(check(CONTACT, application(), PRODUCTION)) == 1
    assert check(CONTACT, application(notes="data-platform@contoso.com"), PRODUCTION) == []
    assert check(CONTACT, application(serviceManagementReference="SVC-17"), PRODUCTION) == []
    assert check(CONTACT, application(), stack(environment="staging")) == []


def test_a_group_that_gives_admin_is_out_of_reach() -> None:
    def protected(**props: Value) -> list[str]:
        return check(ADMIN_GROUP_PROTECTED, APPLICATION, group(**props), given(), PRODUCTION)

    assert len(protected()) == 1
    assert protected(assignableToRole=True) == []
    assert protected(administrativeUnitIds=["5f1e"]) == []
