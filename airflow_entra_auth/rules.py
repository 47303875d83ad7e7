"""The sign-on file: who may sign in to this Airflow and with which role. Written by `airflow-entra render`.

Holds no secret. Standard library alone, for Python 3.10.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from airflow_entra_auth.azure import LOGIN
from airflow_entra_auth.ending import StopError
from airflow_entra_auth.strict import Keys, WrongError, guid, no_key_twice

SCHEMA = 1
BUILT_IN_ROLES = ("Admin", "Op", "User", "Viewer", "Public")  # what `airflow db migrate` makes
ACTIONS = ("read", "trigger", "edit", "delete")

Action = Literal["read", "trigger", "edit", "delete"]
RolesFrom = Literal["appRoles", "assignedGroups", "securityGroups"]
Guests = Literal["refuse", "allow", "tenants"]
Revocation = Literal["watch", "refresh"]

_FIX = "write the file again with `airflow-entra render --target roles`"


def scopes(roles_from: RolesFrom, revocation: Revocation) -> tuple[str, ...]:
    """What is asked for at a sign-in, and so has to be consented to: who it is; to ask again later a refresh token; and
    with security groups, of which none are in the token beyond 200, the right to ask Graph for them."""
    again = ("offline_access",) if revocation == "refresh" else ()
    more = ("GroupMember.Read.All",) if roles_from == "securityGroups" else ()
    return ("openid", "profile", "email", *again, "User.Read", *more)


WATCH_PERMISSIONS = ("Application.Read.All", "GroupMember.Read.All", "User.Read.All")
"""The application permissions that `revocation: watch` takes, the least for what it asks:
https://learn.microsoft.com/graph/api/user-delta, https://learn.microsoft.com/graph/api/group-delta and
https://learn.microsoft.com/graph/api/serviceprincipal-list-approleassignedto"""


class RulesError(StopError):
    """The sign-on file is missing or says something that can't be right. Names the file, the place and the fix."""


@dataclass(frozen=True)
class VaultSecret:
    """A client secret in a key vault."""

    vault_url: str
    secret_name: str


@dataclass(frozen=True)
class EnvironmentSecret:
    """A client secret in an environment variable."""

    variable: str


@dataclass(frozen=True)
class ReferredSecret:
    """A client secret in a file or a Kubernetes Secret, whoever keeps it fresh there."""

    reference: str


@dataclass(frozen=True)
class FederatedToken:
    """No secret: the platform's token in a file; None names AZURE_FEDERATED_TOKEN_FILE."""

    token_file: str | None


@dataclass(frozen=True)
class Certificate:
    """No secret: a private key that only Airflow has, and its certificate; both PEM files."""

    private_key_file: str
    certificate_file: str


Credential = VaultSecret | EnvironmentSecret | ReferredSecret | FederatedToken | Certificate


@dataclass(frozen=True)
class PlatformIdentity:
    """No secret: an identity that the platform gives the process, such as a managed identity."""


@dataclass(frozen=True)
class WatcherIdentity:
    """The identity that may read the directory, and what it proves itself with. Nobody signs in to it."""

    client_id: str
    credential: Credential | PlatformIdentity


@dataclass(frozen=True)
class RoleRule:
    """One Airflow role: its groups' object ids, and for a custom role what it may do with which DAGs."""

    name: str
    groups: tuple[str, ...]
    dags: Mapping[str, tuple[Action, ...]]

    @property
    def custom(self) -> bool:
        """Whether the role is this file's own, not one that Airflow ships."""
        return self.name not in BUILT_IN_ROLES


@dataclass(frozen=True, eq=False)  # equal to itself alone: what is worked out from the rules is cached by them
class SignOnRules:
    """The sign-on file. Ids are lower-case, `airflow_session` is in seconds, `roles` is in the order of the file."""

    stack: str
    environment: str
    tenant_id: str
    client_id: str
    authority: str
    graph: str
    base_url: str
    redirect_uri: str
    roles_from: RolesFrom
    guests: Guests
    airflow_session: int
    revocation: Revocation
    contact: str | None
    credential: Credential
    roles: Mapping[str, RoleRule]
    watcher: WatcherIdentity | None = None
    """None in a file from before watchers had an identity of their own: then it is the application's."""
    home_tenants: frozenset[str] = frozenset()
    """With `guests` "tenants": the tenants whose people may sign in besides this one's."""
    external_session: int | None = None
    """Seconds that a session of somebody from another tenant lasts; None: as long as everybody's."""

    def session(self, *, guest: bool) -> int:
        """Seconds that a session lasts; for a person of another tenant perhaps fewer."""
        return (self.external_session if guest else None) or self.airflow_session

    @cached_property
    def issuer(self) -> str:
        """The only `iss` that is believed, whatever the authority."""
        return f"{LOGIN}/{self.tenant_id}/v2.0"

    @cached_property
    def metadata_url(self) -> str:
        """Where the sign-in's endpoints and keys are described."""
        return f"{self.authority}/{self.tenant_id}/v2.0/.well-known/openid-configuration"

    @cached_property
    def groups_by_role(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return tuple((role.name, role.groups) for role in self.roles.values())

    @cached_property
    def roles_by_group(self) -> Mapping[str, tuple[int, ...]]:
        """From a group's object id to the places of its roles in `groups_by_role`."""
        places: dict[str, tuple[int, ...]] = {}
        for place, (_, groups) in enumerate(self.groups_by_role):
            for group in groups:
                places[group] = (*places.get(group, ()), place)
        return places

    @cached_property
    def known_groups(self) -> frozenset[str]:
        """The object ids of all groups that the file names."""
        return frozenset(self.roles_by_group)

    @cached_property
    def custom_roles(self) -> tuple[RoleRule, ...]:
        """The roles that are this file's own, in its order."""
        return tuple(role for role in self.roles.values() if role.custom)


def load_rules(path: str | Path) -> SignOnRules:
    """Reads the sign-on file. Raises RulesError."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise RulesError(
            f"{path}: the sign-on file can't be read: {error.strerror}. Set AIRFLOW_ENTRA_SIGN_ON to its absolute "
            f"path, and let the user that Airflow runs as read it; {_FIX}"
        ) from error
    return rules_in(content, str(path))


def rules_in(content: bytes, origin: str) -> SignOnRules:
    """The rules in the content of a sign-on file; `origin` names it in errors. Raises RulesError."""
    try:
        document = json.loads(content.decode("utf-8"), object_pairs_hook=no_key_twice)
    except RecursionError as error:
        raise RulesError(f"{origin}: it is nested too deeply; {_FIX}") from error
    except UnicodeDecodeError as error:
        raise RulesError(f"{origin}: it is not UTF-8 text; {_FIX}") from error
    except ValueError as error:
        raise RulesError(f"{origin}: it is not JSON: {error}; {_FIX}") from error
    return parse_rules(document, origin)


def parse_rules(document: object, origin: str) -> SignOnRules:
    """The rules in a parsed sign-on file; `origin` names it in errors. Raises RulesError."""
    try:
        return _rules(document)
    except WrongError as wrong:
        raise RulesError(f"{origin}: {wrong}; {_FIX}") from None


def _rules(document: object) -> SignOnRules:
    if isinstance(document, dict) and document.get("schema") != SCHEMA:
        raise WrongError(
            f"schema is {json.dumps(document.get('schema'))}; this airflow-entra-auth reads schema {SCHEMA}: "
            "bring both to the same release"
        )
    top = Keys(document)
    top.take("schema", int)
    guests, home_tenants = _guests(top)
    rules = SignOnRules(
        stack=top.text("stack"),
        environment=top.text("environment"),
        tenant_id=top.guid("tenantId"),
        client_id=top.guid("clientId"),
        authority=top.url("authority"),
        graph=top.url("graph"),
        base_url=top.url("baseUrl"),
        redirect_uri=top.url("redirectUri"),
        roles_from=top.one_of("rolesFrom", ("appRoles", "assignedGroups", "securityGroups")),
        guests=guests,
        airflow_session=top.seconds("airflowSession"),
        revocation=top.one_of("revocation", ("watch", "refresh")),
        contact=top.text_or_null("contact"),
        credential=_credential(top.keys("credential")),
        roles=_roles(top.take("roles", dict)),
        watcher=_watcher(top.keys("watcher")) if top.has("watcher") else None,
        home_tenants=home_tenants,
        external_session=top.seconds("externalSession") if top.has("externalSession") else None,
    )
    top.nothing_else()
    return rules


def _guests(top: Keys) -> tuple[Guests, frozenset[str]]:
    """What the file says about people of other tenants: a word, or the tenants that they may come from."""
    if not top.is_object("guests"):
        return top.one_of("guests", ("refuse", "allow")), frozenset()
    keys = top.keys("guests")
    tenants = frozenset(guid(tenant, "guests.tenants") for tenant in keys.take("tenants", list))
    keys.nothing_else()
    if not tenants:
        raise WrongError("guests.tenants names none: refuse is right then")
    return "tenants", tenants


def _watcher(keys: Keys) -> WatcherIdentity:
    client_id, credential = keys.guid("clientId"), keys.keys("credential")
    mode = credential.one_of("mode", (*_CREDENTIALS, "platform"))
    proof = PlatformIdentity() if mode == "platform" else _CREDENTIALS[mode](credential)
    credential.nothing_else()
    keys.nothing_else()
    return WatcherIdentity(client_id, proof)


def _credential(keys: Keys) -> Credential:
    mode = keys.one_of("mode", tuple(_CREDENTIALS))
    credential = _CREDENTIALS[mode](keys)
    keys.nothing_else()
    return credential


_CREDENTIALS: dict[str, Callable[[Keys], Credential]] = {
    "vaultSecret": lambda keys: VaultSecret(keys.url("vaultUrl"), keys.text("secretName")),
    "environment": lambda keys: EnvironmentSecret(keys.text("variable")),
    "secret": lambda keys: ReferredSecret(keys.text("from")),
    "federated": lambda keys: FederatedToken(keys.text_or_null("tokenFile")),
    "certificate": lambda keys: Certificate(keys.text("privateKeyFile"), keys.text("certificateFile")),
}


def _roles(document: dict[str, Any]) -> Mapping[str, RoleRule]:
    if not document:
        raise WrongError("roles names none: nobody could sign in")
    return MappingProxyType({name: _role(name, entry) for name, entry in document.items()})


def _role(name: str, document: object) -> RoleRule:
    place = f"roles.{name}"
    if not name.strip() or len(name) > 64:
        raise WrongError(f"{place}: a role's name has 1 to 64 characters, as Airflow's table of roles")
    keys = Keys(document, place)
    groups = tuple(guid(group, f"{place}.groups") for group in keys.take("groups", list))
    dags = {pattern: _actions(given, f"{place}.dags.{pattern}") for pattern, given in keys.take("dags", dict).items()}
    keys.nothing_else()
    if dags and name in BUILT_IN_ROLES:
        raise WrongError(f"{place}.dags: what Airflow's own role may do is Airflow's to say; a custom role takes dags")
    return RoleRule(name, groups, MappingProxyType(dags))


def _actions(given: object, place: str) -> tuple[Action, ...]:
    if not isinstance(given, list) or not given or not all(action in ACTIONS for action in given):
        raise WrongError(f"{place} is {json.dumps(given)}; a list of {', '.join(ACTIONS)} is right")
    return tuple(given)
