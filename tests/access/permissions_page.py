"""Writes docs/permissions.md: `python -m tests.access.permissions_page > docs/permissions.md`.

The table is the one that the hand-over, bootstrap and the comparison before a deployment read.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from pydantic.alias_generators import to_camel

from airflow_entra.access.identity_permissions import KNOWN
from airflow_entra.access.needed import GRANTS_GRAPH, NEEDED, VAULT_ROLES_NEEDED
from airflow_entra.access.needs import LOOKS_AT_GROUPS, OWN, WIDER

_START = f"""\
# Permissions of the deploying identity

What `pulumi up` takes, by what the stack file says. `airflow-entra bootstrap` prints the same for each pipeline's
identity, with the exact calls that grant it; the hand-over names the same permissions. This page is made by
`make docs`.

## Compared before anything is made

The program reads its own token for Microsoft Graph (`roles` of an application, `scp` of a person) and, for a vault that
the stack makes, what Azure says that it may do in the resource group. Where something is *proven* to be missing,
nothing is made: each part is named with its line in the stack file, with who can grant it, and with the
`tenant.manage.<part>: request` that leaves it to somebody else. `pulumi preview` and `airflow-entra preview` show what
would be made, then say the same and fail.

Compared too, each where it can be read: the tenant's app management policy (client secrets blocked, lifetimes capped),
security defaults, the organisation's default token lifetime policy, whether people may consent, and what Azure Policy
would say to the vault (purge protection, public network access, required tags).

- What can't be told stops nothing: a token without `roles`, an identity with a role of the directory, roles of Azure
  that it may not read.
- `AIRFLOW_ENTRA_READ_ONLY=true` (an identity that only looks) compares nothing. `AIRFLOW_ENTRA_NEEDS=tell` says what is
  missing and goes on; `no` doesn't look.
- A token of `az login` never has a `Policy.` permission, whoever the person is
  ([azure-cli #23906](https://github.com/Azure/azure-cli/issues/23906)): policies are deployed by an application, or are
  somebody else's part.

## Microsoft Graph

Application permissions; who grants them has {GRANTS_GRAPH}.

| Part | Permission | What it is for | Does as well |
|---|---|---|---|
"""
_AZURE = f"""
## Azure

| Stack | Role | Where |
|---|---|---|
| makes a vault | Key Vault Contributor | its resource group |
| makes a vault with a private endpoint | Network Contributor | its resource group, and the subnet |
| registers it (`privateDnsZone`) | Private DNS Zone Contributor | the zone |
| uses a shared vault | Key Vault Contributor, Key Vault Secrets Officer | the one secret |
| `vaultRoles: managed` | Role Based Access Control Administrator, on condition: the roles on secrets alone | there |

Who gives them has {VAULT_ROLES_NEEDED}.

Whether a vault of the same name was deleted is listed on the subscription
(`Microsoft.KeyVault/locations/deletedVaults/read`): a role on the resource group doesn't show it, and a warning says
so.
"""


def page() -> str:
    lines = [_row("always", OWN, ""), _row("a group is named by id", LOOKS_AT_GROUPS, ""), *_parts()]
    return _START + "\n".join(lines) + "\n" + _AZURE


def _parts() -> Iterator[str]:
    for part, needed in NEEDED.items():
        for permission in needed.graph:
            yield _row(f"`{to_camel(part)}: managed`", permission, needed.role)
        for more in needed.where:
            for permission in more.graph:
                yield _row(f"`{to_camel(part)}: managed`, {more.said}", permission, needed.role)


def _row(part: str, permission: str, role: str) -> str:
    others = [f"`{name}`" for name in sorted(WIDER.get(permission, ()))] + ([f"the role {role}"] if role else [])
    return f"| {part} | `{permission}` | {KNOWN[permission].why} | {', '.join(others)} |"


if __name__ == "__main__":
    sys.stdout.write(page())
