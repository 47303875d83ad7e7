"""Which service answers for which host name."""

from typing import Any

from entra_local import azure
from entra_local.arm.service import ARM
from entra_local.blob.service import BLOBS
from entra_local.graph.service import GRAPH
from entra_local.keyvault.service import KEY_VAULT
from entra_local.portal.service import PORTAL
from entra_local.service import Service
from entra_local.signin.service import SIGN_IN
from entra_local.wire import Call


def permitted(host: str, port: int) -> bool:
    """Whether the proxy lets a connection through: Azure's five names on the TLS port, nothing else."""
    return port == 443 and (
        host in (azure.LOGIN_HOST, azure.GRAPH_HOST, azure.RESOURCE_MANAGER_HOST)
        or _below(host, azure.VAULT_DOMAIN, azure.BLOB_DOMAIN)
    )


def service_for(call: Call) -> Service[Any] | None:
    """The service of a request's host, or None for a stranger (a rebound DNS name, for one)."""
    host = call.host.removesuffix(":443")
    match host:
        case azure.LOGIN_HOST:
            return SIGN_IN
        case azure.GRAPH_HOST:
            return SIGN_IN if call.path.lower() == "/oidc/userinfo" else GRAPH
        case azure.RESOURCE_MANAGER_HOST:
            # A client with a metadata host asks Resource Manager for the cloud description.
            return SIGN_IN if call.path.startswith("/metadata/") else ARM
    if _below(host, azure.VAULT_DOMAIN):
        return KEY_VAULT
    if _below(host, azure.BLOB_DOMAIN):
        return BLOBS
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


def _below(host: str, *domains: str) -> bool:
    """Whether it is one name right below one of the domains."""
    names = (host.removesuffix(f".{domain}") for domain in domains if host.endswith(f".{domain}"))
    return any(name and "." not in name for name in names)
