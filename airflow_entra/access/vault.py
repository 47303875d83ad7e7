"""Where the key vault is and what it is to hold, all known from the stack file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from airflow_entra.settings.model import CreatedVault, StackSettings, VaultSecret
from airflow_entra.settings.watching import watcher_credential
from airflow_entra_auth.azure import VAULT_DOMAIN

CLIENT_SECRET = "client secret"  # noqa: S105 -- what people call it
_VAULT_ID = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    r"/providers/Microsoft\.KeyVault/vaults/(?P<name>[^/]+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class VaultPlace:
    """Where a vault is: known from the stack file, before anything exists."""

    subscription: str
    resource_group: str
    name: str

    @classmethod
    def of(cls, settings: StackSettings, credential: VaultSecret) -> VaultPlace:
        vault = credential.vault
        if isinstance(vault, CreatedVault):
            return cls(settings.subscription_id or "", vault.resource_group, vault.create)
        match = _VAULT_ID.fullmatch(vault.existing)
        if match is None:
            raise ValueError(f"{vault.existing!r} is not the resource id of a key vault")
        return cls(match["subscription"].lower(), match["group"], match["name"])

    @property
    def group_id(self) -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"

    @property
    def id(self) -> str:
        return f"{self.group_id}/providers/Microsoft.KeyVault/vaults/{self.name}"

    @property
    def uri(self) -> str:
        return f"https://{self.name.lower()}.{VAULT_DOMAIN}/"

    def secret_id(self, secret: str) -> str:
        return f"{self.id}/secrets/{secret}"

    def secret_uri(self, secret: str) -> str:
        return f"{self.uri}secrets/{secret}"

    def readers_scope(self, credential: VaultSecret) -> str:
        """Of a vault of ours the whole of it; of a vault that others use too, only our secret."""
        return self.id if isinstance(credential.vault, CreatedVault) else self.secret_id(credential.secret_name)


def purge_protected(settings: StackSettings, vault: CreatedVault) -> bool:
    return vault.purge_protection or settings.environment == "production"


def in_vault(settings: StackSettings) -> Iterator[tuple[str, VaultSecret]]:
    """The secrets that the stack keeps in its vault, each with what people call it.

    A vault that others use too is read secret by secret; in one of the stack's own its readers read all of it.
    """
    sign_on, watcher = settings.credential, watcher_credential(settings)
    if isinstance(sign_on, VaultSecret):
        yield CLIENT_SECRET, sign_on
        if isinstance(watcher, VaultSecret) and not isinstance(sign_on.vault, CreatedVault):
            yield "watcher's secret", watcher
