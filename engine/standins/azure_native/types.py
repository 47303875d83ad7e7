"""The Resource Manager types that are served, as a table.

API versions are the defaults of pulumi-azure-native 3.29.0, found in its SDK's documentation of each type.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any

from engine.standins.errors import ProviderError
from engine.standins.values import Props

KEY_VAULT_API = "2024-11-01"

Fields = Mapping[str, Any]
"""Properties by name: None for a value of any kind, or the fields of an object."""


class AutoName(Enum):
    RANDOM = "random"
    """The resource's name and eight hexadecimal digits: the new one can be made before the old one goes."""
    COPY = "copy"
    UUID = "uuid"


@dataclass(frozen=True)
class ArmType:
    token: str
    path: str
    api_version: str
    name: str
    """The input that names the resource; it is made up where none is given."""
    auto_name: AutoName
    body: Fields
    outputs: Fields
    required: tuple[str, ...]
    """Paths of required inputs."""
    force_new: frozenset[str] = frozenset()
    flattened: bool = False
    """The body nests the inputs in `properties`, the SDK does not."""
    patterns: Mapping[str, str] = field(default_factory=dict)
    wire_names: Mapping[str, str] = field(default_factory=dict)
    """Paths of properties that the wire calls otherwise than the SDK (Azure's `x-ms-client-name`)."""

    def to_wire(self, value: Props) -> Props:
        return _renamed(value, self.wire_names)

    def from_wire(self, value: Props) -> Props:
        parents = {path: path.rpartition(".") for path in self.wire_names}
        sdk_names = {f"{parents[path][0]}.{name}": parents[path][2] for path, name in self.wire_names.items()}
        return _renamed(value, sdk_names)

    @property
    def parameters(self) -> list[str]:
        """Inputs that are part of the path: a change replaces."""
        return [name for name in re.findall(r"\{(\w+)\}", self.path) if name != "subscriptionId"]

    def id_of(self, inputs: Props, subscription: str) -> str:
        values = {**inputs, "subscriptionId": subscription}
        return re.sub(r"\{(\w+)\}", lambda match: str(values[match[1]]).strip("/"), self.path)

    def parameters_of(self, object_id: str) -> Props:
        pattern = re.sub(r"\{(\w+)\}", lambda m: f"(?P<{m[1]}>{'.+' if m[1] == 'scope' else '[^/]+'})", self.path)
        match = re.fullmatch(pattern, object_id, re.IGNORECASE)
        if match is None:
            raise ProviderError(f"the ID {object_id!r} is not of the form {self.path}")
        return {name: f"/{match[name]}" if name == "scope" else match[name] for name in self.parameters}


_GROUP = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
_VAULT = _GROUP + "/providers/Microsoft.KeyVault/vaults/{vaultName}"
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

TYPES = (RESOURCE_GROUP, VAULT, SECRET, ROLE_ASSIGNMENT)


def select(fields: Fields, value: Props) -> Props:
    """The part of an object that the fields name, without nulls."""

    def nested(key: str) -> Any:
        inner, item = fields[key], value[key]
        return select(inner, item) if inner is not None and isinstance(item, dict) else item

    return {key: nested(key) for key in fields if value.get(key) is not None}


def _renamed(value: Props, names: Mapping[str, str], prefix: str = "") -> Props:
    return {
        names.get(prefix + key, key): _renamed(item, names, f"{prefix}{key}.") if isinstance(item, dict) else item
        for key, item in value.items()
    }
