"""Every route of Resource Manager that the tenant serves, and the action that it takes."""

from entra_local.arm.request import ArmRequest
from entra_local.arm.responses import access, keys, network, policies, resources, storage, vaults
from entra_local.routing import Route, Table

ArmRoute = Route[ArmRequest]

_SUBSCRIPTION = "/subscriptions/{subscription}"
_KEY_VAULT = _SUBSCRIPTION + "/providers/Microsoft.KeyVault"
_GROUP = _SUBSCRIPTION + "/resourceGroups/{group}"
_VAULT = _GROUP + "/providers/Microsoft.KeyVault/vaults/{name}"
_STORAGE = _GROUP + "/providers/Microsoft.Storage/storageAccounts"
_ACCOUNT = _STORAGE + "/{name}"
_BLOBS = _ACCOUNT + "/blobServices/{service}"
_CONTAINERS = _ACCOUNT + "/blobServices/default/containers"
_ENDPOINT = _GROUP + "/providers/Microsoft.Network/privateEndpoints/{name}"
_ZONES = _ENDPOINT + "/privateDnsZoneGroups/{zones}"
_DELETED = _KEY_VAULT + "/locations/{location}/deletedVaults/{name}"
_AUTHORIZATION = "/{scope:path}/providers/Microsoft.Authorization"


def _action(name: str) -> list[frozenset[str]]:
    return [frozenset({name})]


_READ_GROUP = _action("Microsoft.Resources/subscriptions/resourceGroups/read")
_READ_VAULT = _action("Microsoft.KeyVault/vaults/read")
_WRITE_VAULT = _action("Microsoft.KeyVault/vaults/write")
_READ_DELETED = _action("Microsoft.KeyVault/locations/deletedVaults/read")
_PURGE = _action("Microsoft.KeyVault/locations/deletedVaults/purge/action")
_READ_SECRET = _action("Microsoft.KeyVault/vaults/secrets/read")
_WRITE_SECRET = _action("Microsoft.KeyVault/vaults/secrets/write")
_READ_KEY = _action("Microsoft.KeyVault/vaults/keys/read")
_READ_ACCOUNT = _action("Microsoft.Storage/storageAccounts/read")
_READ_BLOBS = _action("Microsoft.Storage/storageAccounts/blobServices/read")
_READ_CONTAINER = _action("Microsoft.Storage/storageAccounts/blobServices/containers/read")
_READ_ASSIGNMENT = _action("Microsoft.Authorization/roleAssignments/read")
_READ_DEFINITION = _action("Microsoft.Authorization/roleDefinitions/read")

TABLE = Table(
    [
        # Microsoft.Authorization first: its scope may be any resource below.
        ArmRoute("GET", _AUTHORIZATION + "/roleAssignments", access.list_assignments, _READ_ASSIGNMENT),
        ArmRoute("GET", _AUTHORIZATION + "/roleAssignments/{name}", access.read_assignment, _READ_ASSIGNMENT),
        ArmRoute(
            "PUT",
            _AUTHORIZATION + "/roleAssignments/{name}",
            access.put_assignment,
            _action("Microsoft.Authorization/roleAssignments/write"),
        ),
        ArmRoute(
            "DELETE",
            _AUTHORIZATION + "/roleAssignments/{name}",
            access.delete_assignment,
            _action("Microsoft.Authorization/roleAssignments/delete"),
        ),
        ArmRoute(
            "GET",
            _AUTHORIZATION + "/permissions",
            access.list_permissions,
            _action("Microsoft.Authorization/permissions/read"),
        ),
        ArmRoute(
            "PUT",
            _AUTHORIZATION + "/policyAssignments/{name}",
            policies.put_assignment,
            _action("Microsoft.Authorization/policyAssignments/write"),
        ),
        ArmRoute("GET", _AUTHORIZATION + "/roleDefinitions", access.list_definitions, _READ_DEFINITION),
        ArmRoute("GET", _AUTHORIZATION + "/roleDefinitions/{name}", access.read_definition, _READ_DEFINITION),
        ArmRoute(
            "POST",
            _GROUP + "/providers/Microsoft.PolicyInsights/checkPolicyRestrictions",
            policies.check_restrictions,
            _action("Microsoft.PolicyInsights/checkPolicyRestrictions/read"),
        ),
        ArmRoute("GET", "/subscriptions", resources.list_subscriptions),
        ArmRoute("GET", _SUBSCRIPTION, resources.read_subscription, _action("Microsoft.Resources/subscriptions/read")),
        ArmRoute("GET", _SUBSCRIPTION + "/resourceGroups", resources.list_groups, _READ_GROUP),
        ArmRoute("GET", _GROUP, resources.read_group, _READ_GROUP),
        ArmRoute("HEAD", _GROUP, resources.group_exists, _READ_GROUP),
        ArmRoute("PUT", _GROUP, resources.put_group, _action("Microsoft.Resources/subscriptions/resourceGroups/write")),
        ArmRoute(
            "DELETE", _GROUP, resources.delete_group, _action("Microsoft.Resources/subscriptions/resourceGroups/delete")
        ),
        ArmRoute(
            "POST",
            _KEY_VAULT + "/checkNameAvailability",
            vaults.check_name,
            _action("Microsoft.KeyVault/checkNameAvailability/read"),
        ),
        ArmRoute("GET", _KEY_VAULT + "/vaults", vaults.list_in_subscription, _READ_VAULT),
        ArmRoute("GET", _KEY_VAULT + "/deletedVaults", vaults.list_deleted, _READ_DELETED),
        ArmRoute("GET", _DELETED, vaults.read_deleted, _READ_DELETED),
        ArmRoute(
            "POST",
            _DELETED + "/purge",
            vaults.purge,
            _action("Microsoft.KeyVault/locations/deletedVaults/purge/action"),
        ),
        ArmRoute("GET", _GROUP + "/providers/Microsoft.KeyVault/vaults", vaults.list_in_group, _READ_VAULT),
        ArmRoute("GET", _VAULT, vaults.read, _READ_VAULT),
        ArmRoute("PUT", _VAULT, vaults.put, _WRITE_VAULT),
        ArmRoute("PATCH", _VAULT, vaults.patch, _WRITE_VAULT),
        ArmRoute("DELETE", _VAULT, vaults.delete, _action("Microsoft.KeyVault/vaults/delete")),
        ArmRoute("GET", _VAULT + "/secrets", vaults.list_secrets, _READ_SECRET),
        ArmRoute("GET", _VAULT + "/secrets/{secret}", vaults.read_secret, _READ_SECRET),
        ArmRoute("PUT", _VAULT + "/secrets/{secret}", vaults.put_secret, _WRITE_SECRET),
        ArmRoute("PATCH", _VAULT + "/secrets/{secret}", vaults.put_secret, _WRITE_SECRET),
        ArmRoute("GET", _VAULT + "/keys", keys.list_all, _READ_KEY),
        ArmRoute("GET", _VAULT + "/keys/{key}", keys.read, _READ_KEY),
        ArmRoute("PUT", _VAULT + "/keys/{key}", keys.put, _action("Microsoft.KeyVault/vaults/keys/write")),
        ArmRoute("GET", _ENDPOINT, network.read, _action("Microsoft.Network/privateEndpoints/read")),
        ArmRoute("PUT", _ENDPOINT, network.put, _action("Microsoft.Network/privateEndpoints/write")),
        ArmRoute("DELETE", _ENDPOINT, network.delete, _action("Microsoft.Network/privateEndpoints/delete")),
        ArmRoute(
            "GET", _ZONES, network.read_zones, _action("Microsoft.Network/privateEndpoints/privateDnsZoneGroups/read")
        ),
        ArmRoute(
            "PUT", _ZONES, network.put_zones, _action("Microsoft.Network/privateEndpoints/privateDnsZoneGroups/write")
        ),
        ArmRoute(
            "DELETE",
            _ZONES,
            network.delete_zones,
            _action("Microsoft.Network/privateEndpoints/privateDnsZoneGroups/delete"),
        ),
        ArmRoute("GET", _STORAGE, storage.list_in_group, _READ_ACCOUNT),
        ArmRoute("GET", _ACCOUNT, storage.read, _READ_ACCOUNT),
        ArmRoute("PUT", _ACCOUNT, storage.put, _action("Microsoft.Storage/storageAccounts/write")),
        ArmRoute("DELETE", _ACCOUNT, storage.delete, _action("Microsoft.Storage/storageAccounts/delete")),
        ArmRoute("GET", _BLOBS, storage.read_blob_service, _READ_BLOBS),
        ArmRoute(
            "PUT", _BLOBS, storage.put_blob_service, _action("Microsoft.Storage/storageAccounts/blobServices/write")
        ),
        ArmRoute("GET", _CONTAINERS, storage.list_containers, _READ_CONTAINER),
        ArmRoute("GET", _CONTAINERS + "/{container}", storage.read_container, _READ_CONTAINER),
        ArmRoute(
            "PUT",
            _CONTAINERS + "/{container}",
            storage.put_container,
            _action("Microsoft.Storage/storageAccounts/blobServices/containers/write"),
        ),
        ArmRoute(
            "DELETE",
            _CONTAINERS + "/{container}",
            storage.delete_container,
            _action("Microsoft.Storage/storageAccounts/blobServices/containers/delete"),
        ),
    ]
)
