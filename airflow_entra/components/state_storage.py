"""Where the state lies: a storage account that takes no keys and shows nothing, every version of each file kept."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import resources, storage

from airflow_entra.access.pipeline import CONTAINER, StatePlace
from airflow_entra.components.part import Part

_KEPT_DAYS = 90
_KEPT = storage.DeleteRetentionPolicyArgs(enabled=True, days=_KEPT_DAYS)


class StateStorage(Part):
    """`group` holds everything of the state; whoever may write in it decides over every deployment."""

    def __init__(self, place: StatePlace, tags: dict[str, str], parent: pulumi.Resource) -> None:
        super().__init__("state-storage", parent)
        needs: list[pulumi.Resource] = []
        if not place.group_exists:
            group = resources.ResourceGroup(
                "resource-group",
                resource_group_name=place.resource_group,
                location=place.location,
                tags=tags,
                opts=self.child(protect=True),
            )
            needs.append(group)
        account = storage.StorageAccount(
            "account",
            account_name=place.account,
            resource_group_name=place.resource_group,
            location=place.location,
            kind=storage.Kind.STORAGE_V2,
            sku=storage.SkuArgs(name=f"Standard_{place.redundancy}"),
            allow_shared_key_access=False,
            allow_blob_public_access=False,
            allow_cross_tenant_replication=False,
            allowed_copy_scope=storage.AllowedCopyScope.AAD,
            default_to_o_auth_authentication=True,
            enable_https_traffic_only=True,
            is_local_user_enabled=False,
            is_sftp_enabled=False,
            minimum_tls_version=storage.MinimumTlsVersion.TLS1_2,
            public_network_access=storage.PublicNetworkAccess.ENABLED,  # hosted runners come from anywhere
            tags=tags,
            opts=self.child(protect=True, depends_on=needs),
        )
        storage.BlobServiceProperties(
            "blobs",
            account_name=place.account,
            resource_group_name=place.resource_group,
            blob_services_name="default",  # the only name there is; the SDK would make one up
            is_versioning_enabled=True,
            delete_retention_policy=_KEPT,
            container_delete_retention_policy=_KEPT,
            opts=self.child(depends_on=[account]),
        )
        self.container = storage.BlobContainer(
            "container",
            account_name=place.account,
            container_name=CONTAINER,
            resource_group_name=place.resource_group,
            public_access=storage.PublicAccess.NONE,
            opts=self.child(protect=True, depends_on=[account]),
        )
        self.ready = [*needs, account]
        self.register_outputs({})
