"""Which object of the tenant each resource of the program is: the id that `pulumi import` takes, by type and name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from airflow_entra.access import AccessPlan, DeclaredStack, names
from airflow_entra.access.azure_roles import SECRETS_OFFICER, SECRETS_USER, role_assignment
from airflow_entra.access.permissions import APP_ROLE_IDS, watch_permissions
from airflow_entra.access.vault import VaultPlace
from airflow_entra.directory.registered import Registered
from airflow_entra.directory.vaults import LiveVault, VaultRole
from airflow_entra.pulumi import resource_types as types
from airflow_entra.settings.model import Certificate, CreatedVault, Credential, Federated, StackSettings, VaultSecret
from airflow_entra.settings.watching import watcher_credential

Resource = tuple[str, str]
"""A resource's type and its logical name."""


@dataclass(frozen=True)
class Live:
    """What there is. `groups`: the plan's keys -> object ids of the groups that exist."""

    application: Registered
    groups: Mapping[str, str]
    vault: LiveVault | None = None
    private_endpoint: str | None = None
    """Its resource id, where the vault has one of the stack's name."""
    watcher: Registered | None = None
    """The watcher's own registration, or the identity that exists, where there is one."""


def resource_ids(stack: DeclaredStack, live: Live) -> dict[Resource, str]:
    """The ids of everything that the program would make and that is there, dynamic resources included."""
    settings, application = stack.settings, live.application
    here = f"/applications/{application.object_id}"
    ids: dict[Resource, str] = {(types.APPLICATION, "application"): here}
    for key, id_ in live.groups.items():
        ids[types.GROUP, key] = f"/groups/{id_}"
    if application.principal_id:
        ids[types.PRINCIPAL, "service-principal"] = f"/servicePrincipals/{application.principal_id}"
        ids |= _assignments(stack.plan, live, f"/servicePrincipals/{application.principal_id}/appRoleAssignedTo")
    for consent in application.consents:
        if consent.everybody:
            ids[types.CONSENT, "admin-consent"] = f"/oauth2PermissionGrants/{consent.id}"
    ids |= _lifetimes(stack, application)
    ids |= _proof(settings.credential, application)
    if live.watcher:
        ids |= _watcher(settings, live.watcher)
    if live.vault and isinstance(settings.credential, VaultSecret):
        ids |= _vault(settings, settings.credential, live.vault)
        ids |= _watchers_secret(settings, live.vault)
        if live.private_endpoint:
            ids[types.ENDPOINT, "private-endpoint"] = live.private_endpoint
    return ids


def _assignments(plan: AccessPlan, live: Live, path: str) -> dict[Resource, str]:
    there = {(one.principal.lower(), one.app_role.lower()): one.id for one in live.application.assigned}
    ids: dict[Resource, str] = {}
    for assignment in plan.assignments:
        group = live.groups.get(assignment.group, assignment.group)
        if (group.lower(), assignment.app_role_id) in there:
            ids[types.ASSIGNMENT, assignment.key] = f"{path}/{there[group.lower(), assignment.app_role_id]}"
    return ids


def _lifetimes(stack: DeclaredStack, application: Registered) -> dict[Resource, str]:
    ids: dict[Resource, str] = {}
    policy = application.lifetime_policy
    if policy and policy.id in (stack.settings.tenant.existing.token_lifetime_policy, _ours(application, stack.name)):
        ids[types.LIFETIME, "token-lifetime-policy"] = policy.id
        ids[types.LIFETIME_ASSIGNMENT, "token-lifetime-assignment"] = f"{application.object_id}/{policy.id}"
    for frequency in application.frequency_policies:
        if frequency.name == names.sign_in_policy(stack.name) and frequency.ours_alone:
            ids[types.FREQUENCY, "sign-in-frequency-policy"] = f"/identity/conditionalAccess/policies/{frequency.id}"
    return ids


def _ours(application: Registered, stack: str) -> str | None:
    """The policy that an earlier deployment of the stack made: it bears the stack's name."""
    policy = application.lifetime_policy
    return policy.id if policy and policy.name == names.token_lifetime_policy(stack) else None


def _watcher(settings: StackSettings, watcher: Registered) -> dict[Resource, str]:
    ids: dict[Resource, str] = {}
    if watcher.object_id:
        ids[types.APPLICATION, "watcher-application"] = f"/applications/{watcher.object_id}"
        if watcher.principal_id:
            ids[types.PRINCIPAL, "watcher-service-principal"] = f"/servicePrincipals/{watcher.principal_id}"
        credential = watcher_credential(settings)
        if credential is not None:
            ids |= _proof(credential, watcher, "watcher-")
    for name in watch_permissions(settings.sign_in):
        for granted in watcher.granted:
            if granted.app_role == APP_ROLE_IDS[name]:
                there = f"/servicePrincipals/{granted.resource}/appRoleAssignedTo/{granted.id}"
                ids[types.ASSIGNMENT, f"watcher-permission-{name}"] = there
    return ids


def _proof(credential: Credential, application: Registered, whose: str = "") -> dict[Resource, str]:
    if isinstance(credential, Federated):
        wanted = {(trust.issuer, trust.subject): names.federated(trust.name) for trust in credential.trusts}
        return {
            (types.TRUST, f"{whose}{wanted[said]}"): f"{application.object_id}/federatedIdentityCredential/{trust.id}"
            for trust in application.trusts
            if (said := (trust.issuer, trust.subject)) in wanted
        }
    if isinstance(credential, Certificate) and len(application.certificates) == 1:
        key = application.certificates[0].key_id
        return {(types.CERTIFICATE, f"{whose}certificate"): f"{application.object_id}/certificate/{key}"}
    return {}


def _vault(settings: StackSettings, credential: VaultSecret, vault: LiveVault) -> dict[Resource, str]:
    place = VaultPlace.of(settings, credential)
    ids: dict[Resource, str] = {
        (types.VAULT, "vault"): vault.id,
        **_secret(credential, vault),
        **_users(place, credential, vault),
    }
    for role in vault.roles:
        officer = names.role_assignment_name(place.id, role.principal, SECRETS_OFFICER)
        if role.kind == "officer" and role.name == officer:
            ids[types.ROLE_ASSIGNMENT, "deployer-secrets-officer"] = _role(role)
    return ids


def _watchers_secret(settings: StackSettings, vault: LiveVault) -> dict[Resource, str]:
    credential = watcher_credential(settings)
    if not isinstance(credential, VaultSecret):
        return {}
    ids = _secret(credential, vault, "watcher-")
    if not isinstance(credential.vault, CreatedVault):
        ids |= _users(VaultPlace.of(settings, credential), credential, vault, "watcher-")
    return ids


def _secret(credential: VaultSecret, vault: LiveVault, whose: str = "") -> dict[Resource, str]:
    if any(secret.name.lower() == credential.secret_name.lower() for secret in vault.secrets):
        return {(types.SECRET, f"{whose}client-secret"): f"{vault.id}/secrets/{credential.secret_name}"}
    return {}


def _users(place: VaultPlace, credential: VaultSecret, vault: LiveVault, whose: str = "") -> dict[Resource, str]:
    scope = place.readers_scope(credential)
    return {
        (types.ROLE_ASSIGNMENT, f"{whose}secrets-user/{reader}"): _role(role)
        for role in vault.roles
        for reader in credential.vault.readers
        if role.kind == "user" and role.name == names.role_assignment_name(scope, reader, SECRETS_USER)
    }


def _role(role: VaultRole) -> str:
    return role_assignment(role.scope, role.name)
