"""Which application permissions of Microsoft Graph the pipelines' identities need: as few as their stacks allow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from airflow_entra.access.needed import Part, has_part
from airflow_entra.access.needs import OWN, fewest, needs
from airflow_entra.access.permissions import APP_ROLE_IDS
from airflow_entra.settings.model import StackSettings


@dataclass(frozen=True, slots=True)
class Known:
    """Why an identity has a permission, and for the dangerous ones what it could do and how to do without."""

    why: str
    risk: str = ""


KNOWN = {
    OWN: Known(
        "makes and changes Airflow's app registration and its watcher's, their service principals and credentials: its "
        "own only"
    ),
    "Application.Read.All": Known("reads applications, their assignments and their federated credentials"),
    "AppRoleAssignment.ReadWrite.All": Known(
        "assigns groups to Airflow's roles, and lets the watcher read the directory where there is one "
        "(`revocation: watch`)",
        "whoever has it can give any application any permission, itself included: as strong as a Global "
        "Administrator. `manage.assignments: request` does without it",
    ),
    "AuditLog.Read.All": Known(
        "shows the nightly audit who signed in, and who changed something by hand",
        "whoever may push a branch can read everybody's sign-ins with it. Without --audit it isn't asked for",
    ),
    "DelegatedPermissionGrant.ReadWrite.All": Known(
        "consents for everybody to what Airflow reads at a sign-in",
        "whoever has it can consent in everybody's name to any delegated permission. `manage.consent: request` does "
        "without it",
    ),
    "Directory.Read.All": Known(
        "reads applications, groups and which consent was given; Graph has no smaller permission that shows consent"
    ),
    "Group.ReadWrite.All": Known(
        "makes the groups behind Airflow's roles",
        "whoever has it can change the members of every group that isn't role-assignable. `manage.groups: request` "
        "does without it",
    ),
    "GroupMember.Read.All": Known("reads the groups that stack files name"),
    "Policy.Read.All": Known("reads token lifetime and Conditional Access policies"),
    "Policy.ReadWrite.ApplicationConfiguration": Known(
        "makes the token lifetime policy",
        "whoever has it can change every application's token lifetime and claims. `manage.tokenLifetime: request` "
        "does without it",
    ),
    "Policy.ReadWrite.ConditionalAccess": Known(
        "makes the Conditional Access policy of Airflow's sign-in",
        "whoever has it can change every Conditional Access policy. `manage.conditionalAccess: request` does without "
        "it",
    ),
    "User.Read.All": Known(
        "looks up what kind of object each owner of a group is, as the provider does",
        "whoever has it can read everybody's profile. Without `owners.groups` it isn't asked for",
    ),
}
"""Every permission that this product ever asks for an identity; the policy pack takes no other."""


def previewing(stacks: Iterable[StackSettings], *, audit: bool = False) -> tuple[str, ...]:
    """What reading these stacks takes: `pulumi preview`, and with `--refresh` for drift. Nothing that writes.

    `audit`: people and their sign-ins too, for the nightly `airflow-entra audit`.
    """
    stacks = list(stacks)
    wanted = {"Application.Read.All", "GroupMember.Read.All"}
    if audit or any(one.tenant.manage.consent != "none" for one in stacks):
        wanted = {"Directory.Read.All"}  # it holds the other two, and shows people
    if audit:
        wanted.add("AuditLog.Read.All")
    if any(_has_policies(one) for one in stacks):
        wanted.add("Policy.Read.All")
    return tuple(sorted(wanted))


def deploying(stacks: Iterable[StackSettings]) -> tuple[str, ...]:
    """What deploying these stacks takes: what they manage themselves, and nothing for what they leave to others."""
    return fewest(need.permission for stack in stacks for need in needs(stack))


def permission_id(name: str) -> str:
    return APP_ROLE_IDS[name]


_POLICIES: tuple[Part, ...] = ("token_lifetime", "conditional_access")


def _has_policies(stack: StackSettings) -> bool:
    return any(has_part(stack, part) and getattr(stack.tenant.manage, part) != "none" for part in _POLICIES)
