"""What a stack file may say.

Keys are camelCase in the file and snake_case here. Descriptions, limits and their sources are printed by the JSON
Schema and the reference page, both made from this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag
from pydantic.alias_generators import to_camel

from airflow_entra.settings import limits
from airflow_entra.settings.types import (
    AirflowSession,
    AirflowVersion,
    ApplicationName,
    AzureTag,
    AzureTagValue,
    CertificateFile,
    Contact,
    DagPattern,
    DagRunLength,
    Description,
    GroupName,
    IssuerUrl,
    Location,
    MailNickname,
    MembershipRule,
    ObjectId,
    Overlap,
    PrivateDnsZone,
    ResourceGroup,
    RoleName,
    RotateEvery,
    SecretName,
    ServiceReference,
    SignInFrequency,
    Subject,
    SubnetId,
    TokenLifetime,
    TrustName,
    Url,
    VaultId,
    VaultName,
)

Environment = Literal["local", "development", "staging", "production"]
Licence = Literal["none", "P1", "P2"]
Managed = Literal["managed", "existing", "request", "none"]
RolesFrom = Literal["appRoles", "assignedGroups", "securityGroups"]
DagAction = Literal["read", "trigger", "edit", "delete"]
Keepable = Literal[
    "identifierUris",
    "exposedScopes",
    "knownClients",
    "accessTokenClaims",
    "samlTokenClaims",
    "notes",
    "links",
]
OwnerIds = Annotated[list[ObjectId], Field(max_length=limits.OWNERS)]


class Section(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
    )


class Manage(Section):
    """Who does each privileged part: this program (managed), somebody else already (existing: checked, not touched),
    the identity team after reading a hand-over file (request), or nobody (none). What the deploying identity needs for
    each that is managed is on a page of its own: docs/permissions.md."""

    groups: Managed = "managed"
    """Creating the groups that roles name with `create`."""
    assignments: Managed = "managed"
    """Assigning groups to the application."""
    consent: Managed = "managed"
    """Admin consent to what the application reads at a sign-in, and with `revocation: watch` to what the watcher
    reads."""
    token_lifetime: Managed = "managed"  # noqa: S105 -- no secret
    """The token lifetime policy."""
    conditional_access: Managed = "none"
    """The Conditional Access policy behind `signInFrequency`."""
    vault_roles: Managed = "managed"
    """Role assignments on the vault."""


class Existing(Section):
    """The objects behind the parts that `manage` calls `existing`: checked, never touched; or one to adopt."""

    token_lifetime_policy: ObjectId | None = None
    """Object id of the token lifetime policy of the application; with `manage.tokenLifetime: existing`.
    With `managed` it is adopted: changed to say what this file says, and left in place by `pulumi destroy`."""
    conditional_access_policy: ObjectId | None = None
    """Object id of the Conditional Access policy; with `manage.conditionalAccess: existing`."""


class Tenant(Section):
    """What the tenant can do, and which parts of the work are whose."""

    licence: Licence
    """The tenant's Microsoft Entra ID licence; what it lacks is refused before anything is touched."""
    manage: Manage = Manage()
    """Who does each privileged part."""
    existing: Existing = Existing()
    """The objects behind the parts that are `existing`."""


class Airflow(Section):
    """One Airflow that people sign in to."""

    version: AirflowVersion
    """Decides the redirect URI and the logout URL."""
    url: Url
    """The public base URL, a path prefix included; a trailing slash makes no difference."""


class OtherTenants(Section):
    """The tenants whose people may sign in besides this one's."""

    tenants: Annotated[list[ObjectId], Field(min_length=1)]
    """Tenant ids. This tenant's own guests come in where its own id is among them."""


def _guests_kind(value: object) -> str:
    return "<OtherTenants>" if isinstance(value, (Mapping, OtherTenants)) else "<word>"


class SignIn(Section):
    """How people sign in, and for how long."""

    roles_from: RolesFrom = "appRoles"
    """Where Airflow's roles come from: app roles; groups assigned to the application (direct members only); or all
    security groups (nested ones count)."""
    assignment_required: bool = Field(default=True, strict=True)
    """Whether only people who are assigned to the application get a token at all."""
    guests: Annotated[
        Annotated[Literal["refuse", "allow"], Tag("<word>")] | Annotated[OtherTenants, Tag("<OtherTenants>")],
        Discriminator(_guests_kind),
    ] = "refuse"
    """Whether people of other tenants may sign in: guests, and the members that cross-tenant synchronisation makes. The
    home tenant decides, as Entra's token names it; people without one (Google, a one-time passcode) come in with
    `allow` alone."""
    external_session: AirflowSession | None = None
    """How long Airflow's session lasts for people of other tenants; without it, and at most, `airflowSession`."""
    token_lifetime: TokenLifetime | None = None
    """How long Entra's tokens for Airflow last: not those for Microsoft Graph, no refresh token, and none of a managed
    identity. Licence P1. Not together with `signInFrequency`."""
    sign_in_frequency: SignInFrequency | None = None
    """How often Conditional Access asks people to sign in again. Licence P1. Not together with `tokenLifetime`."""
    airflow_session: AirflowSession = timedelta(hours=8)
    """How long Airflow's own session lasts: it, not the token, bounds how long old roles stay."""
    longest_dag_run: DagRunLength | None = None
    """The longest run that people watch. Only compared: DAG runs don't use people's tokens; nothing is lengthened."""
    contact: Contact | None = None
    """Whom a person asks that Airflow refuses, such as an e-mail address or a channel: the refusal names it."""
    last_access: Literal["off", "day"] = "off"
    """What the evidence of an audit keeps of when a person was last in Airflow: nothing, or the day (UTC)."""
    revocation: Literal["watch", "refresh"] = "refresh"
    """How leaving takes effect: `watch` follows the tenant's changes, so that people who left are out within seconds;
    the watcher's own identity may read who is in the tenant and in which group. `refresh` asks for no such permission:
    each session is tried every five minutes with the refresh token of its own sign-in, which Airflow keeps
    encrypted."""


class Owners(Section):
    """Object ids of those who own what the stack makes, and who answers for it."""

    application: OwnerIds
    """Owners of the application: the identity that deploys it. In production no person is one, because an owner can add
    a secret; a person who is listed here is recorded as a contact."""
    groups: OwnerIds = []
    """Owners of the groups that the stack creates. In production the application's owners own those that give Admin."""
    contacts: Annotated[list[Contact], Field(max_length=limits.CONTACTS)] = []
    """Who answers for the application: addresses or channels, in its notes. Entra gives them nothing."""


class CreatedVault(Section):
    """A key vault that the stack creates, for this application and environment alone."""

    create: VaultName
    """The vault's name."""
    resource_group: ResourceGroup
    """The resource group that it lies in; it must exist."""
    readers: list[ObjectId] = []
    """Object ids of the identities that Airflow runs as: they may read secrets."""
    private_endpoint_subnet: SubnetId | None = None
    """With it, the vault is reached through a private endpoint in this subnet alone. `pulumi destroy` deletes the
    secret through the vault itself, so from inside that network."""
    private_dns_zone: PrivateDnsZone | None = None
    """Whose the private endpoint's DNS record is, without which the vault's name still leads to its closed public
    address: the resource id of the zone privatelink.vaultcore.azure.net, in which the stack then registers it; or
    `elsewhere`, where a policy of the landing zone or another team does."""
    purge_protection: bool = Field(default=False, strict=True)
    """Whether nobody can purge the vault before 90 days after its deletion; in production it is so in any case. It
    can't be turned off again."""
    tags: dict[AzureTag, AzureTagValue] = {}
    """The vault's tags, where Azure Policy asks for some."""


class ExistingVault(Section):
    """A key vault that exists; only the secret in it is the stack's."""

    existing: VaultId
    """The vault's resource id."""
    readers: list[ObjectId] = []
    """Object ids of the identities that Airflow runs as: they may read secrets."""


def _vault_kind(value: object) -> str:
    return _kind(value, existing=("existing",), created_first="create", then=("<ExistingVault>", "<CreatedVault>"))


class VaultSecret(Section):
    """A client secret in a key vault, in two slots so that rotating never breaks a sign-in."""

    mode: Literal["vaultSecret"]
    """A client secret, kept in a key vault."""
    vault: Annotated[
        Annotated[CreatedVault, Tag("<CreatedVault>")] | Annotated[ExistingVault, Tag("<ExistingVault>")],
        Discriminator(_vault_kind),
    ]
    """The vault that keeps the secret: a new one (create) or one that exists (existing)."""
    secret_name: SecretName = "airflow-oauth-client-secret"  # noqa: S105 -- a name
    """The secret's name in the vault."""
    rotate_every: RotateEvery = timedelta(days=90)
    """How old a secret gets before `airflow-entra rotate` replaces it; `pulumi up` never does."""
    overlap: Overlap = timedelta(days=7)
    """How long the old secret still works after a rotation."""


class Certificate(Section):
    """A certificate; the private key never comes near this program."""

    mode: Literal["certificate"]
    """A certificate whose private key only Airflow has."""
    file: CertificateFile
    """PEM file with the public certificate, relative to the stack file."""


class Federation(Section):
    """The workload whose tokens Entra trusts in place of a secret."""

    issuer: IssuerUrl
    """The `iss` of its tokens."""
    subject: Subject
    """The `sub` of its tokens."""
    name: TrustName | None = None
    """What tells this workload's credential apart from those of others, such as the cluster's name. One needs none: the
    one that was there before the others keeps its credential without. Leave it in place."""


def _federations_kind(value: object) -> str:
    return "<Federations>" if isinstance(value, list) else "<Federation>"


Federations = Annotated[
    Annotated[Federation, Tag("<Federation>")]
    | Annotated[list[Federation], Tag("<Federations>"), Field(min_length=1, max_length=limits.TRUSTS)],
    Discriminator(_federations_kind),
]
"""One workload, or several: a second cluster, one to fail over to."""


def each(federated: Federations) -> tuple[Federation, ...]:
    return tuple(federated) if isinstance(federated, list) else (federated,)


class Federated(Section):
    """No secret at all: Airflow signs in with a token of the platform that it runs on."""

    mode: Literal["federated"]
    """A token of the platform that Airflow runs on."""
    federated: Federations
    """Whose tokens are trusted: one workload's, or a list of several (a second cluster, one to fail over to)."""

    @property
    def trusts(self) -> tuple[Federation, ...]:
        return each(self.federated)


def _credential_kind(value: object) -> str | None:
    mode = value.get("mode") if isinstance(value, Mapping) else getattr(value, "mode", None)
    return _MODES.get(mode) if isinstance(mode, str) else None


_MODES = {"vaultSecret": "<VaultSecret>", "certificate": "<Certificate>", "federated": "<Federated>"}

Credential = Annotated[
    Annotated[VaultSecret, Tag("<VaultSecret>")]
    | Annotated[Certificate, Tag("<Certificate>")]
    | Annotated[Federated, Tag("<Federated>")],
    Discriminator(_credential_kind),
]


class CreatedGroup(Section):
    """A security group that the stack creates."""

    create: GroupName
    """The group's name."""
    was: GroupName | None = None
    """The name that this group had before: it keeps its object id and members. Leave it in place."""
    rule: MembershipRule | None = None
    """Dynamic membership rule: Entra keeps the members. Licence P1."""
    description: Description | None = None
    """What the group is for, as the Entra admin centre shows it."""
    id: ObjectId | None = None
    """With `manage.groups: request`: the object id that the identity team wrote back; the group is then adopted."""
    mail_nickname: MailNickname | None = None
    """The mailNickname of a group that was there before this stack (`airflow-entra import` writes it): Entra makes
    another group for another one. Leave it in place."""


class ExistingGroup(Section):
    """A group that is owned elsewhere, perhaps synced from on-premises: never touched."""

    id: ObjectId
    """The group's object id."""
    name: GroupName
    """A label for people; the id decides."""


def _group_kind(value: object) -> str:
    return _kind(value, existing=("id", "name"), created_first="create", then=("<ExistingGroup>", "<CreatedGroup>"))


def _kind(value: object, *, existing: tuple[str, ...], created_first: str, then: tuple[str, str]) -> str:
    """The tag of the kind of thing that the file means, so that it hears about the mistakes of that kind alone."""
    if isinstance(value, Section):
        return f"<{type(value).__name__}>"
    keys = value if isinstance(value, Mapping) else {}
    return then[0] if created_first not in keys and any(key in keys for key in existing) else then[1]


Group = Annotated[
    Annotated[CreatedGroup, Tag("<CreatedGroup>")] | Annotated[ExistingGroup, Tag("<ExistingGroup>")],
    Discriminator(_group_kind),
]


class ExistingIdentity(Section):
    """An identity that is there already: a user-assigned managed identity, or another application's."""

    object_id: ObjectId
    """The object id of its service principal."""
    client_id: ObjectId
    """Its client id (application id): the watcher asks its platform for this identity's token."""


class Watcher(Section):
    """The identity that reads the directory with `signIn.revocation: watch`. The application that people sign in to
    has no permission of its own. Unless said, the stack makes a registration for it, which proves itself as
    `credential` says: with a client secret of its own in the same vault, or as the Kubernetes service account
    `<name>-watcher`."""

    federated: Federations | None = None
    """The watcher's own workload, whose tokens Entra trusts: no secret. Or a list of several."""
    certificate: CertificateFile | None = None
    """PEM file with the watcher's own public certificate, relative to the stack file."""
    existing: ExistingIdentity | None = None
    """An identity that exists, in place of a registration; it gets the permissions and nothing else."""
    moved: bool = Field(default=False, strict=True)
    """Only for a stack that release 0.1.0 deployed, once its Airflow runs with files that name the watcher: `true`
    takes the application permissions from the application that people sign in to."""


class Role(Section):
    """One Airflow role and the groups whose members get it."""

    groups: Annotated[list[Group], Field(min_length=1)]
    """Members of any of these groups get the role."""
    dags: dict[DagPattern, Annotated[list[DagAction], Field(min_length=1)]] = {}
    """What a custom role may do with which DAGs, by id or pattern; Airflow's own roles take none."""
    was: RoleName | None = None
    """The name that this role had before: it keeps its app role. Leave it in place."""
    app_role: ObjectId | None = None
    """The id of the app role that was there before this stack (`airflow-entra import` writes it): who has it keeps it.
    Leave it in place."""


class Application(Section):
    """The app registration."""

    display_name: ApplicationName | None = None
    """The name that people see when they sign in; "Airflow (<stack>)" unless said."""
    service_management_reference: ServiceReference | None = None
    """The application's entry in your service catalogue."""
    keep: list[Keepable] = []
    """Parts of a registration that was there before this stack which stay as they are, whoever changes them
    (`airflow-entra import` writes them); all that is not named is as this stack says."""


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
    """The Entra tenant (directory) id."""
    subscription_id: ObjectId | None = None
    """The Azure subscription of the key vault; needed with `mode: vaultSecret`."""
    location: Location | None = None
    """The Azure location of what the stack creates; needed with a created vault."""
    environment: Environment
    """production turns on protection against deletion and the stricter policies."""
    tenant: Tenant
    """What the tenant can do, and which parts of the work are whose."""
    airflow: Annotated[list[Airflow], Field(min_length=1, max_length=limits.AIRFLOWS)]
    """The Airflow that people sign in to; two while migrating from 2.11 to 3.x."""
    sign_in: SignIn
    """How people sign in, and for how long."""
    owners: Owners
    """Who answers for what the stack makes."""
    credential: Credential
    """What Airflow proves itself to Entra with: `mode: vaultSecret`, `certificate` or `federated`."""
    roles: Annotated[dict[RoleName, Role], Field(min_length=1)]
    """Airflow's roles: Admin, Op, User, Viewer, Public, or custom ones with `dags`."""
    application: Application = Application()
    """The app registration."""
    watcher: Watcher = Watcher()
    """The identity that follows the directory, with `signIn.revocation: watch`."""

    @property
    def watched(self) -> bool:
        """Whether a watcher reads the directory."""
        return self.sign_in.revocation == "watch"

    def owned_by_people(self, roles: Iterable[str]) -> bool:
        """Whether people may own a group that gives these roles: in production not one that gives Admin."""
        return self.environment != "production" or "Admin" not in roles

    @property
    def makes_token_lifetime_policy(self) -> bool:
        return self.sign_in.token_lifetime is not None and self.tenant.manage.token_lifetime == "managed"  # noqa: S105 -- no secret
