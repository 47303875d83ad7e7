"""A whole app registration as the tenant has it, whoever made it, and what hangs on it. Ids are object ids.

Names are foreign text: whoever shows one makes it harmless first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from airflow_entra.settings.model import Keepable


@dataclass(frozen=True)
class Named:
    """A person, group, workload or policy: what it is called is a label."""

    id: str
    name: str


@dataclass(frozen=True)
class AppRole:
    id: str
    value: str
    """"" where the role has none."""
    description: str
    enabled: bool = True
    for_people: bool = True
    for_applications: bool = False


@dataclass(frozen=True)
class Secret:
    """A client secret without its value. `ends` is RFC 3339, as Graph writes it."""

    key_id: str
    name: str
    ends: str


@dataclass(frozen=True)
class Certificate:
    """`der` is the public certificate in base64, None where Graph does not show it."""

    key_id: str
    name: str
    ends: str
    der: str | None = None


BY_A_RULE = "by a rule"
"""Of a federated credential that takes more than one workload."""


@dataclass(frozen=True)
class Trust:
    """A federated identity credential. `subject` is BY_A_RULE where an expression decides."""

    id: str
    name: str
    issuer: str
    subject: str


@dataclass(frozen=True)
class Assigned:
    """`kind` is Group, User or ServicePrincipal; `app_role` an app role's id, zeros for default access."""

    id: str
    principal: str
    kind: str
    name: str
    app_role: str


@dataclass(frozen=True)
class LiveGroup:
    """A group that is assigned. `inside` are the groups in it, None where they may not be read."""

    id: str
    name: str
    nickname: str
    description: str = ""
    rule: str | None = None
    synced: bool = False
    security: bool = True
    mail: bool = False
    role_assignable: bool = False
    inside: tuple[Named, ...] | None = ()


@dataclass(frozen=True)
class Consent:
    """Delegated permissions of Microsoft Graph that were granted, to everybody or to one person."""

    id: str
    scopes: frozenset[str]
    everybody: bool


@dataclass(frozen=True)
class Permission:
    """An application permission of Microsoft Graph (its app role's id), granted through the assignment `id` of
    Microsoft Graph's service principal `resource`."""

    id: str
    resource: str
    app_role: str


@dataclass(frozen=True)
class LifetimePolicy:
    """`lifetime` is "hh:mm:ss", "" where it says none; `others` counts what else it applies to, None if unknown."""

    id: str
    name: str
    lifetime: str
    others: int | None
    says_more: bool = False
    """Whether it says something beside the access token's lifetime."""


@dataclass(frozen=True)
class FrequencyPolicy:
    """A Conditional Access policy with a sign-in frequency. `value` and `period` as Graph has them: 8, "hours"."""

    id: str
    name: str
    value: int
    period: str
    enabled: bool
    ours_alone: bool
    """Whether it names this application and no other."""
    says_more: bool
    """Whether it says something beside how often everybody signs in: grant controls, exceptions, conditions."""


@dataclass(frozen=True)
class Registered:
    """The application and all that `airflow-entra import` looks at. `unread`: what the identity may not read."""

    tenant_id: str
    object_id: str
    client_id: str
    name: str
    principal_id: str | None = None
    assignment_required: bool = False
    audience: str = "AzureADMyOrg"
    tags: tuple[str, ...] = ()
    redirects: tuple[str, ...] = ()
    other_redirects: Mapping[str, tuple[str, ...]] | None = None
    """Redirect URIs of the other platforms, by the portal's name of the platform."""
    implicit: tuple[str, ...] = ()
    """The implicit grant's tokens that are on: "access tokens", "ID tokens"."""
    public_client: bool = False
    group_claims: str = ""
    """groupMembershipClaims, "" for none: "SecurityGroup", "ApplicationGroup, DirectoryRole" ..."""
    app_roles: tuple[AppRole, ...] = ()
    beside: Mapping[Keepable, tuple[str, ...]] = field(default_factory=dict)
    """What a stack can leave as it is, where there is any: what each is called."""
    service_reference: str = ""
    contacts: tuple[str, ...] = ()
    """Who answers for it, as a stack writes them into the notes."""
    id_token_claims: tuple[str, ...] = ()
    """The optional claims of id tokens; "groups (emit_as_roles)" where one says more."""
    token_version: int | None = None
    """Of access tokens for this application; None for Entra's own default."""
    mapped_claims: bool = False
    """Whether a claims mapping policy may change what tokens say (acceptMappedClaims)."""
    delegated: tuple[tuple[str, str], ...] = ()
    """The delegated permissions that are asked for: the resource's client id, and the scope's id."""
    application_permissions: tuple[str, ...] = ()
    """The ids of the application permissions (not delegated ones) that are asked for, whatever the resource."""
    granted: tuple[Permission, ...] = ()
    """The application permissions of Microsoft Graph that an administrator has granted."""
    owners: tuple[Named, ...] = ()
    secrets: tuple[Secret, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    trusts: tuple[Trust, ...] = ()
    assigned: tuple[Assigned, ...] = ()
    groups: Mapping[str, LiveGroup] | None = None
    consents: tuple[Consent, ...] = ()
    lifetime_policy: LifetimePolicy | None = None
    frequency_policies: tuple[FrequencyPolicy, ...] = ()
    unread: tuple[str, ...] = ()
