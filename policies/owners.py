"""Who owns the application and the groups that give Admin: an owner can add a secret, or a member."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policies.groups import ADMINS
from policies.production import ENVIRONMENT, SAYS_ENVIRONMENT, in_production
from policies.relations import admin_groups
from policies.resource_types import APPLICATION, ASSIGNMENT, GROUPS, PRINCIPAL, STACK
from policies.resources import UNKNOWN, Resource, Value, of_type
from policies.rules import Finding, Rule, Setting, Settings

_SOURCE = "https://learn.microsoft.com/en-us/entra/identity/enterprise-apps/overview-assign-app-owners"
_PIPELINE = "3c1f7f0e-6b0a-4d52-8f3a-9d2b1c7e5a44"


def _owned(resources: Sequence[Resource], settings: Settings) -> Iterator[Finding]:
    if not in_production(resources, settings):
        return
    workloads = _workloads(resources, settings)
    declared = {principal.urn for principal in of_type(resources, PRINCIPAL)}
    for owned in (*of_type(resources, APPLICATION, PRINCIPAL), *admin_groups(resources)):
        asked = owned.get_asked("owners")
        owners = asked if isinstance(asked, Sequence) and not isinstance(asked, str) else [asked]
        makers = set(owned.sources.get("owners", ()))
        unproven = [owner for owner in owners if isinstance(owner, str) and owner not in workloads]
        if UNKNOWN in owners and makers - declared:
            unproven.append("somebody whom the program makes")
        for owner in unproven:
            yield Finding(
                resource=owned,
                problem=f"in production {owner} owns it, and nothing says that this is no person",
                fix="Take it off owners and write who answers into the application's notes; list an identity that "
                "deploys under `workloads` in this policy's configuration, or in the stack's output `workloads`",
            )


def _workloads(resources: Sequence[Resource], settings: Settings) -> set[Value]:
    """The object ids of which it is known that nobody signs in with them."""
    said = settings.get("workloads") or [
        item for stack in of_type(resources, STACK) for item in stack.items("workloads")
    ]
    listed = said if isinstance(said, Sequence) and not isinstance(said, str) else ()
    made = [principal.get("objectId") for principal in of_type(resources, PRINCIPAL)]
    return {item for item in (*listed, *made) if isinstance(item, str)}


NO_PERSON_OWNS = Rule(
    name="no-person-owns",
    title="No person owns it in production",
    description="In production no person owns the application or a group that gives Admin.",
    scope="stack",
    severity="high",
    level="mandatory",
    reason="An owner can add a secret and sign in as Airflow, or add themselves to the group that gives Admin, without "
    "a deployment and without anybody's approval. Who answers for an application is written beside it.",
    remedy="Let only the identity that deploys own it. Write the people who answer for it into `notes` and "
    "`serviceManagementReference`. The pack can't ask Entra what an id is: a service principal that the program "
    "declares is a workload, and so is an id in `workloads`; this project's program says there what Entra answered.",
    controls=("SOC 2 CC6.1", "SOC 2 CC6.3", "NIST 800-53 AC-6", "NIST 800-53 AC-5"),
    source=_SOURCE,
    types=tuple(dict.fromkeys((*SAYS_ENVIRONMENT, PRINCIPAL, *GROUPS, ASSIGNMENT, STACK))),
    check=_owned,
    settings=(
        ENVIRONMENT,
        Setting(
            name="workloads",
            schema={
                "type": "array",
                "items": {"type": "string"},
                "default": [],
                "description": "Object ids of the identities that may own it, such as the one that deploys. Empty: "
                "what the stack's output `workloads` says.",
            },
        ),
    ),
    violation=f"""{ADMINS}\
  admins:
    type: azuread:GroupWithoutMembers
    properties:
      displayName: airflow-prod-admins
      securityEnabled: true
      owners: [5f1e8a52-0c1d-4c4e-9d0b-0a6f4f1c2b11]
outputs:
  environment: production
""",
    compliance=f"""{ADMINS}\
  admins:
    type: azuread:GroupWithoutMembers
    properties:
      displayName: airflow-prod-admins
      securityEnabled: true
      owners: [{_PIPELINE}]
outputs:
  environment: production
  workloads: [{_PIPELINE}]
""",
)


def _answers(resources: Sequence[Resource], settings: Settings) -> Iterator[Finding]:
    if not in_production(resources, settings):
        return
    for application in of_type(resources, APPLICATION):
        if not any(application.get_asked(name) for name in ("notes", "serviceManagementReference")):
            yield Finding(
                resource=application,
                problem="nothing on it says who answers for it",
                fix="Write a team's address into notes, or its entry in your service catalogue into "
                "serviceManagementReference",
            )


CONTACT = Rule(
    name="contact",
    title="Somebody answers for it",
    description="In production an application says who answers for it.",
    scope="stack",
    severity="medium",
    level="advisory",
    reason="No person owns it: without a contact nobody is told that a credential expires, or asked whether an "
    "access is still needed.",
    remedy="Write the team's address into `notes`, or its entry in your service catalogue into "
    "`serviceManagementReference`.",
    controls=("SOC 2 CC6.2", "NIST 800-53 AC-2"),
    source="https://learn.microsoft.com/en-us/graph/api/resources/application",
    types=SAYS_ENVIRONMENT,
    check=_answers,
    settings=(ENVIRONMENT,),
    violation="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
outputs:
  environment: production
""",
    compliance="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      notes: data-platform@contoso.com answers for it
outputs:
  environment: production
""",
)


def _protected(resources: Sequence[Resource], settings: Settings) -> Iterator[Finding]:
    if not in_production(resources, settings):
        return
    for group in admin_groups(resources):
        assignable = group.get_asked("assignableToRole")
        units = group.get_asked("administrativeUnitIds")
        if assignable is not True and assignable is not UNKNOWN and not units:
            yield Finding(
                resource=group,
                problem="it gives Admin, and whoever administers groups in the tenant can add themselves",
                fix="Make the group with assignableToRole, or put it into an administrative unit with restricted "
                "management (administrativeUnitIds)",
            )


ADMIN_GROUP_PROTECTED = Rule(
    name="admin-group-protected",
    title="Group of Admin out of reach",
    description="In production a group that gives Admin is out of reach of the tenant's administrators of groups.",
    scope="stack",
    severity="medium",
    level="advisory",
    reason="A Groups Administrator, a help desk with that role, or any program with Group.ReadWrite.All may put whom "
    "it likes into an ordinary group. A role-assignable group, and one in an administrative unit with restricted "
    "management, only few may change.",
    remedy="Set `assignableToRole: true` when the group is made (it can't be changed afterwards), or name a unit with "
    "restricted management in `administrativeUnitIds`. Both need Entra ID P1.",
    controls=("SOC 2 CC6.3", "NIST 800-53 AC-6", "NIST 800-53 AC-3"),
    source="https://learn.microsoft.com/en-us/entra/identity/role-based-access-control/groups-concept",
    types=tuple(dict.fromkeys((*SAYS_ENVIRONMENT, *GROUPS, ASSIGNMENT, STACK))),
    check=_protected,
    settings=(ENVIRONMENT,),
    violation=f"""{ADMINS}\
  admins:
    type: azuread:GroupWithoutMembers
    properties:
      displayName: airflow-prod-admins
      securityEnabled: true
outputs:
  environment: production
""",
    compliance=f"""{ADMINS}\
  admins:
    type: azuread:GroupWithoutMembers
    properties:
      displayName: airflow-prod-admins
      securityEnabled: true
      assignableToRole: true
outputs:
  environment: production
""",
)
