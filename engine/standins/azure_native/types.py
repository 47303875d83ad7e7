"""The Resource Manager types that are served, as a table.

API versions are the defaults of pulumi-azure-native 3.29.0, found in its SDK's documentation of each type.
"""

from types import MappingProxyType

from engine.standins.azure_native.arm_type import ArmType, AutoName, Fields

KEY_VAULT_API = "2024-11-01"
NETWORK_API = "2024-05-01"
STORAGE_API = "2024-01-01"

_GROUP = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
_VAULT = _GROUP + "/providers/Microsoft.KeyVault/vaults/{vaultName}"
_ACCOUNT = _GROUP + "/providers/Microsoft.Storage/storageAccounts/{accountName}"
_COMMON: Fields = MappingProxyType({"azureApiVersion": None, "id": None, "name": None, "type": None})
_VAULT_PROPERTIES = (
    "accessPolicies",
    "enablePurgeProtection",
    "enableRbacAuthorization",
    "enableSoftDelete",
    "enabledForDeployment",
    "enabledForDiskEncryption",
    "enabledForTemplateDeployment",
    "networkAcls",
    "publicNetworkAccess",
    "sku",
    "softDeleteRetentionInDays",
    "tenantId",
)
_ROLE_ASSIGNMENT = (
    "condition",
    "conditionVersion",
    "delegatedManagedIdentityResourceId",
    "description",
    "principalId",
    "principalType",
    "roleDefinitionId",
)

RESOURCE_GROUP = ArmType(
    "azure-native:resources:ResourceGroup",
    path=_GROUP,
    api_version="2024-03-01",
    name="resourceGroupName",
    auto_name=AutoName.RANDOM,
    body={"location": None, "managedBy": None, "tags": None},
    outputs={**_COMMON, "location": None, "managedBy": None, "properties": {"provisioningState": None}, "tags": None},
    required=("location",),
    force_new=frozenset({"location"}),
    patterns={"resourceGroupName": r"[-\w._()]{1,90}"},
)
VAULT = ArmType(
    "azure-native:keyvault:Vault",
    path=_VAULT,
    api_version=KEY_VAULT_API,
    name="vaultName",
    auto_name=AutoName.RANDOM,
    body={"location": None, "tags": None, "properties": dict.fromkeys((*_VAULT_PROPERTIES, "createMode"))},
    outputs={
        **_COMMON,
        "location": None,
        "properties": dict.fromkeys(
            (*_VAULT_PROPERTIES, "hsmPoolResourceId", "privateEndpointConnections", "provisioningState", "vaultUri")
        ),
        "systemData": None,
        "tags": None,
    },
    required=("location", "properties", "properties.sku", "properties.tenantId", "resourceGroupName"),
    force_new=frozenset({"location"}),
    patterns={"vaultName": r"[a-zA-Z0-9-]{3,24}"},
)
SECRET = ArmType(
    "azure-native:keyvault:Secret",
    path=_VAULT + "/secrets/{secretName}",
    api_version=KEY_VAULT_API,
    name="secretName",
    auto_name=AutoName.COPY,
    body={
        "properties": {
            "attributes": dict.fromkeys(("enabled", "expires", "notBefore")),
            "contentType": None,
            "value": None,
        },
        "tags": None,
    },
    outputs={
        **_COMMON,
        "location": None,
        "properties": dict.fromkeys(("attributes", "contentType", "secretUri", "secretUriWithVersion")),
        "tags": None,
    },
    required=("properties", "resourceGroupName", "vaultName"),
    patterns={"secretName": r"[a-zA-Z0-9-]{1,127}"},
    wire_names={"properties.attributes.expires": "exp", "properties.attributes.notBefore": "nbf"},
)
ROLE_ASSIGNMENT = ArmType(
    "azure-native:authorization:RoleAssignment",
    path="/{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
    api_version="2022-04-01",
    name="roleAssignmentName",
    auto_name=AutoName.UUID,
    body=dict.fromkeys(_ROLE_ASSIGNMENT),
    outputs={
        **_COMMON,
        **dict.fromkeys((*_ROLE_ASSIGNMENT, "createdBy", "createdOn", "scope", "systemData", "updatedBy", "updatedOn")),
    },
    required=("principalId", "roleDefinitionId", "scope"),
    flattened=True,
)

_KEY = ("attributes", "curveName", "keyOps", "keySize", "kty", "releasePolicy", "rotationPolicy")
KEY = ArmType(
    "azure-native:keyvault:Key",
    path=_VAULT + "/keys/{keyName}",
    api_version=KEY_VAULT_API,
    name="keyName",
    auto_name=AutoName.COPY,
    body={"properties": dict.fromkeys(_KEY), "tags": None},
    outputs={**_COMMON, **dict.fromkeys((*_KEY, "keyUri", "keyUriWithVersion", "location", "tags"))},
    required=("properties", "resourceGroupName", "vaultName"),
    patterns={"keyName": r"[a-zA-Z0-9-]{1,127}"},
    wire_names={
        "attributes.expires": "exp",
        "attributes.notBefore": "nbf",
        "properties.attributes.expires": "exp",
        "properties.attributes.notBefore": "nbf",
    },
    flattened_outputs=True,
)
_STORAGE = (
    "accessTier",
    "allowBlobPublicAccess",
    "allowCrossTenantReplication",
    "allowSharedKeyAccess",
    "allowedCopyScope",
    "azureFilesIdentityBasedAuthentication",
    "customDomain",
    "defaultToOAuthAuthentication",
    "dnsEndpointType",
    "enableExtendedGroups",
    "enableHttpsTrafficOnly",
    "enableNfsV3",
    "encryption",
    "immutableStorageWithVersioning",
    "isHnsEnabled",
    "isLocalUserEnabled",
    "isSftpEnabled",
    "keyPolicy",
    "largeFileSharesState",
    "minimumTlsVersion",
    "networkRuleSet",
    "publicNetworkAccess",
    "routingPreference",
    "sasPolicy",
)
_BESIDE = ("extendedLocation", "identity", "kind", "location", "sku", "tags")
_STORAGE_MADE = ("creationTime", "primaryEndpoints", "primaryLocation", "provisioningState", "statusOfPrimary")
STORAGE_ACCOUNT = ArmType(
    "azure-native:storage:StorageAccount",
    path=_ACCOUNT,
    api_version=STORAGE_API,
    name="accountName",
    auto_name=AutoName.RANDOM,
    body=dict.fromkeys((*_STORAGE, *_BESIDE)),
    outputs={**_COMMON, **dict.fromkeys((*_STORAGE, *_BESIDE, *_STORAGE_MADE))},
    required=("kind", "location", "resourceGroupName", "sku"),
    force_new=frozenset({"location"}),
    flattened=True,
    beside=frozenset(_BESIDE),
    patterns={"accountName": r"[a-z0-9]{3,24}"},
    wire_names={
        "enableHttpsTrafficOnly": "supportsHttpsTrafficOnly",
        "enableNfsV3": "isNfsV3Enabled",
        "networkRuleSet": "networkAcls",
    },
)
_BLOB_SERVICE = (
    "automaticSnapshotPolicyEnabled",
    "changeFeed",
    "containerDeleteRetentionPolicy",
    "cors",
    "defaultServiceVersion",
    "deleteRetentionPolicy",
    "isVersioningEnabled",
    "lastAccessTimeTrackingPolicy",
    "restorePolicy",
)
BLOB_SERVICE = ArmType(
    "azure-native:storage:BlobServiceProperties",
    path=_ACCOUNT + "/blobServices/{blobServicesName}",
    api_version=STORAGE_API,
    name="blobServicesName",
    auto_name=AutoName.COPY,
    body=dict.fromkeys(_BLOB_SERVICE),
    outputs={**_COMMON, **dict.fromkeys((*_BLOB_SERVICE, "sku"))},
    required=("accountName", "resourceGroupName"),
    flattened=True,
    there_from_the_start=True,
)
_CONTAINER = (
    "defaultEncryptionScope",
    "denyEncryptionScopeOverride",
    "enableNfsV3AllSquash",
    "enableNfsV3RootSquash",
    "immutableStorageWithVersioning",
    "metadata",
    "publicAccess",
)
CONTAINER = ArmType(
    "azure-native:storage:BlobContainer",
    path=_ACCOUNT + "/blobServices/default/containers/{containerName}",
    api_version=STORAGE_API,
    name="containerName",
    auto_name=AutoName.COPY,
    body=dict.fromkeys(_CONTAINER),
    outputs={**_COMMON, **dict.fromkeys((*_CONTAINER, "etag", "hasImmutabilityPolicy", "hasLegalHold"))},
    required=("accountName", "resourceGroupName"),
    flattened=True,
    patterns={"containerName": r"[a-z0-9](-?[a-z0-9])+"},
)

_ENDPOINT = _GROUP + "/providers/Microsoft.Network/privateEndpoints/{privateEndpointName}"
_LINKS = ("manualPrivateLinkServiceConnections", "privateLinkServiceConnections")
_ENDPOINT_PROPERTIES = (
    "applicationSecurityGroups",
    "customDnsConfigs",
    "customNetworkInterfaceName",
    "ipConfigurations",
    *_LINKS,
    "subnet",
)
_BESIDE_ENDPOINT = ("extendedLocation", "id", "location", "tags")
PRIVATE_ENDPOINT = ArmType(
    "azure-native:network:PrivateEndpoint",
    path=_ENDPOINT,
    api_version=NETWORK_API,
    name="privateEndpointName",
    auto_name=AutoName.RANDOM,
    body=dict.fromkeys((*_ENDPOINT_PROPERTIES, *_BESIDE_ENDPOINT)),
    outputs={
        **_COMMON,
        **dict.fromkeys((*_ENDPOINT_PROPERTIES, *_BESIDE_ENDPOINT, "networkInterfaces", "provisioningState")),
    },
    required=("resourceGroupName",),
    flattened=True,
    beside=frozenset(_BESIDE_ENDPOINT),
    nested_items=frozenset(_LINKS),
)
PRIVATE_DNS_ZONE_GROUP = ArmType(
    "azure-native:network:PrivateDnsZoneGroup",
    path=_ENDPOINT + "/privateDnsZoneGroups/{privateDnsZoneGroupName}",
    api_version=NETWORK_API,
    name="privateDnsZoneGroupName",
    auto_name=AutoName.COPY,
    body=dict.fromkeys(("id", "name", "privateDnsZoneConfigs")),
    outputs={**_COMMON, **dict.fromkeys(("privateDnsZoneConfigs", "provisioningState"))},
    required=("privateEndpointName", "resourceGroupName"),
    flattened=True,
    beside=frozenset({"id", "name"}),
    nested_items=frozenset({"privateDnsZoneConfigs"}),
)

TYPES = (
    PRIVATE_ENDPOINT,
    PRIVATE_DNS_ZONE_GROUP,
    RESOURCE_GROUP,
    VAULT,
    SECRET,
    KEY,
    ROLE_ASSIGNMENT,
    STORAGE_ACCOUNT,
    BLOB_SERVICE,
    CONTAINER,
)
