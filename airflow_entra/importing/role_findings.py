"""What can be odd about app roles and assignments, in four parts each."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_entra.directory.registered import AppRole, Assigned, Registered
from airflow_entra.escape.terminal import line
from airflow_entra.finding import Finding
from airflow_entra.words import form

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


def no_group(role: AppRole, holders: Sequence[Assigned]) -> Finding:
    return _goes(role, "is assigned to no group", "assign it to a group and import again if it is needed", holders)


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


def same_role(role: AppRole, first: AppRole, name: str) -> Finding:
    return Finding(
        _role(role),
        f"stands for Airflow's {name}, as {_role(first)} does",
        "one role has one app role; its groups are written below the first",
        "the next `pulumi up` assigns them to the first and deletes this one: nobody loses the role for longer "
        "than that run",
        severity="warning",
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
