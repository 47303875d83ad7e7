"""The groups behind the roles: who can get into them, and who answers for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policies.relations import admin_groups, assigned
from policies.resource_types import APPLICATION, ASSIGNMENT, GROUPS, STACK, USER
from policies.resources import UNKNOWN, Resource, of_type
from policies.rules import Finding, Rule, Setting, Settings

_ROLES = """\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      appRoles:
        - id: 2b1f3c4d-8a5e-5f60-9b7c-1d2e3f405162
          value: Admin
          displayName: Admin
          description: Administers Airflow
          allowedMemberTypes: [User]
  airflow-principal:
    type: azuread:ServicePrincipal
    properties:
      clientId: ${airflow.clientId}
      appRoleAssignmentRequired: true
"""
ADMINS = f"""{_ROLES}\
  admins-get-admin:
    type: azuread:AppRoleAssignment
    properties:
      appRoleId: 2b1f3c4d-8a5e-5f60-9b7c-1d2e3f405162
      principalObjectId: ${{admins.objectId}}
      resourceObjectId: ${{airflow-principal.objectId}}
"""
"""An application whose group `admins` gets Admin: an example adds that group."""


def _dynamic(resources: Sequence[Resource], _: Settings) -> Iterator[Finding]:
    for group in admin_groups(resources):
        if _is_dynamic(group):
            yield Finding(
                resource=group,
                problem="it gives Admin and a dynamic rule decides who is in it",
                fix="Take dynamicMembership away and name its members, or make them eligible through PIM",
            )


def _is_dynamic(group: Resource) -> bool:
    return group.get("dynamicMembership", "enabled") is True or "DynamicMembership" in group.items("types")


ADMIN_NOT_DYNAMIC = Rule(
    name="admin-not-dynamic",
    title="No dynamic rule on Admin",
    description="Nobody becomes Admin by an attribute.",
    scope="stack",
    severity="high",
    level="mandatory",
    reason="A rule such as a department's name gives Admin to whoever may edit that attribute, people themselves, a "
    "help desk or a feed from personnel, and nobody approves it.",
    remedy="Give Admin to a group whose members are named. Dynamic rules are for the roles that read.",
    controls=("SOC 2 CC6.2", "SOC 2 CC6.3", "NIST 800-53 AC-2", "NIST 800-53 AC-6"),
    source="https://learn.microsoft.com/en-us/entra/identity/users/groups-dynamic-membership",
    types=(APPLICATION, *GROUPS, ASSIGNMENT, STACK),
    check=_dynamic,
    violation=f"""{ADMINS}\
  admins:
    type: azuread:GroupWithoutMembers
    properties:
      displayName: airflow-admins
      securityEnabled: true
      types: [DynamicMembership]
      dynamicMembership: {{enabled: true, rule: user.department -eq "Data"}}
""",
    compliance=f"""{ADMINS}\
  admins:
    type: azuread:GroupWithoutMembers
    properties:
      displayName: airflow-admins
      securityEnabled: true
""",
)


def _person(resources: Sequence[Resource], _: Settings) -> Iterator[Finding]:
    direct = {assignment.urn: user.name for assignment, user in assigned(resources, USER)}
    for assignment in of_type(resources, ASSIGNMENT):
        if assignment.urn in direct or assignment.get("principalType") == "User":
            who = direct.get(assignment.urn) or assignment.get("principalDisplayName") or "one"
            yield Finding(
                resource=assignment,
                problem=f"the person {who} is assigned directly",
                fix="Assign a group and make the person its member",
            )


NO_PERSON_ASSIGNED = Rule(
    name="no-person-assigned",
    title="No person assigned directly",
    description="Roles are given to groups, never to a person.",
    scope="stack",
    severity="medium",
    level="mandatory",
    reason="An assignment to a person is in no access review of the group, outlives a change of team, and only a "
    "deployment takes it away.",
    remedy="Assign a group with `principalObjectId` and make the person its member.",
    controls=("SOC 2 CC6.2", "SOC 2 CC6.3", "NIST 800-53 AC-2"),
    source="https://learn.microsoft.com/en-us/entra/identity/enterprise-apps/assign-user-or-group-access-portal",
    types=(ASSIGNMENT, USER),
    check=_person,
    violation=f"""{ADMINS}\
  admins:
    type: azuread:User
    properties:
      displayName: Ada
      userPrincipalName: ada@contoso.com
""",
    compliance=f"""{ADMINS}\
  admins:
    type: azuread:GroupWithoutMembers
    properties:
      displayName: airflow-admins
      securityEnabled: true
""",
)


def _self_service(resources: Sequence[Resource], _: Settings) -> Iterator[Finding]:
    groups = {group.urn: group for _, group in assigned(resources, *GROUPS)}
    for group in groups.values():
        if group.get("visibility") == "Public":
            yield Finding(
                resource=group,
                problem="its visibility is Public: everybody can join it, and so gets its role",
                fix="Set visibility to Private or leave it out",
            )
        if group.get("mailEnabled") is True or "Unified" in group.items("types"):
            yield Finding(
                resource=group,
                problem="it is a Microsoft 365 group: its owners invite people in Teams and Outlook",
                fix="Use a security group: securityEnabled true, mailEnabled false, no type Unified",
            )
        elif group.get("securityEnabled") is False:
            yield Finding(resource=group, problem="it is no security group", fix="Set securityEnabled to true")


SECURITY_GROUPS_ONLY = Rule(
    name="security-groups-only",
    title="Roles for security groups only",
    description="A group that gives a role is a security group that nobody can join alone.",
    scope="stack",
    severity="high",
    level="mandatory",
    reason="Membership of a public or a Microsoft 365 group is asked for and given in Teams and Outlook, by people who "
    "don't know that it opens Airflow.",
    remedy="Give roles to groups with `securityEnabled: true` and neither `mailEnabled` nor the type `Unified`.",
    controls=("CIS Microsoft 365 3.1 1.2.1", "SOC 2 CC6.2", "NIST 800-53 AC-2"),
    source="https://learn.microsoft.com/en-us/entra/fundamentals/concept-learn-about-groups",
    types=(*GROUPS, ASSIGNMENT),
    check=_self_service,
    violation=f"""{ADMINS}\
  admins:
    type: azuread:GroupWithoutMembers
    properties:
      displayName: airflow-admins
      mailEnabled: true
      mailNickname: airflow-admins
      securityEnabled: true
      types: [Unified]
      visibility: Public
""",
    compliance=f"""{ADMINS}\
  admins:
    type: azuread:GroupWithoutMembers
    properties:
      displayName: airflow-admins
      securityEnabled: true
""",
)


def _owners(resources: Sequence[Resource], settings: Settings) -> Iterator[Finding]:
    least = settings.get("minOwners")
    groups = {group.urn: group for _, group in assigned(resources, *GROUPS)}
    for group in groups.values():
        asked = group.get_asked("owners")
        owners = asked if isinstance(asked, Sequence) and not isinstance(asked, str) else ()
        known = asked is not UNKNOWN and UNKNOWN not in owners
        if known and isinstance(least, int) and not _is_dynamic(group) and len(owners) < least:
            yield Finding(
                resource=group,
                problem=f"it gives a role and names {len(owners) or 'no'} owner{'' if len(owners) == 1 else 's'}",
                fix=f"Name at least {least} in owners",
            )


GROUP_OWNERS = Rule(
    name="group-owners",
    title="Groups with owners",
    description="A group that gives a role has an owner who answers for its members.",
    scope="stack",
    severity="medium",
    level="advisory",
    reason="Without an owner nobody is asked in an access review and nobody takes out who leaves the team. A dynamic "
    "group needs none: its rule decides.",
    remedy="Name the owners by object id in `owners`.",
    controls=("SOC 2 CC6.2", "NIST 800-53 AC-2"),
    source="https://learn.microsoft.com/en-us/entra/fundamentals/how-to-manage-groups",
    types=(*GROUPS, ASSIGNMENT),
    check=_owners,
    settings=(
        Setting(
            name="minOwners",
            schema={"type": "integer", "minimum": 1, "default": 1, "description": "The least number of owners."},
        ),
    ),
    violation=f"""{ADMINS}\
  admins:
    type: azuread:GroupWithoutMembers
    properties:
      displayName: airflow-admins
      securityEnabled: true
""",
    compliance=f"""{ADMINS}\
  admins:
    type: azuread:GroupWithoutMembers
    properties:
      displayName: airflow-admins
      securityEnabled: true
      owners: [5f1e8a52-0c1d-4c4e-9d0b-0a6f4f1c2b11]
""",
)
