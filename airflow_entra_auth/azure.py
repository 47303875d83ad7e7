"""Where Azure's public cloud answers: sign-in, Microsoft Graph, Resource Manager and key vaults.

Standard library alone, for Python 3.10.
"""

LOGIN = "https://login.microsoftonline.com"
STS = "https://sts.windows.net"
"""The issuer of v1.0 tokens, and of a guest's home in `idp`."""
GRAPH = "https://graph.microsoft.com"
GRAPH_V1 = f"{GRAPH}/v1.0"
RESOURCE_MANAGER = "https://management.azure.com"
VAULT_DOMAIN = "vault.azure.net"
"""What the host names of key vaults end with."""
VAULT_ZONE = "privatelink.vaultcore.azure.net"
"""The DNS zone of their private endpoints."""


def scope(resource: str) -> str:
    """What a token for everything that was consented to at `resource` is asked for with."""
    return f"{resource}/.default"


def token_url(tenant_id: str) -> str:
    """Where a tenant gives tokens."""
    return f"{LOGIN}/{tenant_id}/oauth2/v2.0/token"
