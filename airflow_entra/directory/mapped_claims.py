"""What can make an application's tokens say something else than Entra's own words, or be signed with another key.

A claims mapping policy on an application, https://learn.microsoft.com/entra/identity-platform/jwt-claims-customization
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class MappedClaims:
    """`policies` are the names of claims mapping policies, None where they are not to be seen.

    `own_key`: the service principal has a key of its own to sign with. `accepts`: the application takes mapped claims
    that everybody's key signed (acceptMappedClaims).
    """

    policies: tuple[str, ...] | None = ()
    own_key: bool = False
    accepts: bool = False


def mapped_claims(
    application: Mapping[str, Any],
    principal: Mapping[str, Any],
    pages: Callable[[str], Iterable[Mapping[str, Any]] | None],
) -> MappedClaims:
    """What Graph says of an application and its service principal, which has the policies. `pages` lists a path, or
    gives None where it is not to be seen."""
    found = pages(f"/servicePrincipals/{principal['id']}/claimsMappingPolicies")
    return MappedClaims(
        None if found is None else tuple(str(policy.get("displayName") or policy["id"]) for policy in found),
        any(key.get("usage") == "Sign" for key in principal.get("keyCredentials") or ()),
        bool((application.get("api") or {}).get("acceptMappedClaims")),
    )
