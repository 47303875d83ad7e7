"""Privileged Identity Management: Admin is activated when needed, for a while, and not simply had."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policies.groups import ADMINS
from policies.production import ENVIRONMENT, SAYS_ENVIRONMENT, in_production
from policies.relations import Candidates, admin_groups
from policies.resource_types import ACTIVE, ASSIGNMENT, ELIGIBILITY, GROUP_MEMBER, GROUPS, STACK
from policies.resources import UNKNOWN, Resource, of_type
from policies.rules import Excepted, Finding, Rule, Setting, Settings

_SOURCE = "https://learn.microsoft.com/en-us/entra/id-governance/privileged-identity-management/concept-pim-for-groups"


def _standing(resources: Sequence[Resource], settings: Settings) -> Iterator[Finding | Excepted]:
    groups = admin_groups(resources)
    if not groups or not in_production(resources, settings):
        return
    if (licence := _licence(resources, settings)) != "P2":
        yield Excepted(resource=groups[0], reason=f"the tenant's licence is {licence}, and PIM needs P2")
        return
    eligible = _through(resources, groups, ELIGIBILITY, "groupId")
    members = _through(resources, groups, GROUP_MEMBER, "groupObjectId")
    for group in groups:
        if group.urn not in eligible:
            yield Finding(
                resource=group,
                problem="it gives Admin in production and nobody is eligible for it: its members always have it",
                fix="Declare a PrivilegedAccessGroupEligibilitySchedule for those who may become Admin",
            )
        if group.urn in members or group.items("members"):
            yield Finding(
                resource=group,
                problem="the program makes somebody a standing member of a group that gives Admin",
                fix="Make the person eligible in its place",
            )


def _through(resources: Sequence[Resource], groups: Sequence[Resource], type_: str, prop: str) -> set[str]:
    candidates = Candidates(groups, "objectId")
    return {group.urn for one in of_type(resources, type_) for group in candidates.of(one, prop)}


def _licence(resources: Sequence[Resource], settings: Settings) -> str:
    told = settings.get("licence") or next(
        (said for stack in of_type(resources, STACK) if isinstance(said := stack.get("licence"), str)), None
    )
    return told if isinstance(told, str) and told else "P2"


_ADMINS = f"""{ADMINS}\
  admins:
    type: azuread:GroupWithoutMembers
    properties:
      displayName: airflow-prod-admins
      securityEnabled: true
"""
_ELIGIBLE = """\
  ada-may-become-admin:
    type: azuread:PrivilegedAccessGroupEligibilitySchedule
    properties:
      groupId: ${admins.objectId}
      principalId: 0d7f2f3c-8a41-4f0b-9a55-3c2e6b1d7f01
      assignmentType: member
"""

NO_STANDING_ADMIN = Rule(
    name="no-standing-admin",
    title="No standing Admin in production",
    description="In production people become Admin through PIM, where the licence has it.",
    scope="stack",
    severity="high",
    level="advisory",
    reason="A stolen session of somebody who is always Admin is Admin at once; one of somebody who may become it has "
    "to pass another sign-in, a reason and perhaps an approval.",
    remedy="Give Admin to a group without members and declare who is eligible with "
    "`azuread:PrivilegedAccessGroupEligibilitySchedule`. Without licence P2 set `licence`.",
    controls=("CIS Microsoft 365 3.1 5.3.1", "SOC 2 CC6.3", "NIST 800-53 AC-2", "NIST 800-53 AC-6"),
    source=_SOURCE,
    types=tuple(dict.fromkeys((*SAYS_ENVIRONMENT, *GROUPS, ASSIGNMENT, ELIGIBILITY, GROUP_MEMBER))),
    check=_standing,
    settings=(
        ENVIRONMENT,
        Setting(
            name="licence",
            schema={
                "type": "string",
                "enum": ["", "none", "P1", "P2"],
                "default": "",
                "description": "The tenant's Entra ID licence. Empty: what the stack's `licence` output says, else P2.",
            },
        ),
    ),
    violation=f"{_ADMINS}outputs:\n  environment: production\n",
    compliance=f"{_ADMINS}{_ELIGIBLE}      duration: P180D\noutputs:\n  environment: production\n",
)


def _ends(resources: Sequence[Resource], _: Settings) -> Iterator[Finding]:
    for schedule in resources:
        what = "somebody is eligible" if schedule.type == ELIGIBILITY else "somebody is a member"
        bounded = [schedule.get(name) for name in ("duration", "expirationDate")]
        permanent = schedule.get("permanentAssignment")
        if permanent is True or (permanent is not UNKNOWN and bounded == [None, None]):
            yield Finding(
                resource=schedule,
                problem=f"{what} for ever",
                fix="Set duration, such as P180D, or expirationDate, and leave permanentAssignment out",
            )


ELIGIBILITY_ENDS = Rule(
    name="eligibility-ends",
    title="Eligibility ends",
    description="Who may become Admin through PIM is asked again: no eligibility is for ever.",
    scope="resource",
    severity="medium",
    level="mandatory",
    reason="An eligibility that never ends is a standing one with a button: it outlives the job that it was for.",
    remedy="Set `duration` or `expirationDate` on the schedule.",
    controls=("CIS Microsoft 365 3.1 5.3.1", "SOC 2 CC6.2", "NIST 800-53 AC-2"),
    source=_SOURCE,
    types=(ELIGIBILITY, ACTIVE),
    check=_ends,
    violation=f"{_ADMINS}{_ELIGIBLE}      permanentAssignment: true\n",
    compliance=f"{_ADMINS}{_ELIGIBLE}      duration: P180D\n",
)
