"""Who gets a role: groups, people, agents, and through PIM."""

import pytest

from policies.agents import AGENT_FEDERATED_ONLY, AGENT_NEVER_ADMIN
from policies.groups import ADMIN_NOT_DYNAMIC, GROUP_OWNERS, NO_PERSON_ASSIGNED, SECURITY_GROUPS_ONLY
from policies.permissions import NO_FOREIGN_APP_ROLE, READS_THE_TENANT
from policies.pim import ELIGIBILITY_ENDS, NO_STANDING_ADMIN
from policies.resources import UNKNOWN, Resource, Value
from policies.rules import Excepted, Finding, Rule

ADMIN, VIEWER = "2b1f3c4d-8a5e-5f60-9b7c-1d2e3f405162", "7c2d3e4f-9b6f-5a71-8c8d-2e3f40516273"
ROLES: Value = [{"id": ADMIN, "value": "Admin"}, {"id": VIEWER, "value": "Viewer"}]
APPLICATION = Resource(urn="app", type="azuread:Application", name="airflow", props={"appRoles": ROLES})


def group(**props: Value) -> Resource:
    return Resource(urn="group", type="azuread:GroupWithoutMembers", name="admins", props=props)


def given(role: Value = ADMIN, to: str = "group", **props: Value) -> Resource:
    """An assignment in a preview: whose it is, is known by where the value comes from."""
    known: dict[str, Value] = {"appRoleId": role, "principalObjectId": UNKNOWN, **props}
    sources = {"principalObjectId": [to]}
    return Resource(urn="given", type="azuread:AppRoleAssignment", name="given", props=known, sources=sources)


def stack(**outputs: Value) -> Resource:
    return Resource(urn="stack", type="pulumi:pulumi:Stack", name="stack", props=outputs)


def check(rule: Rule, *resources: Resource, **settings: Value) -> list[Finding | Excepted]:
    return list(rule.check(resources, rule.with_defaults(settings)))


DYNAMIC: dict[str, Value] = {"types": ["DynamicMembership"], "displayName": "airflow-admins"}


def test_a_dynamic_rule_may_give_any_role_but_admin() -> None:
    assert len(check(ADMIN_NOT_DYNAMIC, APPLICATION, group(**DYNAMIC), given())) == 1
    assert check(ADMIN_NOT_DYNAMIC, APPLICATION, group(**DYNAMIC), given(VIEWER)) == []
    assert check(ADMIN_NOT_DYNAMIC, APPLICATION, group(**DYNAMIC), given(UNKNOWN)) == []


def test_after_the_update_an_assignment_names_its_group_by_id() -> None:
    made = group(**DYNAMIC, objectId="5f1e")
    assert len(check(ADMIN_NOT_DYNAMIC, APPLICATION, made, given(to="", principalObjectId="5f1e"))) == 1
    assert check(ADMIN_NOT_DYNAMIC, APPLICATION, made, given(to="", principalObjectId="other")) == []


def test_without_app_roles_the_stack_says_which_group_gives_admin() -> None:
    roles: Value = {"Admin": [{"group": "airflow-admins", "id": UNKNOWN}], "Viewer": [{"group": "others"}]}
    assert len(check(ADMIN_NOT_DYNAMIC, group(**DYNAMIC), stack(roles=roles))) == 1


def test_a_person_is_known_by_its_resource_or_by_what_entra_answered() -> None:
    ada = Resource(urn="ada", type="azuread:User", name="ada", props={})
    assert [type(it) for it in check(NO_PERSON_ASSIGNED, ada, given(to="ada"))] == [Finding]
    assert len(check(NO_PERSON_ASSIGNED, given(to="", principalType="User", principalDisplayName="Ada"))) == 1
    assert check(NO_PERSON_ASSIGNED, group(), given(principalType="Group")) == []


@pytest.mark.parametrize(
    "props", [{"visibility": "Public"}, {"types": ["Unified"]}, {"mailEnabled": True}, {"securityEnabled": False}]
)
def test_only_security_groups_give_roles(props: dict[str, Value]) -> None:
    assert len(check(SECURITY_GROUPS_ONLY, APPLICATION, group(**props), given())) == 1
    assert check(SECURITY_GROUPS_ONLY, APPLICATION, group(**props)) == []


def test_owners_are_read_from_what_was_asked_for() -> None:
    def asked(owners: Value) -> Resource:
        props: dict[str, Value] = {"owners": UNKNOWN}
        return Resource(
            urn="group", type="azuread:Group", name="admins", props=props, asked={"owners": owners} if owners else {}
        )

    assert len(check(GROUP_OWNERS, asked(None), given())) == 1
    assert check(GROUP_OWNERS, asked(["5f1e"]), given()) == []
    assert len(check(GROUP_OWNERS, asked(["5f1e"]), given(), minOwners=2)) == 1
    assert check(GROUP_OWNERS, asked([UNKNOWN]), given()) == []
    assert check(GROUP_OWNERS, group(types=["DynamicMembership"]), given()) == []


def eligible(**props: Value) -> Resource:
    type_ = "azuread:PrivilegedAccessGroupEligibilitySchedule"
    return Resource(urn="eligible", type=type_, name="ada", props=props, sources={"groupId": ["group"]})


PRODUCTION = stack(environment="production")


def test_admin_in_production_goes_through_pim() -> None:
    assert len(check(NO_STANDING_ADMIN, APPLICATION, group(), given(), PRODUCTION)) == 1
    assert check(NO_STANDING_ADMIN, APPLICATION, group(), given(), PRODUCTION, eligible()) == []
    member = Resource(urn="m", type="azuread:GroupMember", name="ada", props={}, sources={"groupObjectId": ["group"]})
    assert len(check(NO_STANDING_ADMIN, APPLICATION, group(), given(), PRODUCTION, eligible(), member)) == 1


def test_elsewhere_and_without_the_licence_it_need_not() -> None:
    assert check(NO_STANDING_ADMIN, APPLICATION, group(), given(), stack(environment="staging")) == []
    assert check(NO_STANDING_ADMIN, APPLICATION, group(), given()) == []
    (excepted,) = check(NO_STANDING_ADMIN, APPLICATION, group(), given(), PRODUCTION, licence="P1")
    assert isinstance(excepted, Excepted)
    assert excepted.reason == "the tenant's licence is P1, and PIM needs P2"
    poor = stack(environment="production", licence="none")
    assert isinstance(check(NO_STANDING_ADMIN, APPLICATION, group(), given(), poor)[0], Excepted)


@pytest.mark.parametrize(
    ("props", "refused"),
    [
        ({}, 1),
        ({"permanentAssignment": True, "duration": "P1D"}, 1),
        ({"expirationDate": UNKNOWN}, 0),
        ({"permanentAssignment": UNKNOWN}, 0),
        ({"duration": "P180D"}, 0),
    ],
)
def test_eligibility_ends(props: dict[str, Value], refused: int) -> None:
    assert len(check(ELIGIBILITY_ENDS, eligible(**props))) == refused


AGENT = Resource(urn="agent", type="azuread:Application", name="report", props={})
AGENTS_PRINCIPAL = Resource(
    urn="principal", type="azuread:ServicePrincipal", name="report", props={}, sources={"clientId": ["agent"]}
)


def test_an_agent_is_never_admin() -> None:
    agent = (APPLICATION, AGENT, AGENTS_PRINCIPAL)
    assert len(check(AGENT_NEVER_ADMIN, *agent, given(to="principal"))) == 1
    assert check(AGENT_NEVER_ADMIN, *agent, given(VIEWER, to="principal")) == []
    assert len(check(AGENT_NEVER_ADMIN, APPLICATION, given(to="", principalType="ServicePrincipal"))) == 1
    roles: Value = [{"id": ADMIN, "value": "Admin", "allowedMemberTypes": ["User", "Application"]}]
    open_ = Resource(urn="app", type="azuread:Application", name="airflow", props={"appRoles": roles})
    assert len(check(AGENT_NEVER_ADMIN, open_)) == 1


@pytest.mark.parametrize(
    ("type_", "prop", "of"),
    [
        ("azuread:ApplicationPassword", "applicationId", "agent"),
        ("azuread:ApplicationCertificate", "applicationId", "agent"),
    ],
)
def test_an_agent_keeps_no_secret(type_: str, prop: str, of: str) -> None:
    secret = Resource(urn="secret", type=type_, name="secret", props={}, sources={prop: [of]})
    assert (
        len(check(AGENT_FEDERATED_ONLY, APPLICATION, AGENT, AGENTS_PRINCIPAL, given(VIEWER, "principal"), secret)) == 1
    )
    elsewhere = Resource(urn="secret", type=type_, name="secret", props={}, sources={prop: ["app"]})
    assert (
        check(AGENT_FEDERATED_ONLY, APPLICATION, AGENT, AGENTS_PRINCIPAL, given(VIEWER, "principal"), elsewhere) == []
    )


def test_airflow_may_read_who_left_and_is_no_agent_for_it() -> None:
    secret = Resource(
        urn="secret", type="azuread:ApplicationPassword", name="secret", props={}, sources={"applicationId": ["agent"]}
    )
    for permission in READS_THE_TENANT:
        reads = given(permission, "principal")
        assert check(AGENT_FEDERATED_ONLY, APPLICATION, AGENT, AGENTS_PRINCIPAL, reads, secret) == []


ROLE_MANAGEMENT = "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8"
AIRFLOWS = Resource(
    urn="principal",
    type="azuread:ServicePrincipal",
    name="airflow",
    props={"objectId": "made"},
    sources={"clientId": ["app"]},
)


def granted(role: Value, api: Value = "graphs", made_from: str = "") -> Resource:
    """An assignment of a role of `api`, a service principal's object id."""
    props: dict[str, Value] = {"appRoleId": role, "resourceObjectId": api}
    sources = {"resourceObjectId": [made_from]}
    return Resource(urn="granted", type="azuread:AppRoleAssignment", name="granted", props=props, sources=sources)


def test_app_roles_are_given_of_applications_that_the_program_declares() -> None:
    def foreign(assignment: Resource) -> int:
        return len(check(NO_FOREIGN_APP_ROLE, APPLICATION, AIRFLOWS, assignment))

    assert foreign(granted(ADMIN, UNKNOWN, "principal")) == 0
    assert foreign(granted(ADMIN, "made")) == 0
    assert foreign(granted("00000000-0000-0000-0000-000000000000", "made")) == 0
    assert foreign(granted(UNKNOWN)) == 0
    assert foreign(granted(ADMIN)) == 1
    assert foreign(granted(ROLE_MANAGEMENT, "made")) == 1
    assert foreign(granted(ADMIN, "graphs", "principal")) == 1, "made from our own resource, and yet another one"


def test_of_other_apis_what_a_watcher_reads_may_be_given() -> None:
    for permission in READS_THE_TENANT:
        assert check(NO_FOREIGN_APP_ROLE, granted(permission)) == []
        assert len(check(NO_FOREIGN_APP_ROLE, granted(permission), allowed=["openid"])) == 1
    assert (
        check(NO_FOREIGN_APP_ROLE, granted(ROLE_MANAGEMENT), allowed=[f"application:{ROLE_MANAGEMENT.upper()}"]) == []
    )
