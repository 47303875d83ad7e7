"""What a sign-on stack may consist of."""

import pytest

from policies.known_types import KNOWN_TYPES_ONLY
from policies.resources import UNKNOWN, Resource, Value
from policies.rules import Excepted, Finding

COMMAND = "command:local:Command"


def check(type_: str, allowed: Value = None, custom: bool = True, **props: Value) -> list[Finding | Excepted]:
    resource = Resource(urn="one", type=type_, name="setup", props=props, custom=custom)
    return list(KNOWN_TYPES_ONLY.check([resource], {"allowed": allowed or {}}))


@pytest.mark.parametrize(
    "type_",
    [
        COMMAND,
        "command:remote:Command",
        "azure-native:resources:Deployment",
        "azure-native:authorization:RoleDefinition",
        "azure:keyvault/keyVault:KeyVault",
        "azuread:ApplicationRegistration",
        "azuread:application",
        "azuread:ClaimsMappingPolicy",
        "kubernetes:core/v1:Secret",
        "pulumi-nodejs:dynamic:Resource",
        "pulumi:providers:command",
    ],
)
def test_a_type_that_no_policy_reads_is_refused(type_: str) -> None:
    (finding,) = check(type_)
    assert isinstance(finding, Finding)
    assert finding.problem == f"no policy reads the type {type_}, so nothing says what setup can do"


@pytest.mark.parametrize("type_", ["azuread:Application", "pulumi:providers:azuread", "pulumi:pulumi:StackReference"])
def test_known_types_pass(type_: str) -> None:
    assert check(type_) == []


def test_a_part_of_an_application_belongs_inside() -> None:
    (finding,) = check("azuread:ApplicationOwner")
    assert isinstance(finding, Finding)
    assert finding.fix == "Declare it inside the azuread:Application, where the policies see all of it"


def test_a_component_only_groups_others() -> None:
    assert check("airflow-entra:index:AirflowSignOn", custom=False) == []


def test_a_type_is_listed_with_a_reason_or_not_at_all() -> None:
    (excepted,) = check(COMMAND, {COMMAND: "prints the version"})
    assert isinstance(excepted, Excepted)
    assert excepted.reason == "setup is a command:local:Command: prints the version"
    assert isinstance(check(COMMAND, {COMMAND: " "})[0], Finding)
    assert check("pulumi:providers:command", {COMMAND: "prints the version"}) == []
    assert len(check("pulumi:providers:random", {COMMAND: "prints the version"})) == 1
    by_its_token = {"azuread:index/applicationOwner:ApplicationOwner": "as before"}
    assert isinstance(check("azuread:ApplicationOwner", by_its_token)[0], Excepted)


def test_of_dynamic_resources_ours_are_known_by_their_type_and_what_they_say() -> None:
    type_ = "pulumi-python:dynamic/entra:TokenLifetimePolicy"
    assert check(type_, tenantId="t", displayName="Airflow", lifetime="08:00:00", organizationDefault=UNKNOWN) == []
    assert check("pulumi-python:dynamic/entra:TokenLifetimeAssignment", tenantId="t", policy=UNKNOWN) == []
    assert len(check(type_, tenantId="t", command="az ad app credential reset")) == 1
    assert len(check(type_, lifetime={"run": "this"})) == 1
    assert len(check("pulumi-python:dynamic:Resource")) == 1
