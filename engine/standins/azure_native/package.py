"""The azure-native package: its resource types and functions by token."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.standins import describe
from engine.standins.azure_native.arm import SCOPE, Arm
from engine.standins.azure_native.arm_type import ArmType
from engine.standins.azure_native.resource import ArmResource, Services, resource_for
from engine.standins.azure_native.types import SECRET, TYPES, VAULT
from engine.standins.azure_native.vault import VaultClient
from engine.standins.credentials import Credential, Settings
from engine.standins.errors import ProviderError
from engine.standins.package import ResourceType
from engine.standins.rest import Http, TokenSource, new_client
from engine.standins.values import Props

if TYPE_CHECKING:
    import httpx

_LOOK_UPS = {"azure-native:keyvault:getVault": VAULT, "azure-native:keyvault:getSecret": SECRET}


class AzureNative:
    name = "azure-native"

    def __init__(self, version: str, client: "Callable[[], httpx.Client]" = new_client) -> None:
        self.version = version
        self._settings: Settings | None = None
        self._http = Http(client)
        self._tokens = TokenSource(self._http, self._credential, SCOPE)
        services = Services(
            http=self._http,
            arm=Arm(self._http, self._tokens),
            vaults=VaultClient(self._http, lambda scope: TokenSource(self._http, self._credential, scope)),
            subscription=self._subscription,
            location=lambda: self._configured().get("location", "ARM_LOCATION"),
        )
        self._services = services
        self._resources: dict[str, ArmResource] = {each.token: resource_for(each, services) for each in TYPES}

    def schema(self) -> Props:
        """Names only: what is inside an object is not described."""
        return describe.describe(self.name, self.version, {each.token: self._describe(each) for each in TYPES})

    def configure(self, settings: Settings) -> None:
        self._settings = settings

    def resource(self, token: str) -> ResourceType:
        if token not in self._resources:
            raise ProviderError(f"the stand-in for azure-native does not serve {token}: use the official provider")
        return self._resources[token]

    def invoke(self, token: str, arguments: Props) -> Props:
        if token == "azure-native:authorization:getClientConfig":  # noqa: S105  # a Pulumi token
            credential = self._credential()
            return {
                "clientId": credential.client_id,
                "objectId": str(self._tokens.claims().get("oid", "")),
                "subscriptionId": self._subscription(),
                "tenantId": credential.tenant_id,
            }
        if token not in _LOOK_UPS:
            raise ProviderError(f"the stand-in for azure-native does not serve {token}: use the official provider")
        arm_type = _LOOK_UPS[token]
        live = self._resources[arm_type.token].read(arm_type.id_of(arguments, self._subscription()), {}, {})
        if live is None:
            raise ProviderError(f"no such resource: {arm_type.id_of(arguments, self._subscription())}")
        return live.outputs

    def cancel(self) -> None:
        self._http.stopping.set()

    @staticmethod
    def _describe(arm_type: ArmType) -> Props:
        inputs = dict.fromkeys(arm_type.body, describe.ANY) | {key: {"type": "string"} for key in arm_type.parameters}
        required = {path for path in arm_type.required if "." not in path and path != "location"}
        return describe.resource(dict.fromkeys(arm_type.outputs, describe.ANY), inputs, required)

    def _subscription(self) -> str:
        subscription = self._configured().get("subscriptionId", "ARM_SUBSCRIPTION_ID", "AZURE_SUBSCRIPTION_ID")
        if not subscription:
            raise ProviderError(
                "a subscription ID must be configured: set ARM_SUBSCRIPTION_ID (or azure-native:subscriptionId)"
            )
        return subscription

    def _credential(self) -> Credential:
        return self._configured().credential()

    def _configured(self) -> Settings:
        if self._settings is None:
            raise ProviderError("the provider is not configured")
        return self._settings


package = AzureNative
