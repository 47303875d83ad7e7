"""Which service answers for which host name."""

from typing import Any

from entra_local.arm.service import ARM
from entra_local.graph.service import GRAPH
from entra_local.keyvault.service import KEY_VAULT
from entra_local.portal.service import PORTAL
from entra_local.service import Service
from entra_local.signin.service import SIGN_IN
from entra_local.wire import Call

LOGIN = "login.microsoftonline.com"
GRAPH_HOST = "graph.microsoft.com"
RESOURCE_MANAGER = "management.azure.com"
VAULTS = ".vault.azure.net"


def permitted(host: str, port: int) -> bool:
    """Whether the proxy lets a connection through: Azure's four names on the TLS port, nothing else."""
    return port == 443 and (host in (LOGIN, GRAPH_HOST, RESOURCE_MANAGER) or _is_vault(host))


def service_for(call: Call) -> Service[Any] | None:
    """The service of a request's host, or None for a stranger (a rebound DNS name, for one)."""
    host = call.host.removesuffix(":443")
    match host:
        case "login.microsoftonline.com":
            return SIGN_IN
        case "graph.microsoft.com":
            return SIGN_IN if call.path.lower() == "/oidc/userinfo" else GRAPH
        case "management.azure.com":
            # A client with a metadata host asks Resource Manager for the cloud description.
            return SIGN_IN if call.path.startswith("/metadata/") else ARM
    if _is_vault(host):
        return KEY_VAULT
    if call.at_loopback:
        if call.path.lower().startswith(("/v1.0/", "/beta/")):
            # For a program that was given the loopback address instead of the proxy.
            return GRAPH
        return PORTAL if call.path in ("/", "/health") or f"{call.path}/".startswith("/portal/") else SIGN_IN
    return None


def fault_host(service: Service[Any]) -> str:
    """How faults on demand call a service's host; "" for the pages, which are never faulty."""
    names: dict[Service[Any], str] = {GRAPH: "graph", SIGN_IN: "login", KEY_VAULT: "vault", ARM: "arm"}
    return names.get(service, "")


def _is_vault(host: str) -> bool:
    name = host.removesuffix(VAULTS)
    return name != host and name != "" and "." not in name
