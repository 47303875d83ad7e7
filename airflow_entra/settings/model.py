"""What a stack file may say.

Keys are camelCase in the file and snake_case here. Limits carry their source in the field's description, which is
also what the JSON Schema and the reference page print.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from airflow_entra.settings.types import Duration, Name, ObjectId, Url

Managed = Literal["managed", "existing", "request", "none"]


class Section(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class Manage(Section):
    """Who does each privileged part: this program, somebody else already, the identity team on request, or nobody."""

    groups: Managed = "managed"
    assignments: Managed = "managed"
    consent: Managed = "managed"
    token_lifetime: Managed = "managed"
    conditional_access: Managed = "none"
    vault_roles: Managed = "managed"


class Existing(Section):
    """The objects behind the parts that `manage` calls `existing`: checked, never touched."""

    token_lifetime_policy: ObjectId | None = None
    conditional_access_policy: ObjectId | None = None


class Tenant(Section):
    licence: Literal["none", "P1", "P2"]
    manage: Manage = Manage()
    existing: Existing = Existing()


class Airflow(Section):
    version: Annotated[str, Field(pattern=r"^(2\.11|3\.\d+)(\.\d+)?$")]
    url: Url


class SignIn(Section):
    roles_from: Literal["appRoles", "assignedGroups", "securityGroups"] = "appRoles"
    assignment_required: bool = True
    guests: Literal["refuse", "allow"] = "refuse"
    token_lifetime: Duration | None = None
    sign_in_frequency: Duration | None = None
    airflow_session: Duration = timedelta(hours=8)
    longest_dag_run: Duration | None = None
    revocation: Literal["watch", "refresh"] = "refresh"


class Owners(Section):
    application: list[ObjectId]
    groups: list[ObjectId] = []


class CreatedVault(Section):
    create: Name
    resource_group: Name
    readers: list[ObjectId] = []
    private_endpoint_subnet: str | None = None


class ExistingVault(Section):
    existing: str  # the vault's Azure resource id
    readers: list[ObjectId] = []


class VaultSecret(Section):
    mode: Literal["vaultSecret"]
    vault: CreatedVault | ExistingVault
    secret_name: Name = "airflow-oauth-client-secret"
    rotate_every: Duration = timedelta(days=90)
    overlap: Duration = timedelta(days=7)


class Certificate(Section):
    mode: Literal["certificate"]
    file: str  # PEM, public part only; relative to the stack file


class Federation(Section):
    issuer: Url
    subject: str


class Federated(Section):
    mode: Literal["federated"]
    federated: Federation


Credential = Annotated[VaultSecret | Certificate | Federated, Field(discriminator="mode")]


class CreatedGroup(Section):
    create: Name
    was: Name | None = None  # the name this group had before: keeps its object id and members
    rule: str | None = None  # dynamic membership rule (P1)
    description: str | None = None
    id: ObjectId | None = None  # with manage.groups: request, the group that the identity team made


class ExistingGroup(Section):
    id: ObjectId
    name: Name  # a label for people; the id decides


Group = CreatedGroup | ExistingGroup


class Role(Section):
    groups: list[Group]
    dags: dict[str, list[Literal["read", "trigger", "edit", "delete"]]] = {}
    was: Name | None = None  # the role's former name: keeps its app role id; leave it in place


class Application(Section):
    display_name: Name | None = None  # "Airflow (<stack>)" unless said


_AZURE_KEYS = {
    "tenant_id": "azuread:tenantId",
    "subscription_id": "azure-native:subscriptionId",
    "location": "azure-native:location",
}


def config_key(field: str) -> str:
    """The key below `config:` that holds a field of StackSettings."""
    return _AZURE_KEYS.get(field) or f"airflow-entra:{to_camel(field)}"


class StackSettings(Section):
    """One stack file: `azuread:*`, `azure-native:*` and `airflow-entra:*` together."""

    model_config = ConfigDict(alias_generator=config_key)

    tenant_id: ObjectId
    subscription_id: ObjectId | None = None  # needed with a vault
    location: Name | None = None  # needed with a created vault
    environment: Literal["local", "development", "staging", "production"]
    tenant: Tenant
    airflow: Annotated[list[Airflow], Field(min_length=1, max_length=2)]
    sign_in: SignIn
    owners: Owners
    credential: Credential
    roles: dict[str, Role]
    application: Application = Application()
