"""Has the engine start the providers while the program is still importing their SDKs.

Pulumi sends a program's requests when the program's last line has run, and the engine starts a provider at the first
request for it, one after the other: three processes that come up while the program does nothing. Asked for early they
come up meanwhile, on another core. What they answer is not looked at.
"""

from __future__ import annotations

from importlib.metadata import version

from pulumi.runtime.proto.resource_pb2 import ResourceInvokeRequest
from pulumi.runtime.settings import get_monitor

from airflow_entra.settings.model import StackSettings, VaultSecret

AZUREAD = version("pulumi-azuread")
"""The version of the provider plugin that the SDK asks the engine for: another one would be another provider."""
_AZURE_NATIVE = version("pulumi-azure-native")


def start_providers(settings: StackSettings) -> None:
    """Those that the stack needs, so that no other gets into its state. Does not wait for them."""
    _ask("azuread:index/getClientConfig:getClientConfig", AZUREAD)
    if isinstance(settings.credential, VaultSecret):
        _ask("azure-native:authorization:getClientConfig", _AZURE_NATIVE)
    if settings.makes_token_lifetime_policy:
        _ask("pulumi-python:dynamic:started", "")


def _ask(token: str, plugin_version: str) -> None:
    monitor = get_monitor()
    if monitor is None:
        raise TypeError("outside of a deployment there is no engine to ask")
    monitor.Invoke.future(ResourceInvokeRequest(tok=token, version=plugin_version))
