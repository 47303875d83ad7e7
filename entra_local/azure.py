"""Azure's public names: the hosts that the tenant answers for, the audiences of tokens, and the ids of every tenant."""

LOGIN_HOST = "login.microsoftonline.com"
GRAPH_HOST = "graph.microsoft.com"
RESOURCE_MANAGER_HOST = "management.azure.com"
VAULT_DOMAIN = "vault.azure.net"
VAULT_ZONE = "privatelink.vaultcore.azure.net"
"""Where the names of key vaults behind private endpoints are."""
BLOB_DOMAIN = "blob.core.windows.net"
STS_HOST = "sts.windows.net"
RETIRED_GRAPH_HOST = "graph.windows.net"
SERVED = f"{LOGIN_HOST}, {GRAPH_HOST}, {RESOURCE_MANAGER_HOST}, *.{VAULT_DOMAIN} and *.{BLOB_DOMAIN}"
"""What the tenant answers for, as a sentence has it."""

LOGIN = f"https://{LOGIN_HOST}"
GRAPH = f"https://{GRAPH_HOST}"
RESOURCE_MANAGER = f"https://{RESOURCE_MANAGER_HOST}"
CLASSIC_RESOURCE_MANAGER = "https://management.core.windows.net"
"""An older name of the same audience."""
VAULTS = f"https://{VAULT_DOMAIN}"
STORAGE = "https://storage.azure.com"

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
NO_ID = "00000000-0000-0000-0000-000000000000"
"""Of nobody and nothing: default access, a sign-in of somebody unknown, a policy that nobody made."""


def v1_issuer(tenant: str) -> str:
    """Who v1.0 tokens of a tenant are from."""
    return f"https://{STS_HOST}/{tenant}/"
