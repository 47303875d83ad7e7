"""What the directory can't say and the caller does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from airflow_entra.finding import FindingsError
from airflow_entra.importing.existing_sign_in import ExistingSignIn
from airflow_entra.settings.model import Environment, Licence

Groups = Literal["keep", "manage"]


class DraftError(FindingsError):
    """No stack file can be drafted: the finding says what is missing and which option says it."""


@dataclass(frozen=True, kw_only=True)
class Choices:
    """`groups`: keep leaves them owned elsewhere, manage takes them over. `roles`: an app role (its value or id) or a
    group (its name or id) -> the Airflow roles that it stands for. `deployer` and `owners` are object ids that become
    owners. `existing` is what Airflow's present configuration says, where it was given."""

    stack: str
    tenant_id: str | None = None
    environment: Environment = "production"
    licence: Licence | None = None
    airflow_version: str = "3.3"
    urls: tuple[str, ...] = ()
    groups: Groups = "keep"
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    owners: tuple[str, ...] = ()
    deployer: str | None = None
    subscription: str | None = None
    vault: str | None = None
    """Resource id of the vault that keeps the client secret, where the caller knows it."""
    secret_name: str | None = None
    existing: ExistingSignIn | None = None
