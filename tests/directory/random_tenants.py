"""Random tenants, written straight into a local tenant's store: whatever a directory may say about a few people."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from airflow_entra.access import names
from airflow_entra_auth.rules import WATCH_PERMISSIONS, Guests, Revocation, RolesFrom, SignOnRules, parse_rules, scopes
from entra_local.graph.entities import APP_ROLE_ASSIGNMENT
from entra_local.graph.models.service_principals import DEFAULT_ACCESS
from entra_local.graph.schema import fresh
from entra_local.service import World
from entra_local.store import Directory
from tests.auth.sign_on import document

STACK = "local"
SECRET = "abc-not-a-secret-but-a-test"
REDIRECT = "https://airflow.contoso.com/auth/oauth-authorized/azure"
ROLES = ("Admin", "Viewer", "Op")
PEOPLE, GROUPS, OF_ROLES = 3, 7, 4
"""Groups 0 to 3 may be in the sign-on file; 4 and 5 are others; 6 is a Microsoft 365 group, not security-enabled."""
ROLES_FROM: tuple[RolesFrom, ...] = ("appRoles", "assignedGroups", "securityGroups")
_BOTH = "SecurityGroup, ApplicationGroup"
CLAIMS = {"appRoles": None, "assignedGroups": "ApplicationGroup", "securityGroups": "SecurityGroup"}


@dataclass
class Facts:
    """What changes in a tenant. Members and assignments by number; a member above PEOPLE is a group."""

    enabled: list[bool]
    guest: list[bool]
    members: set[tuple[int, int]]
    assigned: set[tuple[str, str | None]]
    required: bool
    application: bool
    claims: str | None


@dataclass
class RandomTenant:
    """One tenant with one application. `facts` are what its directory says now."""

    number: int
    roles_from: RolesFrom
    guests: Guests
    revocation: Revocation
    role_groups: dict[str, list[int]]
    facts: Facts
    dynamic: bool
    disabled_role: str | None
    crowded: bool
    assignment_ids: dict[tuple[str, str | None], str] = field(default_factory=dict)

    def id(self, kind: int, number: int = 0) -> str:
        return str(UUID(int=(kind << 120) | (self.number << 64) | (4 << 76) | (8 << 60) | number))

    @property
    def tenant(self) -> str:
        return self.id(1)

    @property
    def client(self) -> str:
        return self.id(2, 1)

    @property
    def reader(self) -> str:
        """The client id of the identity that may read the directory."""
        return self.id(2, 6)

    @property
    def principal(self) -> str:
        return self.id(2, 2)

    def person(self, number: int) -> str:
        return self.id(3, number)

    def group(self, number: int) -> str:
        return self.id(4, number)

    def member(self, number: int) -> str:
        return self.person(number) if number < PEOPLE else self.group(number - PEOPLE)

    @property
    def people(self) -> list[str]:
        return [self.person(number) for number in range(PEOPLE)]

    @property
    def rules(self) -> SignOnRules:
        written = document(
            stack=STACK,
            tenantId=self.tenant,
            clientId=self.client,
            redirectUri=REDIRECT,
            rolesFrom=self.roles_from,
            guests=self.guests,
            revocation=self.revocation,
            roles={
                role: {"groups": [self.group(number) for number in numbers], "dags": {}}
                for role, numbers in self.role_groups.items()
            },
        )
        return parse_rules(written, "sign-on.json")

    def seed(self) -> dict[str, list[dict[str, Any]]]:
        """What never changes, as the local tenant's seed has it."""
        home: dict[str, Any] = {"tenantId": self.tenant}
        domain = f"t{self.number}.example"
        users = [
            {
                "id": self.person(number),
                "userPrincipalName": f"p{number}@{domain}",
                "displayName": f"P {number}",
                **home,
            }
            for number in range(PEOPLE)
        ]
        groups: list[dict[str, Any]] = [
            {"id": self.group(number), "displayName": f"group-{number}", **home} for number in range(GROUPS)
        ]
        groups[-1] |= {"securityEnabled": False, "mailEnabled": True, "groupTypes": ["Unified"]}
        if self.dynamic:
            groups[1] |= {"groupTypes": ["DynamicMembership"], "membershipRule": 'user.department -eq "Data"'}
        return {
            "tenants": [{"id": self.tenant, "displayName": "Contoso", "domain": domain}],
            "users": users,
            "groups": groups,
            "applications": [
                {
                    "id": self.id(2, 3),
                    "appId": self.client,
                    "servicePrincipalId": self.principal,
                    "displayName": "Airflow",
                    "secret": SECRET,
                    "tags": list(names.application_tags(STACK)),
                    "web": {"redirectUris": [REDIRECT]},
                    "optionalClaims": {"idToken": [{"name": "acct"}]},
                    "delegatedPermissions": list(scopes(self.roles_from, self.revocation)),
                    "appRoles": [
                        {
                            "id": self.role_id(role),
                            "displayName": role,
                            "description": role,
                            "value": role,
                            "allowedMemberTypes": ["User"],
                            "isEnabled": role != self.disabled_role,
                        }
                        for role in ROLES
                    ],
                    **home,
                },
                {
                    "id": self.id(2, 4),
                    "appId": self.reader,
                    "servicePrincipalId": self.id(2, 5),
                    "displayName": "Watcher",
                    "secret": SECRET,
                    "permissions": [*WATCH_PERMISSIONS, "AuditLog.Read.All", "Directory.Read.All"],
                    **home,
                },
            ],
        }

    def role_id(self, role: str | None) -> str:
        return DEFAULT_ACCESS if role is None else self.id(5, ROLES.index(role))

    def become(self, facts: Facts, directory: Directory, *, first: bool = False) -> None:
        """Write the differences, which the directory's feeds report."""
        before = self.facts
        self.facts = facts
        for number, person in enumerate(self.people):
            if first or (before.enabled[number], before.guest[number]) != (facts.enabled[number], facts.guest[number]):
                found = directory.get("user", person)
                assert found is not None
                kind = "Guest" if facts.guest[number] else "Member"
                directory.put("user", person, found.body | {"accountEnabled": facts.enabled[number], "userType": kind})
        gone, new = (
            (set(), facts.members) if first else (before.members - facts.members, facts.members - before.members)
        )
        for group, member in gone:
            directory.unlink("members", self.group(group), self.member(member))
        for group, member in new:
            directory.link("members", self.group(group), self.member(member))
        taken, given = (
            (set(), facts.assigned) if first else (before.assigned - facts.assigned, facts.assigned - before.assigned)
        )
        for assigned in taken:
            directory.remove(APP_ROLE_ASSIGNMENT.kind, self.assignment_ids.pop(assigned))
        for assigned in given:
            self._assign(directory, *assigned)
        found = directory.get("servicePrincipal", self.principal)
        assert found is not None
        switched = {"accountEnabled": facts.application, "appRoleAssignmentRequired": facts.required}
        directory.put("servicePrincipal", self.principal, found.body | switched)
        found = directory.get("application", self.id(2, 3))
        assert found is not None
        directory.put("application", found.id, found.body | {"groupMembershipClaims": facts.claims})

    def _assign(self, directory: Directory, principal: str, role: str | None) -> None:
        kind = "User" if principal in self.people else "Group"
        id_ = f"{self.number}-{len(self.assignment_ids)}-{principal[-2:]}-{role}-{directory.changes.latest()}"
        given = {
            "id": id_,
            "principalId": principal,
            "principalType": kind,
            "resourceId": self.principal,
            "appRoleId": self.role_id(role),
        }
        directory.put(APP_ROLE_ASSIGNMENT.kind, id_, fresh(APP_ROLE_ASSIGNMENT.properties) | given)
        self.assignment_ids[principal, role] = id_


def random_tenant(number: int, chance: Random, *, crowded: bool) -> RandomTenant:
    roles_from = ROLES_FROM[number % 3]
    role_groups = {
        role: sorted(chance.sample(range(OF_ROLES), chance.choice([1, 1, 2])))
        for role in ROLES[: chance.choice([2, 3])]
    }
    tenant = RandomTenant(
        number,
        roles_from,
        chance.choice(["refuse", "allow"]),
        ("watch", "refresh")[number // 3 % 2],
        role_groups,
        Facts([], [], set(), set(), False, True, None),
        dynamic=chance.random() < 0.3,
        disabled_role=chance.choice([*ROLES, None, None]),
        crowded=crowded,
    )
    tenant.facts = random_facts(tenant, chance)
    return tenant


def random_facts(tenant: RandomTenant, chance: Random) -> Facts:
    """Mostly as a deployment leaves them, and here and there as nobody should.

    `crowded`: a token has room for few groups. What is read of the stack's own groups alone can't tell then whether
    somebody is in too many others, which only matters where the application's group claims aren't the stack file's.
    """
    members = {
        (group, member)
        for group in range(GROUPS)
        for member in range(PEOPLE + GROUPS)
        if member != PEOPLE + group and chance.random() < (0.4 if member < PEOPLE else 0.12)
    }
    assigned: set[tuple[str, str | None]] = set()
    for role, numbers in tenant.role_groups.items():
        for group in numbers:
            if chance.random() < 0.75:
                assigned.add((tenant.group(group), role if tenant.roles_from == "appRoles" else None))
    strays = [tenant.group(number) for number in range(GROUPS - 1)] + tenant.people
    for principal in strays:
        if chance.random() < 0.08:
            assigned.add((principal, chance.choice([*ROLES, None])))
    claims = CLAIMS[tenant.roles_from]
    if chance.random() < 0.15:
        odd = [None, "None", "ApplicationGroup"]
        odd += [] if tenant.crowded and tenant.roles_from == "assignedGroups" else ["SecurityGroup", _BOTH]
        claims = chance.choice(odd)
    return Facts(
        [chance.random() < 0.9 for _ in range(PEOPLE)],
        [chance.random() < 0.15 for _ in range(PEOPLE)],
        members,
        assigned,
        required=chance.random() < 0.5,
        application=chance.random() < 0.95,
        claims=claims,
    )


def directory_of(world: World, tenant: RandomTenant) -> Directory:
    return Directory(world.store.connection, tenant.tenant)
