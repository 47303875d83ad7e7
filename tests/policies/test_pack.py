"""The adapter between the declarations and Pulumi's policy SDK."""

from typing import Any

import pytest
from pulumi_policy import (
    EnforcementLevel,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.deserialize import serialize_properties
from pulumi_policy.policy import _NotApplicableError
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policies.application import SINGLE_TENANT
from policies.assignment import ASSIGNMENT_REQUIRED
from policies.clients import NO_IMPLICIT_GRANT
from policies.credentials import SECRETS_EXPIRE
from policies.owners import NO_PERSON_OWNS
from policies.pack import as_policy
from policies.registry import RULES
from policies.rules import Rule

APPLICATION = "azuread:index/application:Application"
PRINCIPAL = "azuread:index/servicePrincipal:ServicePrincipal"
OPTIONS = PolicyResourceOptions(False, [], None, [], None, [])  # type: ignore[arg-type]  # no policy reads timeouts


def one(rule: Rule, type_: str, props: dict[str, Any], config: dict[str, Any] | None = None) -> list[str]:
    policy = as_policy(rule)
    assert isinstance(policy, ResourceValidationPolicy)
    said: list[str] = []

    def report(message: str, _urn: str | None = None) -> None:
        said.append(message)

    args = ResourceValidationArgs(type_, unknown_checking_proxy(props), "urn", "name", OPTIONS, None, config)
    policy.validate(args, report)
    return said


def resource(type_: str, urn: str, props: dict[str, Any], **sources: list[PolicyResource]) -> PolicyResource:
    return PolicyResource(type_, unknown_checking_proxy(props), urn, urn, OPTIONS, None, None, [], sources)


def stack(rule: Rule, *resources: PolicyResource, config: dict[str, Any] | None = None) -> list[tuple[str, str | None]]:
    policy = as_policy(rule)
    assert isinstance(policy, StackValidationPolicy)
    said: list[tuple[str, str | None]] = []

    def report(message: str, urn: str | None = None) -> None:
        said.append((message, urn))

    policy.validate(StackValidationArgs(list(resources), config), report)
    return said


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_declaration_becomes_a_policy(rule: Rule) -> None:
    policy = as_policy(rule)
    assert policy.name == rule.name
    assert policy.enforcement_level is EnforcementLevel(rule.level)
    assert policy.severity is Severity(rule.severity)
    assert policy.url == rule.source
    assert policy.remediation_steps == rule.remedy


def test_a_violation_is_reported() -> None:
    (message,) = one(SINGLE_TENANT, APPLICATION, {"signInAudience": "AzureADMultipleOrgs"})
    assert message.startswith("single-tenant: signInAudience is AzureADMultipleOrgs")


def test_other_types_are_not_looked_at() -> None:
    assert one(SINGLE_TENANT, "azuread:index/group:Group", {"signInAudience": "AzureADMultipleOrgs"}) == []


def test_settings_come_from_the_packs_configuration() -> None:
    props = {"startDate": "2030-01-01T00:00:00Z", "endDate": "2030-06-01T00:00:00Z"}
    type_ = "azuread:index/applicationPassword:ApplicationPassword"
    assert one(SECRETS_EXPIRE, type_, props) == []
    assert len(one(SECRETS_EXPIRE, type_, props, {"maxDays": 90})) == 1


def test_an_unknown_value_ends_neither_the_policy_nor_the_preview() -> None:
    hidden = resource(APPLICATION, "hidden", {"owners": UNKNOWN_ARRAY_VALUE, "tags": ["production"]})
    owned = resource(APPLICATION, "owned", {"owners": ["5f1e8a52-0c1d-4c4e-9d0b-0a6f4f1c2b11"]})
    ((message, urn),) = stack(NO_PERSON_OWNS, hidden, owned)
    assert message.startswith("no-person-owns: in production 5f1e8a52-0c1d-4c4e-9d0b-0a6f4f1c2b11 owns it")
    assert urn == "owned"


def test_an_exception_is_told_with_its_reason_and_hides_no_violation() -> None:
    nested = resource(APPLICATION, "nested", {"groupMembershipClaims": ["SecurityGroup"]})
    excepted = resource(PRINCIPAL, "excepted", {"clientId": UNKNOWN_STRING_VALUE}, clientId=[nested])
    plain = resource(APPLICATION, "plain", {})
    open_ = resource(PRINCIPAL, "open", {"clientId": UNKNOWN_STRING_VALUE}, clientId=[plain])
    with pytest.raises(_NotApplicableError) as told:  # how the SDK carries the reason to the engine
        stack(ASSIGNMENT_REQUIRED, nested, excepted)
    assert "members of nested groups count" in str(told.value.reason)
    assert [urn for _, urn in stack(ASSIGNMENT_REQUIRED, nested, excepted, plain, open_)] == ["open"]


def test_what_is_put_in_place_keeps_the_rest_and_what_is_not_known_yet() -> None:
    policy = as_policy(NO_IMPLICIT_GRANT)
    assert isinstance(policy, ResourceValidationPolicy)
    grant = {"idTokenIssuanceEnabled": True}
    props = {"displayName": "Airflow", "web": {"redirectUris": UNKNOWN_ARRAY_VALUE, "implicitGrant": grant}}

    def repaired(given: dict[str, Any]) -> Any:
        args = ResourceValidationArgs(APPLICATION, unknown_checking_proxy(given), "urn", "name", OPTIONS, None, None)
        return serialize_properties(changed) if (changed := policy.remediate(args)) else None  # type: ignore[arg-type]

    off = {"accessTokenIssuanceEnabled": False, "idTokenIssuanceEnabled": False}
    assert repaired(props) == {
        "displayName": "Airflow",
        "web": {"redirectUris": UNKNOWN_STRING_VALUE, "implicitGrant": off},
    }
    assert repaired({"displayName": "Airflow"}) is None


def test_a_policy_that_repairs_nothing_has_no_remediation() -> None:
    policy = as_policy(SINGLE_TENANT)
    assert isinstance(policy, ResourceValidationPolicy)
    assert not policy.has_remediation()
