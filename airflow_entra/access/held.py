"""What an identity may do in Microsoft Graph, as its own token says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_entra.access.needs import WIDER
from airflow_entra.access.token import unverified_claims
from airflow_entra.errors import UserError

_ACTS_AS_THE_PERSON = "Directory.AccessAsUser.All"
"""The scope of `az login`: whatever the person may do in the directory, policies excepted."""
_NO_ROLE = frozenset(
    {
        "0997a1d0-0d1d-4acb-b408-d5ca73121e90",  # in every token that an application got for itself
        "b79fbf4d-3ef9-4689-8143-76b194e85509",  # in every member's
        "10dae51f-b6af-4016-8d66-8c2a99b929b3",  # in every guest's
    }
)
"""Ids in `wids` that are no role of the directory:
https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference"""


@dataclass(frozen=True, slots=True)
class Held:
    """`permissions` are application permissions, or of a `person` the delegated ones. `administers`: whether it has a
    role of the directory, which may do as well; None where the token doesn't say."""

    name: str
    object_id: str
    person: bool
    permissions: frozenset[str]
    administers: bool | None

    def has(self, permission: str) -> bool | None:
        """None where nobody can tell from the token."""
        if self.permissions & ({permission} | WIDER.get(permission, frozenset())):
            return True
        if self.person:
            covered = _ACTS_AS_THE_PERSON in self.permissions and not permission.startswith("Policy.")
            return None if covered else False
        return False if self.administers is False else None


def held(token: str) -> Held | None:
    """None where the token can't be read: Graph's tokens are Graph's own matter, and may be encrypted one day."""
    try:
        claims = unverified_claims(token)
    except UserError:
        return None
    return _of(claims) if "roles" in claims or "scp" in claims or claims.get("idtyp") == "app" else None


def _of(claims: Mapping[str, Any]) -> Held:
    person = "scp" in claims
    permissions = str(claims["scp"]).split() if person else claims.get("roles") or ()
    roles = claims.get("wids")
    return Held(
        name=str(claims.get("app_displayname") or claims.get("appid") or ""),
        object_id=str(claims.get("oid") or "").lower(),
        person=person,
        permissions=frozenset(map(str, permissions)),
        administers=bool({*map(str, roles)} - _NO_ROLE) if isinstance(roles, list) else None,
    )
