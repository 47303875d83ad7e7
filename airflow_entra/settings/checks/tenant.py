"""What the tenant's licence allows, and whether every part of the work has somebody who does it."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_entra.finding import At, Finding, Loc
from airflow_entra.settings.checks.rule import Rule, at
from airflow_entra.settings.model import CreatedGroup, CreatedVault, StackSettings, VaultSecret


def token_lifetime_licence(settings: StackSettings) -> Iterator[Finding]:
    if settings.tenant.licence == "none" and settings.sign_in.token_lifetime is not None:
        yield _needs_p1(at("sign_in", "tokenLifetime"), "a token lifetime policy", "delete tokenLifetime")


def sign_in_frequency_licence(settings: StackSettings) -> Iterator[Finding]:
    if settings.tenant.licence == "none" and settings.sign_in.sign_in_frequency is not None:
        yield _needs_p1(
            at("sign_in", "signInFrequency"), "a Conditional Access sign-in frequency", "delete signInFrequency"
        )


def dynamic_group_licence(settings: StackSettings) -> Iterator[Finding]:
    if settings.tenant.licence != "none":
        return
    for role, entry in settings.roles.items():
        for index, group in enumerate(entry.groups):
            if isinstance(group, CreatedGroup) and group.rule is not None:
                loc = at("roles", role, "groups", index, "rule")
                yield _needs_p1(loc, "a dynamic membership rule", "delete the rule and add the members by hand")


def group_assignment_licence(settings: StackSettings) -> Iterator[Finding]:
    """Without P1 only people, not groups, can be assigned to an application."""
    sign_in, tenant = settings.sign_in, settings.tenant
    if tenant.licence != "none" or tenant.manage.assignments == "none":
        return
    if sign_in.roles_from != "securityGroups":
        loc, remedy = at("sign_in", "rolesFrom"), "write rolesFrom: securityGroups and assignmentRequired: false"
    elif sign_in.assignment_required:
        loc, remedy = at("sign_in", "assignmentRequired"), "write assignmentRequired: false"
    else:
        return
    yield _needs_p1(loc, "assigning groups to an application", remedy)


def existing_parts_are_named(settings: StackSettings) -> Iterator[Finding]:
    manage, existing = settings.tenant.manage, settings.tenant.existing
    parts = (
        ("tokenLifetime", manage.token_lifetime, "tokenLifetimePolicy", existing.token_lifetime_policy, True),
        (
            "conditionalAccess",
            manage.conditional_access,
            "conditionalAccessPolicy",
            existing.conditional_access_policy,
            False,
        ),
    )
    for part, who, key, identifier, adoptable in parts:
        if who == "existing" and identifier is None:
            yield Finding(
                At(at("tenant", "manage", part)),
                f"manage.{part} is existing, but nothing says which one",
                f"tenant.existing.{key} holds its object id",
                f"add existing: {{{key}: <object id>}} to tenant, or write {part}: managed",
            )
        if identifier is not None and who != "existing" and not (adoptable and who == "managed"):
            yield Finding(
                At(at("tenant", "existing", key)),
                f"existing.{key} is given, but manage.{part} is {who}",
                f"an object is named where the part is existing{', or managed to adopt it' if adoptable else ''}",
                f"write manage.{part}: existing, or delete {key}",
            )


def consent_has_somebody(settings: StackSettings) -> Iterator[Finding]:
    """People consent themselves nowhere that assignment is required, whatever the tenant lets them consent to."""
    who = settings.tenant.manage.consent
    if settings.sign_in.assignment_required and who == "none":
        yield Finding(
            At(at("tenant", "manage", "consent")),
            "nobody signs in before an administrator consents, and manage.consent is none",
            "where people have to be assigned (assignmentRequired), they can't consent themselves (AADSTS90094)",
            "write consent: managed, request or existing",
            severity="warning",
        )


def token_lifetime_has_somebody(settings: StackSettings) -> Iterator[Finding]:
    who = settings.tenant.manage.token_lifetime
    if settings.sign_in.token_lifetime is not None and who == "none":
        yield _nobody(at("sign_in", "tokenLifetime"), "tokenLifetime", "tokenLifetime")


def sign_in_frequency_has_somebody(settings: StackSettings) -> Iterator[Finding]:
    if settings.tenant.licence == "none":
        return  # said already
    if settings.sign_in.sign_in_frequency is not None and settings.tenant.manage.conditional_access == "none":
        yield _nobody(at("sign_in", "signInFrequency"), "signInFrequency", "conditionalAccess")


def created_groups_have_somebody(settings: StackSettings) -> Iterator[Finding]:
    who = settings.tenant.manage.groups
    for role, entry in settings.roles.items():
        for index, group in enumerate(entry.groups):
            if not isinstance(group, CreatedGroup):
                continue
            loc = at("roles", role, "groups", index)
            if who in ("existing", "none"):
                yield Finding(
                    At((*loc, "create")),
                    f"nobody creates the group {group.create}: manage.groups is {who}",
                    "such a group is written with its id and name",
                    "write {id: <object id>, name: <label>}, or manage.groups: managed or request",
                )
            elif who == "managed" and group.id is not None:
                yield Finding(
                    At((*loc, "id")),
                    "a group that the stack creates has no id yet",
                    "create and id stand together only with manage.groups: request",
                    "delete id; or write name instead of create for a group that exists",
                )


def vault_roles_have_somebody(settings: StackSettings) -> Iterator[Finding]:
    credential, who = settings.credential, settings.tenant.manage.vault_roles
    if not isinstance(credential, VaultSecret):
        return
    if isinstance(credential.vault, CreatedVault) and who == "existing":
        yield Finding(
            At(at("tenant", "manage", "vaultRoles")),
            "manage.vaultRoles is existing, but the vault is yet to be created",
            "role assignments on a new vault are managed, request or none",
            "write vaultRoles: request where you may not assign roles",
        )
    if credential.vault.readers and who == "none":
        yield Finding(
            At(at("credential", "vault", "readers")),
            "nobody lets these readers read the vault: manage.vaultRoles is none",
            "readers get their role from this stack (managed) or from the identity team (request)",
            "write manage.vaultRoles: managed or request, or delete readers",
        )


def _needs_p1(loc: Loc, feature: str, remedy: str) -> Finding:
    return Finding(
        At(loc),
        f"{feature} needs Microsoft Entra ID P1, but tenant.licence is none",
        "P1 or P2",
        f"{remedy}, or write the licence that the tenant has",
    )


def _nobody(loc: Loc, key: str, part: str) -> Finding:
    return Finding(
        At(loc),
        f"{key} is set, but manage.{part} is none, so nobody makes the policy",
        "managed, request or existing",
        f"write tenant.manage.{part}: managed, or delete {key}",
    )


RULES = (
    Rule(("tenant", "sign_in"), token_lifetime_licence),
    Rule(("tenant", "sign_in"), sign_in_frequency_licence),
    Rule(("tenant", "roles"), dynamic_group_licence),
    Rule(("tenant", "sign_in"), group_assignment_licence),
    Rule(("tenant",), existing_parts_are_named),
    Rule(("tenant", "sign_in"), consent_has_somebody),
    Rule(("tenant", "sign_in"), token_lifetime_has_somebody),
    Rule(("tenant", "sign_in"), sign_in_frequency_has_somebody),
    Rule(("tenant", "roles"), created_groups_have_somebody),
    Rule(("tenant", "credential"), vault_roles_have_somebody),
)
