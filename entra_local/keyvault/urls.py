"""Every route of the data plane that the tenant serves, and the data action that it takes."""

from entra_local.keyvault import key_responses, responses
from entra_local.keyvault.request import VaultRequest
from entra_local.routing import Route, Table

VaultRoute = Route[VaultRequest]


def _action(name: str) -> list[frozenset[str]]:
    return [frozenset({f"Microsoft.KeyVault/vaults/secrets/{name}"})]


def _key_action(name: str) -> list[frozenset[str]]:
    return [frozenset({f"Microsoft.KeyVault/vaults/keys/{name}/action"})]


_ENCRYPT, _DECRYPT = _key_action("encrypt"), _key_action("decrypt")
_METADATA = _action("readMetadata/action")

TABLE = Table(
    [
        VaultRoute("GET", "/secrets", responses.list_secrets, _METADATA),
        VaultRoute("GET", "/secrets/{name}/versions", responses.list_versions, _METADATA),
        VaultRoute("GET", "/secrets/{name}", responses.get_secret, _action("getSecret/action")),
        VaultRoute("GET", "/secrets/{name}/{version}", responses.get_secret, _action("getSecret/action")),
        VaultRoute("PUT", "/secrets/{name}", responses.set_secret, _action("setSecret/action")),
        VaultRoute("PATCH", "/secrets/{name}", responses.update_secret, _action("update/action")),
        VaultRoute("PATCH", "/secrets/{name}/{version}", responses.update_secret, _action("update/action")),
        VaultRoute("DELETE", "/secrets/{name}", responses.delete_secret, _action("delete")),
        VaultRoute("GET", "/deletedsecrets", responses.list_deleted, _METADATA),
        VaultRoute("GET", "/deletedsecrets/{name}", responses.get_deleted, _METADATA),
        VaultRoute("POST", "/deletedsecrets/{name}/recover", responses.recover, _action("recover/action")),
        VaultRoute("DELETE", "/deletedsecrets/{name}", responses.purge, _action("purge/action")),
        VaultRoute(
            "DELETE", "/keys/{key}", key_responses.delete, [frozenset({"Microsoft.KeyVault/vaults/keys/delete"})]
        ),
        VaultRoute("POST", "/keys/{key}/encrypt", key_responses.encrypt, _ENCRYPT),
        VaultRoute("POST", "/keys/{key}/{version}/encrypt", key_responses.encrypt, _ENCRYPT),
        VaultRoute("POST", "/keys/{key}/decrypt", key_responses.decrypt, _DECRYPT),
        VaultRoute("POST", "/keys/{key}/{version}/decrypt", key_responses.decrypt, _DECRYPT),
    ]
)
