"""The key vault that holds the client secret and the watcher's, and who may read them."""

from __future__ import annotations

import asyncio

import pulumi
from pulumi_azure_native import Provider, authorization, keyvault

from airflow_entra.access import names
from airflow_entra.access.azure_roles import SECRETS_OFFICER, SECRETS_USER, role_definition
from airflow_entra.access.secret_slots import parse_rfc3339
from airflow_entra.access.vault import VaultPlace, purge_protected
from airflow_entra.components.client_credential import ClientCredential
from airflow_entra.components.part import Part
from airflow_entra.components.proof import proven
from airflow_entra.directory.tenant import LiveTenant
from airflow_entra.settings.model import CreatedVault, StackSettings, VaultSecret
from airflow_entra.settings.types import ELSEWHERE

_SOFT_DELETE_DAYS = 90  # the longest there is, and it can't be changed afterwards


class SecretVault(Part):
    """`facts` are what may be shown of the client secret, `watcher_facts` of the watcher's: never a value.

    `tenant` says of what kind the readers are. `watcher` are the watcher's secret and what is kept in the vault of it,
    where it has one.
    """

    def __init__(
        self,
        settings: StackSettings,
        credential: VaultSecret,
        client: ClientCredential,
        deployer: pulumi.Input[str],
        recover: pulumi.Output[bool],
        parent: pulumi.Resource,
        tenant: LiveTenant,
        watcher: tuple[VaultSecret, ClientCredential] | None = None,
    ) -> None:
        super().__init__("secret-vault", parent)
        self._tenant = tenant
        self._settings = settings
        self._place = VaultPlace.of(settings, credential)
        self._in_subscription = self._other_subscription()
        manage_roles = settings.tenant.manage.vault_roles == "managed"
        made: list[pulumi.Resource] = []
        if isinstance(credential.vault, CreatedVault):
            made.append(self._vault(credential.vault, recover))
            if credential.vault.private_endpoint_subnet:
                self._private_endpoint(
                    credential.vault.private_endpoint_subnet, credential.vault.private_dns_zone, made[0]
                )
            if manage_roles:
                made.append(self._officer(deployer, made[0]))
        secret = self._secret(credential, client, made)
        if manage_roles:
            for reader in credential.vault.readers:
                self._reader(reader, credential, secret)
        self.facts = self._facts(credential)
        self.watcher_facts: dict[str, str] = {}
        if watcher is not None:
            self.watcher_facts = self._watchers(*watcher, made)
        self.register_outputs(self.facts)

    def _watchers(
        self, credential: VaultSecret, client: ClientCredential, made: list[pulumi.Resource]
    ) -> dict[str, str]:
        """Readers of a vault of ours read all of it; of a vault that others use too, each secret by itself."""
        secret = self._secret(credential, client, made, "watcher-")
        if self._settings.tenant.manage.vault_roles == "managed" and not isinstance(credential.vault, CreatedVault):
            for reader in credential.vault.readers:
                self._reader(reader, credential, secret, "watcher-")
        return self._facts(credential)

    def _facts(self, credential: VaultSecret) -> dict[str, str]:
        name = credential.secret_name
        return {"vaultUri": self._place.uri, "secretName": name, "secretUri": self._place.secret_uri(name)}

    def _other_subscription(self) -> pulumi.ProviderResource | None:
        if self._place.subscription == self._settings.subscription_id:
            return None
        return Provider("vault-subscription", subscription_id=self._place.subscription, opts=self.child())

    def _vault(self, vault: CreatedVault, recover: pulumi.Output[bool]) -> keyvault.Vault:
        private = vault.private_endpoint_subnet is not None
        properties = keyvault.VaultPropertiesArgs(
            tenant_id=self._settings.tenant_id,
            sku=keyvault.SkuArgs(family=keyvault.SkuFamily.A, name=keyvault.SkuName.STANDARD),
            create_mode=recover.apply(lambda it_is: keyvault.CreateMode.RECOVER if it_is else None),
            enable_rbac_authorization=True,
            enable_soft_delete=True,
            soft_delete_retention_in_days=_SOFT_DELETE_DAYS,
            # Azure refuses False: it can't be turned off.
            enable_purge_protection=True if purge_protected(self._settings, vault) else None,
            public_network_access="disabled" if private else "enabled",
            network_acls=keyvault.NetworkRuleSetArgs(
                bypass=keyvault.NetworkRuleBypassOptions.NONE
                if private
                else keyvault.NetworkRuleBypassOptions.AZURE_SERVICES,
                default_action=keyvault.NetworkRuleAction.DENY if private else keyvault.NetworkRuleAction.ALLOW,
            ),
        )
        return keyvault.Vault(
            "vault",
            vault_name=self._place.name,
            resource_group_name=self._place.resource_group,
            location=self._settings.location,
            properties=properties,
            tags=vault.tags or None,
            # How a vault came to be is said at its creation only and is never read back.
            opts=self.child(ignore_changes=["properties.createMode"]),
        )

    def _private_endpoint(self, subnet: str, zone: str | None, vault: pulumi.Resource) -> None:
        """The only way to the secret from then on. Writing it goes through Azure itself and needs no such way.

        Without a zone, somebody else registers its address. Azure fills `customDnsConfigs`, and a record in a zone
        empties it: it is nobody's to declare.
        """
        from pulumi_azure_native import network  # 3 s to import: only for who asks for it

        name = f"pe-{self._place.name}"
        endpoint = network.PrivateEndpoint(
            "private-endpoint",
            private_endpoint_name=name,
            resource_group_name=self._place.resource_group,
            location=self._settings.location,
            subnet=network.SubnetArgs(id=subnet),
            private_link_service_connections=[
                network.PrivateLinkServiceConnectionArgs(
                    name=self._place.name, private_link_service_id=self._place.id, group_ids=["vault"]
                )
            ],
            opts=self.child(depends_on=[vault], ignore_changes=["customDnsConfigs"]),
        )
        if zone is not None and zone != ELSEWHERE:
            network.PrivateDnsZoneGroup(
                "private-endpoint-dns",
                private_dns_zone_group_name="default",  # what the portal and the landing zones' policies call it
                private_endpoint_name=name,
                resource_group_name=self._place.resource_group,
                private_dns_zone_configs=[
                    network.PrivateDnsZoneConfigArgs(name="vault", private_dns_zone_id=zone),
                ],
                opts=self.child(depends_on=[endpoint]),
            )

    def _officer(self, deployer: pulumi.Input[str], vault: pulumi.Resource) -> authorization.RoleAssignment:
        """Deleting a secret goes through the vault itself, where being the subscription's owner counts for nothing.

        Ignored afterwards: who happens to deploy next time is no change to the stack.
        """
        scope = self._place.id
        return authorization.RoleAssignment(
            "deployer-secrets-officer",
            scope=scope,
            principal_id=deployer,
            principal_type=self._kind_of(deployer),
            role_definition_id=role_definition(self._place.subscription, SECRETS_OFFICER),
            role_assignment_name=pulumi.Output.from_input(deployer).apply(
                lambda me: names.role_assignment_name(scope, me, SECRETS_OFFICER)
            ),
            opts=self.child(ignore_changes=["principalId", "principalType", "roleAssignmentName"], depends_on=[vault]),
        )

    def _secret(
        self, credential: VaultSecret, client: ClientCredential, made: list[pulumi.Resource], whose: str = ""
    ) -> keyvault.Secret:
        if client.secret is None or client.expires is None:
            raise TypeError("only a credential in mode vaultSecret has something to put into a vault")
        return keyvault.Secret(
            f"{whose}client-secret",
            secret_name=credential.secret_name,
            vault_name=self._place.name,
            resource_group_name=self._place.resource_group,
            properties=keyvault.SecretPropertiesArgs(
                value=proven(client.secret, client.client_id, self._settings.tenant_id),
                content_type="Entra client secret of Airflow's watcher" if whose else "Entra client secret of Airflow",
                attributes=keyvault.SecretAttributesArgs(
                    enabled=True, expires=client.expires.apply(lambda end: int(parse_rfc3339(end).timestamp()))
                ),
            ),
            opts=self.child(depends_on=made, provider=self._in_subscription),
        )

    def _reader(self, reader: str, credential: VaultSecret, secret: keyvault.Secret, whose: str = "") -> None:
        scope = self._place.readers_scope(credential)
        authorization.RoleAssignment(
            f"{whose}secrets-user/{reader}",
            scope=scope,
            principal_id=reader,
            principal_type=self._kind_of(reader),
            role_definition_id=role_definition(self._place.subscription, SECRETS_USER),
            role_assignment_name=names.role_assignment_name(scope, reader, SECRETS_USER),
            # Older releases didn't say the kind: what they made stays as it is.
            opts=self.child(depends_on=[secret], provider=self._in_subscription, ignore_changes=["principalType"]),
        )

    def _kind_of(self, principal: pulumi.Input[str]) -> pulumi.Output[str | None]:
        """The kind of a principal. Azure doesn't know one that was made minutes ago (PrincipalNotFound) unless it is
        told the kind. Empty where the directory doesn't tell: Azure looks it up then. The SDK would write "User", and
        only an output that turns out empty gets past that.
        """

        async def look(object_id: str) -> str | None:
            kind = await asyncio.to_thread(self._tenant.principal_type, object_id)
            return kind if isinstance(kind, str) else None

        return pulumi.Output.from_input(principal).apply(look)
