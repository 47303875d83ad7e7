"""Who has which Airflow role, as the directory alone says it: application, role, group, direct members.

An application hands out app roles, or group ids, or nothing but access. App roles and assigned groups count direct
members only, as in Entra; the ids of security groups count nested ones too.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from entra_local.graph.models.grants import assigned_to
from entra_local.graph.models.groups import transitive_groups
from entra_local.graph.models.objects import find_object, kind_of, linked_objects, linking_objects
from entra_local.graph.models.service_principals import DEFAULT_ACCESS
from entra_local.store import Directory
from entra_local.wire import JsonObject

_HOW = {"ApplicationGroup": "assigned groups", "SecurityGroup": "security groups", "All": "security groups"}


@dataclass(frozen=True)
class Assigned:
    """A group or person that is assigned to an application. `role` is "" for access without a role."""

    role: str
    principal_id: str
    name: str
    kind: str


@dataclass(frozen=True)
class Application:
    """An application that people sign in to. `how` is what its tokens say: app roles, assigned or security groups."""

    name: str
    client_id: str
    how: str
    assignment_required: bool
    assigned: tuple[Assigned, ...]


@dataclass(frozen=True)
class Grant:
    """What an application gives a person, through which group; or, with an `obstacle`, why it doesn't.

    `role` is the app role's value; else "" for access without one. `group` is None where the person is assigned.
    """

    application: str
    role: str
    group: JsonObject | None
    obstacle: str = ""

    @property
    def label(self) -> str:
        return f"{self.role or 'access'} in {self.application}"


@dataclass(frozen=True)
class Nested:
    """A group inside a role group: its people get nothing by that."""

    group: JsonObject
    people: list[JsonObject]


@dataclass(frozen=True)
class Holders:
    """One line of a role: a group or person, who has the role through it, and who only seems to."""

    role: str
    principal: JsonObject
    people: list[JsonObject] = field(default_factory=list)
    nested: list[Nested] = field(default_factory=list)

    @property
    def is_group(self) -> bool:
        return kind_of(self.principal) == "group"


def applications(directory: Directory) -> list[Application]:
    """The applications that have something to do with people, by name."""
    found = []
    for document in directory.scan("application"):
        body = document.body
        principals = directory.find("servicePrincipal", "appId", body["appId"])
        roles = {role["id"]: role["value"] for role in body["appRoles"] if "User" in role["allowedMemberTypes"]}
        how = "app roles" if roles else _HOW.get(body["groupMembershipClaims"] or "", "")
        assigned = tuple(_assigned(directory, principals[0].id, roles)) if principals else ()
        if how or assigned:
            required = bool(principals) and bool(principals[0].body["appRoleAssignmentRequired"])
            found.append(Application(body["displayName"], body["appId"], how, required, assigned))
    return sorted(found, key=lambda application: application.name.casefold())


def _assigned(directory: Directory, resource_id: str, roles: dict[str, str]) -> Iterator[Assigned]:
    for item in assigned_to(directory, resource_id):
        if item["principalType"] in ("User", "Group") and (
            item["appRoleId"] in roles or item["appRoleId"] == DEFAULT_ACCESS
        ):
            name, kind = item["principalDisplayName"], item["principalType"].lower()
            yield Assigned(roles.get(item["appRoleId"], ""), item["principalId"], name, kind)


def holders(directory: Directory, application: Application) -> list[Holders]:
    """Every assignment of an application with the people behind it, by role and name."""
    lines = []
    for assigned in application.assigned:
        principal = find_object(directory, assigned.principal_id)
        if principal is None:
            continue
        line = Holders(assigned.role, principal)
        if assigned.kind == "user":
            line.people.append(principal)
        else:
            for member in linked_objects(directory, "members", assigned.principal_id):
                if kind_of(member) == "user":
                    line.people.append(member)
                elif kind_of(member) == "group":
                    inside = linked_objects(directory, "members", member["id"])
                    line.nested.append(Nested(member, [one for one in inside if kind_of(one) == "user"]))
        lines.append(line)
    return sorted(lines, key=lambda line: (line.role.casefold(), str(line.principal["displayName"]).casefold()))


def grants(directory: Directory, known: list[Application], person: JsonObject) -> list[Grant]:
    """All that a person gets from these applications, and what they seem to get and don't."""
    direct = {group["id"]: group for group in linking_objects(directory, "members", person["id"])}
    through = {group["id"]: group for group in transitive_groups(directory, person["id"])}
    disabled = "" if person["accountEnabled"] else "disabled: can't sign in"
    found = []
    for application in known:
        for assigned in application.assigned:
            if assigned.principal_id == person["id"]:
                found.append(Grant(application.name, assigned.role, None, disabled))
            elif group := direct.get(assigned.principal_id):
                found.append(Grant(application.name, assigned.role, group, disabled))
            elif group := through.get(assigned.principal_id):
                found.append(Grant(application.name, assigned.role, group, _nesting(directory, group, through)))
        if application.how == "security groups":
            named = {assigned.principal_id for assigned in application.assigned}
            found += [
                Grant(application.name, "", group, disabled)
                for group in through.values()
                if group["securityEnabled"] and group["id"] not in named
            ]
    return found


def given(found: list[Grant]) -> list[str]:
    """What of it a person really gets, each once, as "Viewer in Airflow (local)"."""
    return list(dict.fromkeys(grant.label for grant in found if not grant.obstacle))


def _nesting(directory: Directory, outer: JsonObject, through: dict[str, JsonObject]) -> str:
    inner = [group["displayName"] for id_, group in through.items() if directory.linked("members", outer["id"], id_)]
    return (
        f"only in {', '.join(map(str, inner))}, a group inside {outer['displayName']}: direct members count, no others"
    )
