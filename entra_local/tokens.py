"""Access tokens of the tenant: issued by signin, read by every service that wants one."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

import jwt
from jwt.types import Options

from entra_local import clock
from entra_local.azure import GRAPH, GRAPH_APP_ID, v1_issuer
from entra_local.keys import Keys
from entra_local.wire import JsonObject

LIFETIME = 4500
"""Seconds: the middle of Entra's random 60-90 minutes. (At 1200 or less azuread renews before every call.)"""


_NO_DIRECTORY_ROLE = "0997a1d0-0d1d-4acb-b408-d5ca73121e90"
"""What stands in `wids` of every token that an application gets for itself; no role of the directory has this id."""
OWN_TIMES: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
"""For PyJWT, which knows the machine's clock alone: the times of tokens of the tenant's own are compared with its."""
GRAPH_AUDIENCES = (GRAPH, f"{GRAPH}/", GRAPH_APP_ID)
"""What tokens for Microsoft Graph are meant for: each client names it as it likes."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request, in one tenant.

    `object_id` is a service principal's with its application permissions, or of a `person` with the delegated ones.
    """

    tenant: str
    object_id: str
    app_id: str
    permissions: frozenset[str]
    person: bool = False

    def holds(self, *names: str) -> bool:
        """Whether the caller has any of these permissions."""
        return not self.permissions.isdisjoint(names)


NOBODY = Caller("", "", "", frozenset())
"""The caller before it is known."""


class TokenError(Exception):
    """The token is missing, not ours, expired, or meant for another service."""


def issue(
    keys: Keys, *, tenant: str, object_id: str, app_id: str, audience: str, roles: Sequence[str], name: str
) -> str:
    """A signed token for an application, with the claims that Entra puts in it."""
    issued = int(clock.now().timestamp())
    claims: JsonObject = {
        "aud": audience,
        "iss": v1_issuer(tenant),
        "iat": issued,
        "nbf": issued,
        "exp": issued + LIFETIME,
        "app_displayname": name,
        "appid": app_id,
        "appidacr": "1",
        "idp": v1_issuer(tenant),
        "idtyp": "app",
        "oid": object_id,
        "sub": object_id,
        "tid": tenant,
        "uti": uuid4().hex,
        "ver": "1.0",
        "wids": [_NO_DIRECTORY_ROLE],
    }
    if roles:
        claims["roles"] = list(roles)
    return keys.sign(claims)


def read(keys: Keys, authorization: str | None, audiences: Sequence[str]) -> Caller:
    """Who an Authorization header speaks for. Raises TokenError with a reason that names no part of the token."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise TokenError("Access token is empty.")
    try:
        key = keys.public(jwt.get_unverified_header(token.strip()).get("kid"))
        if key is None:
            raise TokenError("Access token validation failure. Invalid signature.")
        claims = jwt.decode(
            token.strip(),
            key,
            algorithms=["RS256"],
            audience=audiences,
            options={**OWN_TIMES, "require": ["exp", "aud", "oid", "tid", "appid"]},
        )
    except jwt.InvalidAudienceError as error:
        raise TokenError("Access token validation failure. Invalid audience.") from error
    except jwt.InvalidTokenError as error:
        raise TokenError("Access token validation failure.") from error
    if clock.seconds() >= claims["exp"]:
        raise TokenError("Lifetime validation failed, the token is expired.")
    person = claims.get("idtyp") == "user"
    permissions = claims.get("scp", "").split() if person else claims.get("roles", ())
    return Caller(claims["tid"], claims["oid"], claims["appid"], frozenset(permissions), person)
