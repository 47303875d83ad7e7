"""Key vaults, federated credentials, lifetimes, names: the corners that the documented examples don't show."""

from datetime import timedelta
from typing import Any

import pytest

from policies.durations import duration
from policies.federation import EXACT_SUBJECT, FEDERATED_AUDIENCE
from policies.keeping import FEW_SECRETS, SECRETS_IN_VAULT
from policies.naming import TAGS, UNIQUE_NAMES
from policies.resources import UNKNOWN, Resource, Value
from policies.rules import Finding, Rule
from policies.session import (
    CONDITIONAL_ACCESS_NARROW,
    SESSION_LIMIT,
    SIGN_IN_BOUNDED,
    SIGN_IN_FREQUENCY_LIMIT,
    TOKEN_LIFETIME_LIMIT,
)
from policies.vault import PURGE_PROTECTION, VAULT_NETWORK_CLOSED, VAULT_RBAC, VAULT_RECOVERABLE
from policies.vault_access import VAULT_READERS_FEW, VAULT_ROLES_NARROW

VAULT_ID = "/subscriptions/1b2d/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-airflow"
READER, OFFICER = "4633458b-17de-408a-b874-0445c86b69e6", "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"


def check(rule: Rule, *resources: Resource, **settings: Value) -> list[str]:
    results = rule.check(resources, rule.with_defaults(settings))
    return [f"{result.problem}. {result.fix}" for result in results if isinstance(result, Finding)]


def one(type_: str, urn: str = "one", sources: dict[str, list[str]] | None = None, **props: Value) -> Resource:
    return Resource(urn=urn, type=type_, name=urn, props=props, sources=sources or {})


def vault(tags: Value = None, **properties: Value) -> Resource:
    return one("azure-native:keyvault:Vault", "vault", vaultName="kv-airflow", tags=tags, properties=properties)


def stack(**outputs: Any) -> Resource:
    return one("pulumi:pulumi:Stack", "stack", **outputs)


def test_a_vault_is_ruled_by_roles() -> None:
    assert check(VAULT_RBAC, vault())[0].startswith("enableRbacAuthorization is not set: access policies decide. ")
    assert len(check(VAULT_RBAC, vault(enableRbacAuthorization=True, accessPolicies=[{"objectId": "x"}]))) == 1
    assert check(VAULT_RBAC, vault(enableRbacAuthorization=UNKNOWN)) == []


@pytest.mark.parametrize(
    ("where", "production"),
    [
        ([stack(environment="production")], True),
        ([stack(environment="staging"), vault(tags={"environment": "production"})], True),
        ([stack(environment="staging")], False),
        ([vault(tags={"environment": "production"})], True),
        ([one("azuread:Application", "app", tags=["production"])], True),
        ([one("azuread:Application", "app", tags=["environment:production"])], True),
        ([one("azuread:Application", "app", tags=UNKNOWN)], False),
        ([], False),
    ],
)
def test_production_is_told_or_tagged(where: list[Resource], production: bool) -> None:
    assert (
        bool(check(PURGE_PROTECTION, *where, *([] if where and where[-1].urn == "vault" else [vault()]))) is production
    )


def test_the_configuration_says_the_environment_first() -> None:
    assert check(PURGE_PROTECTION, stack(environment="production"), vault(), environment="staging") == []
    assert len(check(PURGE_PROTECTION, vault(), environment="production")) == 1
    assert check(PURGE_PROTECTION, vault(enablePurgeProtection=True), environment="production") == []


def test_what_is_deleted_can_be_brought_back() -> None:
    assert len(check(VAULT_RECOVERABLE, vault(enableSoftDelete=False, softDeleteRetentionInDays=7))) == 2
    assert check(VAULT_RECOVERABLE, vault(softDeleteRetentionInDays=30), minDays=30) == []
    assert VAULT_RECOVERABLE.repair
    assert VAULT_RECOVERABLE.repair(vault(enableSoftDelete=False, sku=UNKNOWN)) == {
        "properties": {"enableSoftDelete": True, "sku": UNKNOWN}
    }
    assert VAULT_RECOVERABLE.repair(vault()) == {}


def endpoint(to: str = VAULT_ID) -> Resource:
    return one(
        "azure-native:network:PrivateEndpoint", "pe", privateLinkServiceConnections=[{"privateLinkServiceId": to}]
    )


def test_a_private_endpoint_closes_the_public_way() -> None:
    closed: dict[str, Value] = {"publicNetworkAccess": "Disabled", "networkAcls": {"defaultAction": "Deny"}}
    assert check(VAULT_NETWORK_CLOSED, vault(**closed), endpoint()) == []
    assert len(check(VAULT_NETWORK_CLOSED, vault(), endpoint())) == 1
    assert check(VAULT_NETWORK_CLOSED, vault(), endpoint(f"{VAULT_ID}-other")) == []
    assert check(VAULT_NETWORK_CLOSED, vault()) == []
    half: dict[str, Value] = {"publicNetworkAccess": "disabled", "networkAcls": {"defaultAction": "Allow"}}
    assert len(check(VAULT_NETWORK_CLOSED, vault(**half))) == 1


def assigned(role: str, scope: Value = VAULT_ID, kind: Value = None, urn: str = "role") -> Resource:
    definition = f"/providers/Microsoft.Authorization/roleDefinitions/{role}"
    type_ = "azure-native:authorization:RoleAssignment"
    return one(type_, urn, scope=scope, roleDefinitionId=definition, principalType=kind)


def test_roles_on_a_vault_are_narrow() -> None:
    owner = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
    assert len(check(VAULT_ROLES_NARROW, assigned(owner))) == 1
    assert len(check(VAULT_ROLES_NARROW, assigned(owner, f"{VAULT_ID}/secrets/x"))) == 1
    assert len(check(VAULT_ROLES_NARROW, assigned(owner, "/subscriptions/1b2d"))) == 1
    assert len(check(VAULT_ROLES_NARROW, assigned("5f1e8a52-0c1d-4c4e-9d0b-0a6f4f1c2b11"))) == 1
    assert len(check(VAULT_ROLES_NARROW, assigned(READER, "/subscriptions/1b2d/resourceGroups/rg"))) == 1
    assert check(VAULT_ROLES_NARROW, assigned(OFFICER), assigned(READER, f"{VAULT_ID}/secrets/x")) == []
    assert check(VAULT_ROLES_NARROW, assigned(READER, UNKNOWN)) == []
    assert len(check(VAULT_ROLES_NARROW, assigned(owner, UNKNOWN))) == 1
    listed = f"{owner.upper()}@{VAULT_ID}/secrets"
    assert check(VAULT_ROLES_NARROW, assigned(owner, f"{VAULT_ID}/secrets/x"), allowed=[listed]) == []
    assert len(check(VAULT_ROLES_NARROW, assigned(owner, VAULT_ID), allowed=[listed])) == 1


def test_few_identities_read_and_no_person() -> None:
    readers = [assigned(READER, urn=f"r{number}") for number in range(3)]
    assert check(VAULT_READERS_FEW, *readers) == []
    assert check(VAULT_READERS_FEW, *readers, maxReaders=2)[0].startswith(f"3 identities may read {VAULT_ID}, ")
    assert len(check(VAULT_READERS_FEW, assigned(READER, kind="User"))) == 1
    assert check(VAULT_READERS_FEW, assigned(OFFICER, kind="User")) == []


GITHUB = "https://token.actions.githubusercontent.com"
TENANT = "7a0c3f5e-52d1-4b5e-9d0a-6c1f0e8b2a11"
ENTRA = f"https://login.microsoftonline.com/{TENANT}/v2.0"
AKS = f"https://westeurope.oic.prod-aks.azure.com/{TENANT}/{TENANT}/"
POD = "system:serviceaccount:airflow:airflow-api-server"


@pytest.mark.parametrize(
    ("issuer", "subject", "refused"),
    [
        (GITHUB, "repo:contoso/airflow:*", True),
        (GITHUB, "repo:contoso/airflow:pull_request", True),
        (f"{GITHUB}/contoso", "repo:contoso/airflow:pull_request", True),
        (GITHUB, "repo:contoso@12/airflow@34:PULL_REQUEST", True),
        (GITHUB, "repo:contoso/airflow:ref:refs/pull/7/merge", True),
        (GITHUB, "repository_owner:contoso", True),
        (GITHUB, "repository_owner:contoso:environment:production", True),
        (GITHUB, "repo:contoso/airflow", True),
        (GITHUB, "environment:production", True),
        (GITHUB, " ", True),
        (GITHUB, "repo:contoso/airflow:environment:production", False),
        (f"{GITHUB}/contoso", "repo:contoso@12/airflow@34:environment:production", False),
        ("https://token.actions.contoso.ghe.com", "repo:contoso/airflow:ref:refs/heads/main", False),
        (GITHUB, "repository_id:34:environment:production", False),
        (GITHUB, "repo:contoso/airflow:environment:production:job_workflow_ref:contoso/w/.github/w.yml@main", False),
        (GITHUB, UNKNOWN, False),
        (UNKNOWN, "anything", False),
        (f"https://vstoken.dev.azure.com/{TENANT}", "sc://contoso/data/airflow-production", False),
        (f"https://vstoken.dev.azure.com/{TENANT}", "sc://contoso/data", True),
        (ENTRA, f"/eid1/c/pub/t/QWxs/a/QWxs/sc/{TENANT}/{TENANT}", False),
        (ENTRA, TENANT, False),
        (ENTRA, "anybody", True),
        (AKS, POD, False),
        (AKS, "system:serviceaccount:airflow", True),
        ("https://oidc.eks.eu-west-1.amazonaws.com/id/5D35A1", POD, False),
        ("https://container.googleapis.com/v1/projects/p/locations/l/clusters/c", POD, False),
        ("https://oidc.contoso.com", POD, True),
        ("https://token.actions.githubusercontent.com.evil.example", "repo:contoso/airflow:environment:x", True),
    ],
)
def test_a_federated_credential_trusts_one_workload(issuer: Value, subject: Value, refused: bool) -> None:
    federated = one("azuread:ApplicationFederatedIdentityCredential", subject=subject, issuer=issuer)
    assert bool(check(EXACT_SUBJECT, federated)) is refused


def test_issuers_of_ones_own_and_pull_requests_are_listed() -> None:
    def federated(issuer: str, subject: str) -> Resource:
        return one("azuread:ApplicationFederatedIdentityCredential", subject=subject, issuer=issuer)

    own = federated("https://oidc.contoso.com/", POD)
    assert check(EXACT_SUBJECT, own, issuers=["https://oidc.contoso.com"]) == []
    server = "https://github.contoso.com/_services/token"
    assert len(check(EXACT_SUBJECT, federated(server, "repo:data/airflow:environment:production"))) == 1
    assert check(EXACT_SUBJECT, federated(server, "repo:data/airflow:environment:production"), issuers=[server]) == []
    assert len(check(EXACT_SUBJECT, federated(server, "repo:data/airflow:pull_request"), issuers=[server])) == 1
    deploys = "repo:contoso/airflow:environment:production"
    assert check(EXACT_SUBJECT, federated(GITHUB, deploys), subjects=[deploys]) == []
    assert len(check(EXACT_SUBJECT, federated(GITHUB, deploys.replace("contoso", "fabrikam")), subjects=[deploys])) == 1
    previews = "repo:contoso/airflow:pull_request"
    assert check(EXACT_SUBJECT, federated(GITHUB, previews), pullRequests=[previews]) == []


def test_federated_tokens_are_made_for_entra() -> None:
    def federated(*audiences: Value, issuer: Value = GITHUB) -> Resource:
        return one("azuread:ApplicationFederatedIdentityCredential", audiences=[*audiences], issuer=issuer)

    assert check(FEDERATED_AUDIENCE, federated("api://AzureADTokenExchange")) == []
    assert check(FEDERATED_AUDIENCE, federated(UNKNOWN)) == []
    assert len(check(FEDERATED_AUDIENCE, federated())) == 1
    assert len(check(FEDERATED_AUDIENCE, federated("api://AzureADTokenExchange", issuer="http://a.b"))) == 1
    china = "api://AzureADTokenExchangeChina"
    assert check(FEDERATED_AUDIENCE, federated(china), audience=china) == []


PASSWORD = one("azuread:ApplicationPassword", "password", {"applicationId": ["app"]}, value="s3cret-value")


def test_every_secret_goes_into_a_vault_and_nowhere_else() -> None:
    kept = one("azure-native:keyvault:Secret", "kept", {"properties": ["password"]})
    assert len(check(SECRETS_IN_VAULT, PASSWORD)) == 1
    assert check(SECRETS_IN_VAULT, PASSWORD, kept) == []
    assert check(SECRETS_IN_VAULT, PASSWORD, kept, stack(airflow="x", secret=UNKNOWN)) == []
    (message,) = check(SECRETS_IN_VAULT, PASSWORD, kept, stack(leaked="s3cret-value"))
    assert message.startswith("the output leaked is a client secret. ")
    assert "s3cret" not in message
    assert len(check(SECRETS_IN_VAULT, one("azuread:Application", password={"displayName": "x"}))) == 1


def test_two_secrets_are_enough() -> None:
    application = one("azuread:Application", "app")
    slots = [one("azuread:ApplicationPassword", f"slot-{slot}", {"applicationId": ["app"]}) for slot in "abc"]
    assert check(FEW_SECRETS, application, *slots[:2]) == []
    assert len(check(FEW_SECRETS, application, *slots)) == 1
    assert check(FEW_SECRETS, application, *slots, maxSecrets=3) == []


def conditional(**controls: Value) -> Resource:
    conditions = {"applications": {"includedApplications": ["All"]}}
    return one("azuread:ConditionalAccessPolicy", state="enabled", sessionControls=controls, conditions=conditions)


def test_a_sign_in_in_production_ends() -> None:
    application, production = one("azuread:Application", "app"), stack(environment="production")
    assert len(check(SIGN_IN_BOUNDED, application, production)) == 1
    assert check(SIGN_IN_BOUNDED, application, stack(environment="development")) == []
    assert check(SIGN_IN_BOUNDED, application, stack(environment="production", tokenLifetime="8h")) == []
    hourly = conditional(signInFrequency=1, signInFrequencyPeriod="hours")
    assert check(SIGN_IN_BOUNDED, application, production, hourly) == []
    for_others = one(
        "azuread:ConditionalAccessPolicy",
        state="enabled",
        sessionControls={"signInFrequency": 1},
        conditions={"applications": {"includedApplications": ["another"]}},
    )
    assert len(check(SIGN_IN_BOUNDED, application, production, for_others)) == 1
    reporting = one("azuread:ConditionalAccessPolicy", state="enabledForReportingButNotEnforced", sessionControls={})
    assert len(check(SIGN_IN_BOUNDED, application, production, reporting)) == 1


@pytest.mark.parametrize(
    ("rule", "output"), [(TOKEN_LIFETIME_LIMIT, "tokenLifetime"), (SESSION_LIMIT, "airflowSession")]
)
def test_lifetimes_have_a_limit(rule: Rule, output: str) -> None:
    assert check(rule, stack(**{output: "12h"})) == []
    assert check(rule, stack(**{output: "12h1s"})) == [f"{output} is 12h1s. Set it to at most 12h"]
    assert check(rule, stack(**{output: "12h1s"}), maxHours=13) == []
    assert check(rule, stack(), stack(**{output: None}), stack(**{output: UNKNOWN})) == []
    assert check(rule, stack(**{output: "long"}))[0].startswith(
        f"the output {output} is 'long', which is no duration. "
    )


@pytest.mark.parametrize(("number", "period", "refused"), [(24, "hours", 0), (25, "hours", 1), (2, "days", 1)])
def test_sign_in_frequency(number: int, period: str, refused: int) -> None:
    asked = conditional(signInFrequency=number, signInFrequencyPeriod=period)
    assert len(check(SIGN_IN_FREQUENCY_LIMIT, asked)) == refused
    assert len(check(SIGN_IN_FREQUENCY_LIMIT, conditional(persistentBrowserMode="always"))) == 1


def test_conditional_access_locks_nobody_out() -> None:
    def policy(applications: Value, **users: Value) -> Resource:
        conditions: Value = {"applications": {"includedApplications": applications}, "users": users}
        return one("azuread:ConditionalAccessPolicy", conditions=conditions)

    assert len(check(CONDITIONAL_ACCESS_NARROW, policy(["All"], includedUsers=["All"]))) == 1
    assert len(check(CONDITIONAL_ACCESS_NARROW, policy(["MicrosoftAdminPortals"], includedUsers=["All"]))) == 1
    assert check(CONDITIONAL_ACCESS_NARROW, policy([TENANT], includedUsers=["All"])) == []
    assert check(CONDITIONAL_ACCESS_NARROW, policy(["All"], includedUsers=["All"], excludedGroups=["x"])) == []
    assert check(CONDITIONAL_ACCESS_NARROW, policy([UNKNOWN], includedUsers=["All"])) == []


@pytest.mark.parametrize(
    ("text", "lasts"),
    [
        ("8h", timedelta(hours=8)),
        ("1d12h", timedelta(hours=36)),
        ("08:00:00", timedelta(hours=8)),
        ("1.00:00:00", timedelta(days=1)),
        (3600, timedelta(hours=1)),
        ("", None),
        ("soon", None),
        (True, None),
        (UNKNOWN, None),
    ],
)
def test_durations(text: Value, lasts: timedelta | None) -> None:
    assert duration(text) == lasts


def named(urn: str, name: Value, type_: str = "azuread:Group") -> Resource:
    return one(type_, urn, displayName=name)


def test_names_tell_things_apart() -> None:
    assert check(UNIQUE_NAMES, named("a", "airflow"), named("b", "airflow", "azuread:Application")) == []
    assert len(check(UNIQUE_NAMES, named("a", "airflow"), named("b", "AIRFLOW"))) == 1
    assert check(UNIQUE_NAMES, named("a", UNKNOWN), named("b", UNKNOWN)) == []
    assert len(check(UNIQUE_NAMES, named("a", "airflow "))) == 1
    assert check(UNIQUE_NAMES, named("a", "x-admins"), pattern="^airflow-")[0].startswith(
        "the name x-admins doesn't fit"
    )
    assert check(UNIQUE_NAMES, named("a", "x-admins"), pattern="(") == []


def test_tags_are_asked_for_by_name() -> None:
    assert check(TAGS, vault()) == []
    assert check(TAGS, vault(tags={"owner": "data"}), azureTags=["owner", "cost"])[0].startswith(
        "the tag cost is missing"
    )
    assert check(TAGS, one("azuread:Application", tags=["airflow"]), applicationTags=["airflow"]) == []
    assert len(check(TAGS, one("azuread:Application", tags=["airflow"]), applicationTags=["team"])) == 1
    assert check(TAGS, one("azuread:Application", tags=UNKNOWN)) == []
