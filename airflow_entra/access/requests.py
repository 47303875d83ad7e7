"""What the identity team is asked to do, as the exact calls: pure data, from the plan and the ids that exist by now."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from airflow_entra.access import AccessPlan, DeclaredStack, api_versions, names
from airflow_entra.access.azure_roles import SECRETS_USER, role_assignment, role_definition
from airflow_entra.access.lifetimes import policy_clock, sign_in_frequency
from airflow_entra.access.needed import GRANTS_GRAPH, NEEDED, VAULT_ROLES_NEEDED
from airflow_entra.access.needed import Part as Part
from airflow_entra.access.permissions import APP_ROLE_IDS, GIVEN_BY_0_1, GRAPH_APP_ID, scopes, watch_permissions
from airflow_entra.access.vault import CLIENT_SECRET, VaultPlace, in_vault
from airflow_entra.settings.model import Manage, StackSettings
from airflow_entra_auth.azure import GRAPH_V1, RESOURCE_MANAGER

_JUDGED = (
    " Airflow's own server redeems each session's refresh token every five minutes: let the Conditional Access "
    "policies that apply to this application allow the addresses by which it reaches Entra, else nobody can sign in "
    "(AADSTS53003, 50076)."
)
OWN = "application permission "
"""What an Ask's subject begins with where it is a permission of the watcher's identity; its id follows."""
NOT_OWN = "no application permission "
"""The same, where the application that people sign in to is to have it no longer."""


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request; `<...>` in it stands for what only its sender can know."""

    method: str
    url: str
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing asked for. `subject` is what a look-up compares to see that it has been done; `points` go on from
    `why`, one thing each."""

    part: Part
    title: str
    why: str
    permission: str
    calls: tuple[Call, ...]
    subject: tuple[str, ...] = ()
    afterwards: str = ""
    points: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ids:
    """What exists by now, by object id."""

    application: str
    client: str
    service_principal: str
    groups: Mapping[str, str | None] = field(default_factory=dict)
    watcher: str = ""
    """The watcher's service principal; empty without a watcher."""


def asks(stack: DeclaredStack, ids: Ids, how: Literal["request", "existing"]) -> tuple[Ask, ...]:
    """Everything that the stack file leaves to somebody else in this way, in a stable order."""
    settings, plan = stack.settings, stack.plan
    manage = settings.tenant.manage
    makers: dict[Part, Iterator[Ask]] = {
        "groups": _groups(stack),
        "assignments": _assignments(plan, ids),
        "consent": _consent(settings, ids),
        "token_lifetime": _token_lifetime(stack, ids),
        "conditional_access": _conditional_access(stack, ids),
        "vault_roles": _vault_roles(settings),
    }
    return tuple(ask for part, made in makers.items() if left_to_others(manage, part) == how for ask in made)


def left_to_others(manage: Manage, part: Part) -> str:
    return str(getattr(manage, part))


def _groups(stack: DeclaredStack) -> Iterator[Ask]:
    for group in stack.plan.with_source("requested"):
        named = stack.settings.owners.groups if stack.settings.owned_by_people(group.roles) else ()
        owners = [f"{GRAPH_V1}/directoryObjects/{owner}" for owner in named]
        body: dict[str, Any] = {
            "displayName": group.name,
            "description": group.description,
            "mailNickname": group.mail_nickname,
            "mailEnabled": False,
            "securityEnabled": True,
        }
        if group.rule:
            body |= {"groupTypes": ["DynamicMembership"], "membershipRule": group.rule}
            body["membershipRuleProcessingState"] = "On"
        if owners:
            body["owners@odata.bind"] = owners
        yield Ask(
            "groups",
            f"Create the group {group.name}",
            f"Its members get Airflow's role {', '.join(group.roles)}.",
            str(NEEDED["groups"]),
            (Call("POST", f"{GRAPH_V1}/groups", body),),
            (group.object_id or "",),
            f"Write the new group's object id into the stack file, as id beside 'create: {group.name}'. A group is "
            f"never taken over by its name: anybody may create a group of that name.",
        )


def _assignments(plan: AccessPlan, ids: Ids) -> Iterator[Ask]:
    for assignment in plan.assignments:
        group = plan.groups[assignment.group]
        principal = ids.groups.get(assignment.group) or group.object_id
        role = f"the role {assignment.role}" if assignment.role else "access"
        body = {
            "principalId": principal or f"<object id of {group.name}>",
            "resourceId": ids.service_principal,
            "appRoleId": assignment.app_role_id,
        }
        yield Ask(
            "assignments",
            f"Give {group.name} {role}",
            f"Without it members of {group.name} "
            + ("sign in without that role." if assignment.role else "can't sign in."),
            str(NEEDED["assignments"]),
            (Call("POST", f"{GRAPH_V1}/servicePrincipals/{ids.service_principal}/appRoleAssignedTo", body),),
            (principal or "", assignment.app_role_id),
        )


def _consent(settings: StackSettings, ids: Ids) -> Iterator[Ask]:
    wanted = scopes(settings.sign_in)
    find = f"{GRAPH_V1}/servicePrincipals(appId='{GRAPH_APP_ID}')?$select=id"
    body = {
        "clientId": ids.service_principal,
        "consentType": "AllPrincipals",
        "resourceId": "<id of Microsoft Graph, from the call above>",
        "scope": " ".join(wanted),
    }
    yield Ask(
        "consent",
        f"Consent to {', '.join(wanted)} for everybody",
        (
            "Without it nobody can sign in: where people have to be assigned to an application, they can't consent "
            "themselves (AADSTS90094), whatever the tenant's user consent settings say."
            if settings.sign_in.assignment_required
            else "Without it each person is asked at the first sign-in, or refused where people may not consent."
        )
        + (_JUDGED if settings.sign_in.revocation == "refresh" else ""),
        str(NEEDED["consent"]),
        (Call("GET", find), Call("POST", f"{GRAPH_V1}/oauth2PermissionGrants", body)),
        wanted,
    )
    own = watch_permissions(settings.sign_in)
    if own:
        yield _watcher(own, ids, find, body["resourceId"])
        if settings.watcher.moved:
            yield _no_longer(ids)


def _watcher(own: tuple[str, ...], ids: Ids, find: str, graph: object) -> Ask:
    grants = [{"principalId": ids.watcher, "resourceId": graph, "appRoleId": APP_ROLE_IDS[name]} for name in own]
    url = f"{GRAPH_V1}/servicePrincipals/{ids.watcher}/appRoleAssignments"
    return Ask(
        "consent",
        f"Let Airflow's watcher use {', '.join(own)}",
        "It follows the tenant's changes, so that somebody who left is out of Airflow within seconds. Without it they "
        "are out when their session ends. Nobody signs in to this identity, and it only reads. revocation: refresh "
        "asks for no such permission, and takes minutes.",
        GRANTS_GRAPH,
        (Call("GET", find), *(Call("POST", url, grant) for grant in grants)),
        tuple(f"{OWN}{APP_ROLE_IDS[name]}" for name in own),
    )


def _no_longer(ids: Ids) -> Ask:
    url = f"{GRAPH_V1}/servicePrincipals/{ids.service_principal}/appRoleAssignments"
    taken = tuple(APP_ROLE_IDS[name] for name in GIVEN_BY_0_1)
    return Ask(
        "consent",
        f"Take {', '.join(GIVEN_BY_0_1)} from the application that people sign in to",
        "An older release watched as that application. Its watcher has an identity of its own now, and whoever has "
        "Airflow's credential could still read the directory.",
        GRANTS_GRAPH,
        (Call("GET", url), *(Call("DELETE", f"{url}/<id of the assignment with appRoleId {role}>") for role in taken)),
        tuple(f"{NOT_OWN}{role}" for role in taken),
    )


def _token_lifetime(stack: DeclaredStack, ids: Ids) -> Iterator[Ask]:
    lifetime = stack.settings.sign_in.token_lifetime
    if lifetime is None:
        return
    policy = {"TokenLifetimePolicy": {"Version": 1, "AccessTokenLifetime": policy_clock(lifetime)}}
    body = {
        "displayName": names.token_lifetime_policy(stack.name),
        "definition": [json.dumps(policy, separators=(",", ":"))],
        "isOrganizationDefault": False,
    }
    reference = {"@odata.id": f"{GRAPH_V1}/policies/tokenLifetimePolicies/<id of the policy, from the call above>"}
    yield Ask(
        "token_lifetime",
        f"Let the application's tokens live {policy_clock(lifetime)}",
        "Without it Entra chooses between 60 and 90 minutes.",
        str(NEEDED["token_lifetime"]),
        (
            Call("POST", f"{GRAPH_V1}/policies/tokenLifetimePolicies", body),
            Call("POST", f"{GRAPH_V1}/applications/{ids.application}/tokenLifetimePolicies/$ref", reference),
        ),
        (policy_clock(lifetime), stack.settings.tenant.existing.token_lifetime_policy or ""),
    )


def _conditional_access(stack: DeclaredStack, ids: Ids) -> Iterator[Ask]:
    frequency = stack.settings.sign_in.sign_in_frequency
    if frequency is None:
        return
    value, period = sign_in_frequency(frequency)
    control = {"isEnabled": True, "value": value, "type": period, "frequencyInterval": "timeBased"}
    body = {
        "displayName": names.sign_in_policy(stack.name),
        "state": "enabled",
        "conditions": {
            "clientAppTypes": ["all"],
            "applications": {"includeApplications": [ids.client]},
            "users": {"includeUsers": ["All"]},
        },
        "sessionControls": {"signInFrequency": control},
    }
    yield Ask(
        "conditional_access",
        f"Ask who signs in to Airflow again every {value} {period}",
        "It rules Airflow's sign-in alone, nobody else's.",
        str(NEEDED["conditional_access"]),
        (Call("POST", f"{GRAPH_V1}/identity/conditionalAccess/policies", body),),
        (str(value), period, stack.settings.tenant.existing.conditional_access_policy or ""),
    )


def _vault_roles(settings: StackSettings) -> Iterator[Ask]:
    for what, credential in in_vault(settings):
        place = VaultPlace.of(settings, credential)
        scope = place.readers_scope(credential)
        for reader in credential.vault.readers:
            name = names.role_assignment_name(scope, reader, SECRETS_USER)
            url = role_assignment_url(scope, name)
            properties = {
                "principalId": reader,
                "principalType": "ServicePrincipal",  # else Azure doesn't know one that was made minutes ago
                "roleDefinitionId": role_definition(place.subscription, SECRETS_USER),
            }
            yield Ask(
                "vault_roles",
                f"Let {reader} read the {what}",
                "It is the identity that Airflow runs as: without it Airflow can't sign anybody in."
                if what == CLIENT_SECRET
                else "It is the identity that Airflow's watcher runs as: without it the watcher sees nothing.",
                VAULT_ROLES_NEEDED,
                (Call("PUT", url, {"properties": properties}),),
                (scope, name),
            )


def role_assignment_url(scope: str, name: str) -> str:
    """Where a role assignment is made, or looked at."""
    return f"{RESOURCE_MANAGER}{role_assignment(scope, name)}?api-version={api_versions.AUTHORIZATION}"
