"""Access tokens of the tenant: issued by signin, read by every service that wants one."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

import jwt

from entra_local import clock
from entra_local.keys import Keys
from entra_local.wire import JsonObject

LIFETIME = 4500
"""Seconds: the middle of Entra's random 60-90 minutes. (At 1200 or less azuread renews before every call.)"""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request: the object id of a service principal, in one tenant, with its application permissions."""

    tenant: str
    object_id: str
    app_id: str
    permissions: frozenset[str]

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
        "iss": f"https://sts.windows.net/{tenant}/",
        "iat": issued,
        "nbf": issued,
        "exp": issued + LIFETIME,
        "app_displayname": name,
        "appid": app_id,
        "appidacr": "1",
        "idp": f"https://sts.windows.net/{tenant}/",
        "idtyp": "app",
        "oid": object_id,
        "sub": object_id,
        "tid": tenant,
        "uti": uuid4().hex,
        "ver": "1.0",
    }
    if roles:
        claims["roles"] = list(roles)
    return jwt.encode(claims, keys.signing, algorithm="RS256", headers={"kid": keys.signing_id})


def read(keys: Keys, authorization: str | None, audiences: Sequence[str]) -> Caller:
    """Who an Authorization header speaks for. Raises TokenError with a reason that names no part of the token."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise TokenError("Access token is empty.")
    try:
        claims = jwt.decode(
            token.strip(),
            keys.signing.public_key(),
            algorithms=["RS256"],
            audience=audiences,
            options={"require": ["exp", "aud", "oid", "tid"]},
        )
    except jwt.ExpiredSignatureError as error:
        raise TokenError("Lifetime validation failed, the token is expired.") from error
    except jwt.InvalidAudienceError as error:
        raise TokenError("Access token validation failure. Invalid audience.") from error
    except jwt.InvalidTokenError as error:
        raise TokenError("Access token validation failure.") from error
    return Caller(claims["tid"], claims["oid"], claims["appid"], frozenset(claims.get("roles", ())))
