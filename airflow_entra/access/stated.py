"""Everything about access that a stack file says, in a form that can be compared: sets of facts, keyed by what lasts.

A group's key is the plan's (its first name, or its object id), so a group that was renamed with `was` is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from airflow_entra.access.airflow_urls import urls
from airflow_entra.access.stack import DeclaredStack
from airflow_entra.access.vault import VaultPlace, purge_protected
from airflow_entra.settings import durations
from airflow_entra.settings.model import (
    Certificate,
    CreatedVault,
    Credential,
    ExistingVault,
    Federated,
    Federation,
    Manage,
    Role,
    SignIn,
    StackSettings,
    Watcher,
    config_key,
    each,
)
from airflow_entra_auth.rules import BUILT_IN_ROLES


class Grant(NamedTuple):
    """Members of a group get a role; both are keys."""

    role: str
    group: str


class Right(NamedTuple):
    """A custom role (its key) may do one action with the DAGs of a pattern."""

    role: str
    pattern: str
    action: str


@dataclass(frozen=True, slots=True)
class StatedGroup:
    """What the file says about one group; `kind` is created, existing or requested."""

    name: str
    kind: str
    rule: str | None = None
    object_id: str | None = None
    nickname: str | None = None


@dataclass(frozen=True, slots=True)
class Stated:
    """One stack. `groups` and `roles` (present names) by key; `values` and `lists` by the setting's name."""

    groups: Mapping[str, StatedGroup] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    grants: frozenset[Grant] = frozenset()
    rights: frozenset[Right] = frozenset()
    values: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def production(self) -> bool:
        return self.values.get("environment") == "production"

    @property
    def tenant_id(self) -> str:
        """Of a stack that is there."""
        return self.values[config_key("tenant_id")]


NOTHING = Stated()
"""A stack that isn't there."""


def stated(stack: DeclaredStack) -> Stated:
    """What the stack file says, without the order that it says it in."""
    settings, access = stack.settings, stack.plan
    keys = {name: role_key(name, role) for name, role in settings.roles.items()}
    return Stated(
        groups={
            key: StatedGroup(
                group.name,
                "created" if group.source == "dynamic" else group.source,
                group.rule,
                group.object_id,
                group.given_nickname,
            )
            for key, group in access.groups.items()
        },
        roles={key: name for name, key in keys.items()},
        grants=frozenset(Grant(keys[role], group) for role, groups in access.roles.items() for group in groups),
        rights=frozenset(
            Right(keys[name], pattern, action)
            for name, role in settings.roles.items()
            for pattern, actions in role.dags.items()
            for action in actions
        ),
        values=_values(settings),
        lists=_lists(settings),
    )


def role_key(name: str, role: Role) -> str:
    """The role's first name. What Airflow's own roles give hangs on their names: none of them is ever a rename."""
    first = role.was or name
    if name in BUILT_IN_ROLES or first == name:
        return name
    return f"{first}/{name}" if first in BUILT_IN_ROLES else first


def _values(settings: StackSettings) -> dict[str, str]:
    sign_in = settings.sign_in
    spans = {
        "signIn.tokenLifetime": sign_in.token_lifetime,
        "signIn.signInFrequency": sign_in.sign_in_frequency,
        "signIn.airflowSession": sign_in.airflow_session,
        "signIn.externalSession": sign_in.external_session,
        "signIn.longestDagRun": sign_in.longest_dag_run,
    }
    values: dict[str, str | None] = {
        "environment": settings.environment,
        config_key("tenant_id"): settings.tenant_id,
        config_key("subscription_id"): settings.subscription_id,
        config_key("location"): settings.location,
        "application.displayName": settings.application.display_name,
        "application.serviceManagementReference": settings.application.service_management_reference,
        "tenant.licence": settings.tenant.licence,
        **{
            f"tenant.manage.{info.alias}": str(getattr(settings.tenant.manage, name))
            for name, info in Manage.model_fields.items()
        },
        "tenant.existing.tokenLifetimePolicy": settings.tenant.existing.token_lifetime_policy,
        "tenant.existing.conditionalAccessPolicy": settings.tenant.existing.conditional_access_policy,
        "signIn.rolesFrom": sign_in.roles_from,
        "signIn.assignmentRequired": "true" if sign_in.assignment_required else "false",
        "signIn.guests": guests(sign_in),
        "signIn.revocation": sign_in.revocation,
        "signIn.contact": sign_in.contact,
        "signIn.lastAccess": sign_in.last_access,
        **{key: durations.format(span) for key, span in spans.items() if span is not None},
        **_credential(settings, settings.credential),
        **_watcher(settings.watcher),
    }
    return {key: value for key, value in values.items() if value is not None}


def guests(sign_in: SignIn) -> str:
    """Who may sign in of other tenants' people, in one word or by tenant."""
    others = sign_in.guests
    return others if isinstance(others, str) else f"of {', '.join(sorted(others.tenants))}"


def _credential(settings: StackSettings, credential: Credential) -> dict[str, str | None]:
    said: dict[str, str | None] = {"credential.mode": credential.mode}
    if isinstance(credential, Federated):
        return said  # its workloads are a list
    if isinstance(credential, Certificate):
        return said | {"credential.file": credential.file}
    return said | {
        "credential.vault": VaultPlace.of(settings, credential).id,
        **_vault(settings, credential.vault),
        "credential.secretName": credential.secret_name,
        "credential.rotateEvery": durations.format(credential.rotate_every),
        "credential.overlap": durations.format(credential.overlap),
    }


def _vault(settings: StackSettings, vault: CreatedVault | ExistingVault) -> dict[str, str | None]:
    if not isinstance(vault, CreatedVault):
        return {"credential.vault.made": "elsewhere"}
    return {
        "credential.vault.made": "by this stack",
        "credential.vault.privateEndpointSubnet": vault.private_endpoint_subnet,
        "credential.vault.privateDnsZone": vault.private_dns_zone,
        "credential.vault.purgeProtection": "yes" if purge_protected(settings, vault) else "no",
        "credential.vault.tags": ", ".join(f"{name}={value}" for name, value in sorted(vault.tags.items())) or None,
    }


def _watcher(watcher: Watcher) -> dict[str, str | None]:
    said: dict[str, str | None] = {"watcher.certificate": watcher.certificate}
    if watcher.existing:
        said |= {
            "watcher.existing.objectId": watcher.existing.object_id,
            "watcher.existing.clientId": watcher.existing.client_id,
        }
    return said | ({"watcher.moved": "true"} if watcher.moved else {})


def _lists(settings: StackSettings) -> dict[str, frozenset[str]]:
    airflows = [urls(airflow.version, airflow.url) for airflow in settings.airflow]
    credential = settings.credential
    readers = credential.vault.readers if credential.mode == "vaultSecret" else ()
    trusts = credential.trusts if isinstance(credential, Federated) else ()
    watchers = each(settings.watcher.federated) if settings.watcher.federated else ()
    return {
        "airflow": frozenset(f"{airflow.version} at {airflow.url}" for airflow in airflows),
        "redirect URLs": frozenset(airflow.redirect_uri for airflow in airflows),
        "owners.application": frozenset(settings.owners.application),
        "owners.groups": frozenset(settings.owners.groups),
        "owners.contacts": frozenset(settings.owners.contacts),
        "credential.vault.readers": frozenset(readers),
        "credential.federated": frozenset(map(_workload, trusts)),
        "watcher.federated": frozenset(map(_workload, watchers)),
        "application.keep": frozenset(settings.application.keep),
    }


def _workload(trust: Federation) -> str:
    """What its tokens say; by its name its credential is kept apart, which changes nobody's access."""
    return f"{trust.subject} of {trust.issuer}"
