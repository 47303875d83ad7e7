"""Where the tenant is found: at Azure's name, or at the loopback address that a browser without the proxy uses."""

from entra_local.azure import LOGIN
from entra_local.wire import Call


def origin(call: Call) -> str:
    """What the caller reaches the sign-in endpoints at."""
    return f"http://{call.host}" if call.at_loopback else LOGIN


def issuer(tenant: str) -> str:
    """Who v2.0 tokens are from: the same whatever address the tenant was reached at."""
    return f"{LOGIN}/{tenant}/v2.0"
