"""The azuread package: its resource types and functions by token."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.standins.azuread.application import Application
from engine.standins.azuread.conditional_access import ConditionalAccessPolicy
from engine.standins.azuread.credentials import ApplicationCertificate, ApplicationPassword, FederatedIdentityCredential
from engine.standins.azuread.functions import FUNCTIONS
from engine.standins.azuread.grants import AppRoleAssignment, DelegatedPermissionGrant
from engine.standins.azuread.graph import SCOPE, Graph
from engine.standins.azuread.group import Group, GroupMember
from engine.standins.azuread.service_principal import ServicePrincipal
from engine.standins.azuread.user import User
from engine.standins.bridged.resource import BridgedResource, Calls
from engine.standins.bridged.schema import load
from engine.standins.credentials import Settings
from engine.standins.describe import describe_bridged
from engine.standins.errors import ProviderError
from engine.standins.package import ResourceType
from engine.standins.rest import Http, TokenSource, new_client
from engine.standins.values import Props

if TYPE_CHECKING:
    import httpx

_CALLS: Mapping[str, Callable[[Graph], Calls]] = {
    "azuread:index/appRoleAssignment:AppRoleAssignment": AppRoleAssignment,
    "azuread:index/application:Application": Application,
    "azuread:index/applicationCertificate:ApplicationCertificate": ApplicationCertificate,
    "azuread:index/applicationFederatedIdentityCredential:ApplicationFederatedIdentityCredential": (
        FederatedIdentityCredential
    ),
    "azuread:index/applicationPassword:ApplicationPassword": ApplicationPassword,
    "azuread:index/conditionalAccessPolicy:ConditionalAccessPolicy": ConditionalAccessPolicy,
    "azuread:index/group:Group": Group,
    "azuread:index/groupMember:GroupMember": GroupMember,
    "azuread:index/groupWithoutMembers:GroupWithoutMembers": partial(Group, members=False),
    "azuread:index/servicePrincipal:ServicePrincipal": ServicePrincipal,
    "azuread:index/servicePrincipalDelegatedPermissionGrant:ServicePrincipalDelegatedPermissionGrant": (
        DelegatedPermissionGrant
    ),
    "azuread:index/user:User": User,
}


class AzureAd:
    name = "azuread"

    def __init__(self, version: str, client: "Callable[[], httpx.Client]" = new_client) -> None:
        self.version = version
        self._http = Http(client)
        self._settings: Settings | None = None
        self._graph = Graph(self._http, TokenSource(self._http, lambda: self._configured().credential(), SCOPE))
        self._schemas = load(Path(__file__).with_name("schema.json"))
        self._resources = {
            token: BridgedResource(schema, partial(_CALLS[token], self._graph))
            for token, schema in self._schemas.items()
        }

    def schema(self) -> Props:
        return describe_bridged(self.name, self.version, self._schemas)

    def configure(self, settings: Settings) -> None:
        self._settings = settings

    def resource(self, token: str) -> ResourceType:
        if token not in self._resources:
            raise ProviderError(f"the stand-in for azuread does not serve {token}: use the official provider")
        return self._resources[token]

    def invoke(self, token: str, arguments: Props) -> Props:
        if token not in FUNCTIONS:
            raise ProviderError(f"the stand-in for azuread does not serve {token}: use the official provider")
        return FUNCTIONS[token](self._graph, self._configured().credential(), arguments)

    def cancel(self) -> None:
        self._http.stopping.set()

    def _configured(self) -> Settings:
        if self._settings is None:
            raise ProviderError("the provider is not configured")
        return self._settings


package = AzureAd
