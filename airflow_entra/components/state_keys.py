"""What encrypts the secrets in the state: one key for each environment, in a vault that nobody can purge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_azure_native import keyvault

from airflow_entra.access.pipeline import StatePlace, key_name
from airflow_entra.components.part import Part

_SOFT_DELETE_DAYS = 90
_KEY_BITS = 3072


class StateKeys(Part):
    """`keys` and `providers` by environment; a provider is what `pulumi stack init --secrets-provider` takes.

    It names the key's version: without one Pulumi takes the newest, and can't read its own state after a rotation
    (https://github.com/pulumi/pulumi/issues/22338).
    """

    keys: Mapping[str, keyvault.Key]
    providers: Mapping[str, pulumi.Output[str]]

    def __init__(
        self,
        place: StatePlace,
        tenant: str,
        environments: Sequence[str],
        tags: dict[str, str],
        ready: Sequence[pulumi.Resource],
        parent: pulumi.Resource,
    ) -> None:
        super().__init__("state-keys", parent)
        vault = keyvault.Vault(
            "vault",
            vault_name=place.vault,
            resource_group_name=place.resource_group,
            location=place.location,
            properties=keyvault.VaultPropertiesArgs(
                tenant_id=tenant,
                sku=keyvault.SkuArgs(family=keyvault.SkuFamily.A, name=keyvault.SkuName.STANDARD),
                enable_rbac_authorization=True,
                enable_soft_delete=True,
                soft_delete_retention_in_days=_SOFT_DELETE_DAYS,
                enable_purge_protection=True,  # without the key the state can't be read any more
                public_network_access="enabled",  # hosted runners come from anywhere
            ),
            tags=tags,
            opts=self.child(protect=True, depends_on=list(ready)),
        )
        self.keys = {
            environment: keyvault.Key(
                f"key/{environment}",
                key_name=key_name(environment),
                vault_name=place.vault,
                resource_group_name=place.resource_group,
                properties=keyvault.KeyPropertiesArgs(
                    kty=keyvault.JsonWebKeyType.RSA,
                    key_size=_KEY_BITS,
                    key_ops=[keyvault.JsonWebKeyOperation.DECRYPT, keyvault.JsonWebKeyOperation.ENCRYPT],
                    attributes=keyvault.KeyAttributesArgs(enabled=True),
                ),
                tags={**tags, "environment": environment},
                opts=self.child(protect=True, depends_on=[vault]),
            )
            for environment in environments
        }
        self.providers = {
            environment: key.key_uri_with_version.apply(lambda uri: uri.replace("https://", "azurekeyvault://", 1))
            for environment, key in self.keys.items()
        }
        self.register_outputs({})
