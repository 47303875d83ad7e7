"""How the pack answers the engine: every resource unpacked once, and what was asked for beside what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct  # type: ignore[import-untyped]
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel
from pulumi_policy.policy import _PolicyAnalyzerServicer
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UNKNOWN_BOOLEAN_VALUE, UNKNOWN_STRING_VALUE

from policies import examples, servicer
from policies.pack import as_policy
from policies.registry import RULES
from policies.resources import UNKNOWN, Resource, Value
from policies.rules import Rule
from policies.servicer import Servicer
from policies.serving import Methods

APPLICATION = "azuread:index/application:Application"
GROUP = "azuread:index/groupWithoutMembers:GroupWithoutMembers"
PRINCIPAL = "azuread:index/servicePrincipal:ServicePrincipal"
VAULT = "azure-native:keyvault/v20230701:Vault"


@pytest.fixture
def pack() -> Servicer:
    return Servicer("airflow-entra", "0.0.1", [as_policy(rule) for rule in RULES])


@pytest.fixture(scope="module")
def of_the_sdk() -> Any:
    """What answers the engine for a pack that leaves it to the SDK."""
    policies = [as_policy(rule) for rule in RULES]
    made: Any = _PolicyAnalyzerServicer
    return made("airflow-entra", "0.0.1", policies, EnforcementLevel.ADVISORY)


def properties(values: dict[str, Any]) -> Struct:
    struct = Struct()
    struct.update(values)
    return struct


def ask(pack: Servicer, type_: str, urn: str, **values: Any) -> set[str]:
    request = analyzer_pb2.AnalyzeRequest(type=type_, urn=urn, name=urn, properties=properties(values))
    return {found.policyName for found in pack.Analyze(request, None).diagnostics}


def resource(type_: str, urn: str, **values: Any) -> Any:
    return analyzer_pb2.AnalyzerResource(type=type_, urn=urn, name=urn, properties=properties(values))


def together(pack: Servicer, *resources: Any) -> Any:
    return pack.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=resources), None)


def test_a_resource_is_judged_by_the_policies_of_its_type(pack: Servicer) -> None:
    assert "single-tenant" in ask(pack, APPLICATION, "app", signInAudience="AzureADMultipleOrgs")
    assert ask(pack, VAULT, "vault", properties={"enableRbacAuthorization": False}) == {"vault-rbac"}


@pytest.mark.parametrize("example", ["violation", "compliance"])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.name))
def test_it_says_what_the_servicer_of_the_sdk_says(rule: Rule, example: str, pack: Servicer, of_the_sdk: Any) -> None:
    found = examples.read(getattr(rule, example))
    for one in found:
        request = analyzer_pb2.AnalyzeRequest(type=one.type, urn=one.urn, name=one.name, properties=in_a_preview(one))
        assert told(pack.Analyze(request, None)) == told(of_the_sdk.Analyze(request, None))
    stack = analyzer_pb2.AnalyzeStackRequest()
    for one in found:
        sent = stack.resources.add(type=one.type, urn=one.urn, name=one.name, properties=in_a_preview(one))
        for name, urns in one.sources.items():
            sent.propertyDependencies[name].urns.extend(urns)
    assert told(pack.AnalyzeStack(stack, None)) == told(of_the_sdk.AnalyzeStack(stack, None))


def in_a_preview(found: Resource) -> Struct:
    """An example's properties as the engine sends them."""

    def marked(value: Value) -> Any:
        if value is UNKNOWN:
            return UNKNOWN_STRING_VALUE
        if isinstance(value, Mapping):
            return {key: marked(item) for key, item in value.items()}
        return [marked(item) for item in value] if isinstance(value, Sequence) and not isinstance(value, str) else value

    return properties({key: marked(value) for key, value in found.props.items()})


def told(answer: Any) -> list[str]:
    """Each thing that an answer says, as text."""
    return sorted(str(said) for said in (*answer.diagnostics, *answer.not_applicable))


def test_a_resource_that_no_policy_reads_is_not_unpacked(pack: Servicer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(servicer, "_properties")
    assert ask(pack, GROUP, "group") == set()
    assert not together(pack, resource("aws:s3/bucket:Bucket", "bucket")).diagnostics


def test_a_type_that_no_policy_reads_is_refused_where_it_is_no_component(pack: Servicer) -> None:
    request = analyzer_pb2.AnalyzeRequest(type="aws:s3/bucket:Bucket", urn="bucket", name="bucket")
    assert not pack.Analyze(request, None).diagnostics
    request.provider.type = "pulumi:providers:aws"
    assert [found.policyName for found in pack.Analyze(request, None).diagnostics] == ["known-types-only"]


def test_every_resource_of_a_stack_is_unpacked_once(pack: Servicer, monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked: list[Any] = []
    unpack = servicer._properties

    def counted(sent: Any) -> dict[str, Any]:
        unpacked.append(sent)
        return unpack(sent)

    monkeypatch.setattr(servicer, "_properties", counted)
    together(pack, *(resource(GROUP, f"group-{number}", displayName=str(number)) for number in range(50)))
    assert len(unpacked) == 50


def test_what_was_left_out_is_known_in_a_preview_too(pack: Servicer) -> None:
    tags = {"environment": "production"}
    ask(pack, VAULT, "open", tags=tags, properties={"enableRbacAuthorization": True})
    ask(pack, VAULT, "protected", tags=tags, properties={"enablePurgeProtection": True})
    ask(pack, VAULT, "later", tags=tags, properties={"enablePurgeProtection": UNKNOWN_BOOLEAN_VALUE})
    unknown = {"enablePurgeProtection": UNKNOWN_BOOLEAN_VALUE}
    vaults = [resource(VAULT, urn, tags=tags, properties=unknown) for urn in ("open", "protected", "later")]
    found = together(pack, *vaults).diagnostics
    assert [(each.policyName, each.urn) for each in found] == [("vault-purge-protection", "open")]


def test_where_values_came_from_is_kept(pack: Servicer) -> None:
    application = resource(APPLICATION, "app", groupMembershipClaims=["SecurityGroup"], owners=UNKNOWN_ARRAY_VALUE)
    principal = resource(PRINCIPAL, "principal", appRoleAssignmentRequired=False)
    principal.propertyDependencies["clientId"].urns.append("app")
    answer = together(pack, application, principal)
    assert not answer.diagnostics
    (excepted,) = answer.not_applicable
    assert excepted.policy_name == "assignment-required"
    assert "members of nested groups count" in excepted.reason


def test_the_engine_is_told_of_no_remediation_until_a_level_asks_for_one(pack: Servicer) -> None:
    methods = Methods(pack)

    def answers(method: str) -> bool:
        details = SimpleNamespace(method=f"/pulumirpc.Analyzer/{method}", invocation_metadata=())
        return methods.service(details) is not None

    def configure(level: Any) -> None:
        levels = {"no-public-client": analyzer_pb2.PolicyConfig(enforcementLevel=level)}
        pack.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig=levels), None)

    assert answers("Analyze")
    assert not answers("Remediate")
    configure(analyzer_pb2.REMEDIATE)
    assert answers("Remediate")
    configure(analyzer_pb2.MANDATORY)
    assert not answers("Remediate")
