"""What can be odd about app roles and assignments, in four parts each."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_entra.directory.registered import AppRole, Assigned, Registered
from airflow_entra.escape.terminal import line
from airflow_entra.finding import Finding, InFile
from airflow_entra.words import form, many

_KINDS = {"User": "person", "ServicePrincipal": "workload"}


def _role(role: AppRole) -> str:
    return f"app role {line(role.value) or role.id}"


def not_a_group(one: Assigned, role: AppRole | None) -> Finding:
    kind = _KINDS.get(one.kind, one.kind)
    given = f"is assigned directly, with {_role(role)}" if role else "is assigned directly"
    return Finding(
        f"{kind} {line(one.name)} ({one.principal})",
        given,
        "people get roles through groups, where joining and leaving is seen; a stack file names no people"
        if one.kind == "User"
        else "a workload gets its own agent, not a person's role",
        "put them into a group that gives the role, then delete the assignment in the portal (Enterprise "
        "applications, Users and groups): neither import nor `pulumi up` touches it, so it goes on giving access"
        if one.kind == "User"
        else "delete the assignment in the portal, or keep it in mind: neither import nor `pulumi up` touches it",
        id="import/assigned-in-person",
    )


def unusable(role: AppRole, holders: Sequence[Assigned]) -> Finding:
    if not role.value:
        what, fix = "has no value, so no token carries it", "give it a value, such as Viewer, and import again"
    elif not role.enabled:
        what, fix = "is disabled", "enable it and import again if it is meant to give access"
    elif not role.for_people:
        what, fix = "is for applications alone", "leave it out, or keep it on an application of its own"
    else:
        what, fix = "can't be the name of an Airflow role", f"say which role it is: --role '{line(role.value)}=Viewer'"
    return _goes(role, what, fix, holders)


def _goes(role: AppRole, what: str, fix: str, holders: Sequence[Assigned]) -> Finding:
    losing = f", and {len(holders)} assigned {form(len(holders), 'loses', 'lose')} it" if holders else ""
    return Finding(
        _role(role),
        what,
        f"a stack file's role has a name and at least one group; the next `pulumi up` deletes this app role{losing}",
        fix,
        severity="error" if holders else "warning",
        id="import/app-role-lost",
    )


def nobody_has(role: AppRole) -> Finding:
    return _goes(role, "is given to nobody", "assign it to a group and import again if it is needed", ())


def new_group(name: str, group: str, people: int) -> Finding:
    held = (
        f"; {many(people, 'person', 'people')} assigned directly {form(people, 'keeps', 'keep')} it" if people else ""
    )
    return Finding(
        f"role {name}",
        f"no group gives it{held}",
        f"a role is given by a group: the next `pulumi up` makes {line(group)}, with nobody in it",
        f"put the people who are to have {name} into {line(group)}, or name a group that there is in its place",
        severity="warning" if people else "note",
        id="import/new-group",
    )


def nobody_yet(application: Registered) -> Finding:
    return Finding(
        f"application {line(application.name)}",
        "nobody has a role in Entra: roles stand in Airflow's database alone, or nobody has signed in yet",
        "roles come from groups; the stack file begins with two, which are changed as you like",
        "name the roles that there are to be, and put people into their groups before Airflow gets the new files: "
        "until then nobody gets in",
        severity="warning",
        id="import/nobody-has-a-role",
    )


def several_roles(role: AppRole, names: Sequence[str], people: Sequence[Assigned]) -> Finding:
    first, *others = names
    losing = (
        f"; {many(len(people), 'person', 'people')} assigned directly {form(len(people), 'has', 'have')} {first} alone"
    )
    return Finding(
        _role(role),
        f"gives {', '.join(names)} together",
        f"an app role is one role: it becomes {first}, and its groups are written below {', '.join(others)} as well"
        + (losing if people else ""),
        "leave it so, or delete the roles that another one includes",
        severity="warning" if people else "note",
        id="import/several-roles",
    )


def mapped_to_nobody(value: str, roles: Sequence[str], where: InFile) -> Finding:
    return Finding(
        where,
        f"AUTH_ROLES_MAPPING gives {line(', '.join(roles))} for {line(value)!r}, and the registration has no app role "
        "and no group of that name or id: whoever has it by another way loses it",
        "each value is an app role's value, or the id of a group",
        f"if it is a group, name it by its object id: --role 'ID={line(roles[0])}'; else leave it out",
        severity="warning",
        id="import/existing-sign-in",
    )


def same_role(role: AppRole, first: AppRole, name: str, people: Sequence[Assigned]) -> Finding:
    losing = (
        f"; {many(len(people), 'person', 'people')} assigned directly {form(len(people), 'loses', 'lose')} it: put "
        "them into one of its groups before"
    )
    return Finding(
        _role(role),
        f"stands for Airflow's {name}, as {_role(first)} does",
        "one role has one app role; its groups are written below the first",
        "the next `pulumi up` assigns them to the first and deletes this one: no group loses the role for longer "
        f"than that run{losing if people else ''}",
        severity="error" if people else "warning",
        id="import/same-role",
    )


def renamed(role: AppRole, name: str) -> Finding:
    return Finding(
        _role(role),
        f"stands for Airflow's {name}",
        f"the app role's value is the Airflow role's name: {name}. Its id stays, so who has it keeps it",
        "bring out the rendered settings together with the next `pulumi up`, which changes the value, and drop "
        "AUTH_ROLES_MAPPING",
        severity="warning",
        id="import/role-renamed",
    )


def for_applications(role: AppRole) -> Finding:
    return Finding(
        _role(role),
        "may be given to applications as well",
        "a person's role is given to people",
        "the next `pulumi up` takes that away; give workloads an application of their own first",
        severity="warning",
        id="import/role-for-applications",
    )


def without_role(one: Assigned) -> Finding:
    return Finding(
        f"{_KINDS.get(one.kind, 'group')} {line(one.name)} ({one.principal})",
        "is assigned with no particular role",
        "they get a token, and Airflow refuses them: no role is in it",
        "give the group a role in the stack file, or delete the assignment; import leaves it as it is",
        severity="warning",
        id="import/assigned-without-role",
    )


def which_role(one: Assigned) -> Finding:
    return Finding(
        f"group {line(one.name)} ({one.principal})",
        "nothing in the directory says which Airflow role it gives",
        "that stands in Airflow's webserver_config.py, in AUTH_ROLES_MAPPING",
        f"say it and import again: --role '{one.principal}=Viewer'; until then it is left out",
        severity="warning",
        id="import/which-role",
    )


def what_may_it(name: str) -> Finding:
    return Finding(
        f"role {name}",
        "is none of Airflow's own roles, and what it may do is in Airflow's database alone",
        "a custom role says which DAGs it may read, trigger, edit or delete; until then it may do nothing",
        f"write its dags in place of say-which-dags, or say which role it stands for: --role '{name}=Viewer'",
        id="import/role-without-dags",
    )


def no_role(application: Registered, findings: Sequence[Finding]) -> Finding:
    asks = [found for found in findings if "--role" in found.fix]
    return Finding(
        f"application {line(application.name)}",
        "no group gives any Airflow role" + (f" ({asks[0].where}: {asks[0].what})" if asks else ""),
        "at least one group is assigned, with an app role or with a role that you name",
        asks[0].fix if asks else "assign a group to an app role, or name one: --role GROUP=Viewer",
        id="import/no-role",
    )
