"""The key vault itself: who decides over it, whether it can be lost, and from where it is reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from policies.normal import number
from policies.production import ENVIRONMENT, SAYS_ENVIRONMENT, in_production
from policies.resource_types import ENDPOINT, VAULT
from policies.resources import UNKNOWN, Resource, Value, of_type
from policies.rules import Finding, Rule, Setting, Settings


def vault_example(*properties: str, more: str = "") -> str:
    """A vault as Pulumi YAML, with lines below `properties` and beside them."""
    lines = "".join(f"        {line}\n" for line in properties)
    return f"""\
resources:
  vault:
    type: azure-native:keyvault:Vault
    properties:
      vaultName: kv-airflow
      resourceGroupName: rg-airflow
      location: westeurope
{more}\
      properties:
        tenantId: 7a0c3f5e-52d1-4b5e-9d0a-6c1f0e8b2a11
        sku: {{family: A, name: standard}}
{lines}"""


def _rbac(resources: Sequence[Resource], _: Settings) -> Iterator[Finding]:
    for vault in resources:
        rbac = vault.get("properties", "enableRbacAuthorization")
        if rbac is not True and rbac is not UNKNOWN:
            yield Finding(
                resource=vault,
                problem=f"enableRbacAuthorization is {'false' if rbac is False else 'not set'}: access policies decide",
                fix="Set properties.enableRbacAuthorization to true and give Key Vault Secrets User to who reads",
            )
        if policies := vault.objects("properties", "accessPolicies"):
            yield Finding(
                resource=vault,
                problem=f"it has {len(policies)} access {'policy' if len(policies) == 1 else 'policies'}",
                fix="Take properties.accessPolicies away and assign roles",
            )


VAULT_RBAC = Rule(
    name="vault-rbac",
    title="Vault access by roles",
    description="Azure roles decide who reads the vault, not access policies.",
    scope="resource",
    severity="high",
    level="mandatory",
    reason="An access policy reaches every secret of the vault, can't be eligible through PIM, and whoever may write "
    "the vault, a Contributor, gives one to themselves.",
    remedy="Set `enableRbacAuthorization: true`, take `accessPolicies` away and assign roles on the secret.",
    controls=("CIS Azure 3.0 3.3.6", "SOC 2 CC6.1", "NIST 800-53 AC-3", "NIST 800-53 AC-6"),
    source="https://learn.microsoft.com/en-us/azure/key-vault/general/rbac-access-policy",
    types=(VAULT,),
    check=_rbac,
    violation=vault_example("enableRbacAuthorization: false"),
    compliance=vault_example("enableRbacAuthorization: true"),
)


def _purge(resources: Sequence[Resource], settings: Settings) -> Iterator[Finding]:
    if not in_production(resources, settings):
        return
    for vault in of_type(resources, VAULT):
        protected = vault.get_asked("properties", "enablePurgeProtection")
        if protected is not True and protected is not UNKNOWN:
            yield Finding(
                resource=vault,
                problem="enablePurgeProtection is not set on a vault in production",
                fix="Set properties.enablePurgeProtection to true; it can't be turned off again",
            )


PURGE_PROTECTION = Rule(
    name="vault-purge-protection",
    title="Purge protection in production",
    description="A production vault can't be purged before its retention ends.",
    scope="stack",
    severity="high",
    level="mandatory",
    reason="Without it one call after a deletion loses the secret and the vault's name for good, and every sign-in "
    "with it: by mistake or by somebody who was let in.",
    remedy="Set `enablePurgeProtection: true`. It can't be undone, so elsewhere than in production it is left to you.",
    controls=("CIS Azure 3.0 3.3.5", "SOC 2 CC6.1", "NIST 800-53 CP-9", "NIST 800-53 AC-3"),
    source="https://learn.microsoft.com/en-us/azure/key-vault/general/soft-delete-overview",
    types=SAYS_ENVIRONMENT,
    check=_purge,
    settings=(ENVIRONMENT,),
    violation=vault_example("enableRbacAuthorization: true", more="      tags: {environment: production}\n"),
    compliance=vault_example("enablePurgeProtection: true", more="      tags: {environment: production}\n"),
)


def _recoverable(resources: Sequence[Resource], settings: Settings) -> Iterator[Finding]:
    least = settings.get("minDays")
    for vault in resources:
        if vault.get("properties", "enableSoftDelete") is False:
            yield Finding(
                resource=vault,
                problem="enableSoftDelete is false: what is deleted is lost",
                fix="Set properties.enableSoftDelete to true or leave it out",
            )
        days = number(vault.get("properties", "softDeleteRetentionInDays"))
        if days is not None and isinstance(least, int) and days < least:
            yield Finding(
                resource=vault,
                problem=f"softDeleteRetentionInDays is {days:g}",
                fix=f"Set properties.softDeleteRetentionInDays to at least {least}; it can't be changed afterwards",
            )


def _soft_deleting(vault: Resource) -> Mapping[str, Value]:
    properties = vault.get("properties")
    if isinstance(properties, Mapping) and properties.get("enableSoftDelete") is False:
        return {"properties": {**properties, "enableSoftDelete": True}}
    return {}


VAULT_RECOVERABLE = Rule(
    name="vault-recoverable",
    title="Deleted secrets can be recovered",
    description="What is deleted from a vault can be brought back for 90 days.",
    scope="resource",
    severity="medium",
    level="advisory",
    reason="A deletion is often noticed when the next deployment or the next month's rotation fails. The retention is "
    "chosen at the vault's creation and can't be changed.",
    remedy="Leave `enableSoftDelete` on and `softDeleteRetentionInDays` at 90 (`minDays`), which is the default.",
    controls=("CIS Azure 3.0 3.3.5", "SOC 2 CC6.1", "NIST 800-53 CP-9"),
    source="https://learn.microsoft.com/en-us/azure/key-vault/general/soft-delete-overview",
    types=(VAULT,),
    check=_recoverable,
    repair=_soft_deleting,
    settings=(
        Setting(
            name="minDays",
            schema={
                "type": "integer",
                "minimum": 7,
                "maximum": 90,
                "default": 90,
                "description": "The shortest retention, in days.",
            },
        ),
    ),
    violation=vault_example("enableSoftDelete: false"),
    compliance=vault_example("softDeleteRetentionInDays: 90"),
)


def _closed(resources: Sequence[Resource], _: Settings) -> Iterator[Finding]:
    endpoints = of_type(resources, ENDPOINT)
    for vault in of_type(resources, VAULT):
        behind = [endpoint.name for endpoint in endpoints if _reaches(endpoint, vault)]
        access = vault.get_asked("properties", "publicNetworkAccess")
        disabled = isinstance(access, str) and access.lower() == "disabled"
        if behind and not disabled and access is not UNKNOWN:
            yield Finding(
                resource=vault,
                problem=f"it has the private endpoint {behind[0]} and publicNetworkAccess is {access or 'not set'}",
                fix="Set properties.publicNetworkAccess to disabled",
            )
        default = vault.get_asked("properties", "networkAcls", "defaultAction")
        if (behind or disabled) and isinstance(default, str) and default.lower() == "allow":
            yield Finding(
                resource=vault,
                problem="networkAcls.defaultAction is Allow on a vault that is to be reached privately",
                fix="Set properties.networkAcls.defaultAction to Deny",
            )


def _reaches(endpoint: Resource, vault: Resource) -> bool:
    name, id_ = vault.get("vaultName"), vault.get("id")
    targets = [
        link.get("privateLinkServiceId")
        for prop in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
        for link in endpoint.objects(prop)
    ]
    if any(vault.urn in endpoint.sources.get(f"{kind}rivateLinkServiceConnections", ()) for kind in ("p", "manualP")):
        return True
    return any(
        target == id_ or (isinstance(name, str) and target.lower().endswith(f"/vaults/{name.lower()}"))
        for target in targets
        if isinstance(target, str)
    )


_LINK = """\
  endpoint:
    type: azure-native:network:PrivateEndpoint
    properties:
      privateEndpointName: pe-kv-airflow
      resourceGroupName: rg-airflow
      location: westeurope
      privateLinkServiceConnections:
        - {name: kv-airflow, privateLinkServiceId: "${vault.id}", groupIds: [vault]}
"""

VAULT_NETWORK_CLOSED = Rule(
    name="vault-network-closed",
    title="No public way beside a private endpoint",
    description="A vault with a private endpoint is reached through it alone.",
    scope="stack",
    severity="high",
    level="mandatory",
    reason="A private endpoint closes nothing: until public access is disabled the vault answers the whole internet, "
    "and the endpoint only makes it look as if it didn't.",
    remedy="Set `publicNetworkAccess: disabled` and `networkAcls.defaultAction: Deny`. The program itself writes "
    "through Azure Resource Manager and needs no way in.",
    controls=("CIS Azure 3.0 3.3.7", "SOC 2 CC6.6", "NIST 800-53 SC-7", "NIST 800-53 AC-4"),
    source="https://learn.microsoft.com/en-us/azure/key-vault/general/private-link-service",
    types=(VAULT, ENDPOINT),
    check=_closed,
    violation=vault_example("publicNetworkAccess: enabled") + _LINK,
    compliance=vault_example("publicNetworkAccess: disabled", "networkAcls: {bypass: None, defaultAction: Deny}")
    + _LINK,
)
