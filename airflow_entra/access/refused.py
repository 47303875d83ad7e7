"""What Azure refused in the middle of a deployment, in the words of the comparison before it.

A provider says only that a request was refused (403). Pulumi says of which resource, and that says for which part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from airflow_entra.access.identity_permissions import KNOWN
from airflow_entra.access.lacking import leave
from airflow_entra.access.needed import GRANTS_GRAPH, NEEDED, VAULT_ROLES_NEEDED, Part
from airflow_entra.access.needs import OWN

_REFUSED = re.compile(r"\b403\b|Authorization_RequestDenied|AuthorizationFailed|Insufficient privileges")
_RESOURCE = re.compile(r"^\s*[\w-]+:[\w/-]+:(?P<type>\w+) \((?P<name>[^()]+)\):\s*$")
"""How Pulumi heads what it has to say about one resource."""
_PARTS: Mapping[str, Part] = {
    "Application": "application",
    "ApplicationCertificate": "application",
    "ApplicationFederatedIdentityCredential": "application",
    "ApplicationPassword": "application",
    "ServicePrincipal": "application",
    "GroupWithoutMembers": "groups",
    "AppRoleAssignment": "assignments",
    "ServicePrincipalDelegatedPermissionGrant": "consent",
    "TokenLifetimePolicy": "token_lifetime",
    "TokenLifetimeAssignment": "token_lifetime",
    "ConditionalAccessPolicy": "conditional_access",
    "Vault": "vault",
    "Secret": "vault",
    "PrivateEndpoint": "vault",
    "RoleAssignment": "vault_roles",
}
"""By the type's last word."""
_TO_ITSELF = "watcher-permission-"


def explained(said: str) -> tuple[str, ...]:
    """A sentence for each part that was refused in what Pulumi said; none where nothing was."""
    return tuple(map(_sentence, dict.fromkeys(_refused(said))))


def _refused(said: str) -> Iterator[Part]:
    part: Part | None = None
    for line in said.splitlines():
        if head := _RESOURCE.match(line):
            consents = head["type"] == "AppRoleAssignment" and head["name"].startswith(_TO_ITSELF)
            part = "consent" if consents else _PARTS.get(head["type"])
        elif not line.strip():
            part = None
        elif part is not None and _REFUSED.search(line):
            yield part


def _sentence(part: Part) -> str:
    if part in ("vault", "vault_roles"):
        takes, giver = "a role of Azure where the vault is (docs/permissions.md)", VAULT_ROLES_NEEDED
    else:
        takes, giver = _takes(part), GRANTS_GRAPH
    lacks = f"{part.replace('_', ' ')}: the identity lacks a permission. It takes {takes}"
    return f"{lacks}; have it granted by somebody with {giver}{leave(part)}"


def _takes(part: Part) -> str:
    needed = NEEDED.get(part)
    if needed is None:
        return f"{OWN}, and to be an owner of the application"
    said = [f"{name} (it {KNOWN[name].why})" for name in needed.graph]
    said += [f"{' and '.join(more.graph)} where {more.said}" for more in needed.where]
    return ", ".join(said)
