"""An Airflow's records and a directory's answers, for the tests of the audit."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow_entra.access import DeclaredStack
from airflow_entra.access.permissions import APP_ROLE_IDS
from airflow_entra.access.secret_slots import SLOTS
from airflow_entra.access.sign_on_rules import rules
from airflow_entra.audit.records import Records, parse
from airflow_entra.directory.application_credentials import ApplicationCredential
from airflow_entra.directory.audited import Audited, GroupOwners, Owner, StackApplication
from airflow_entra.directory.changes import Change
from airflow_entra.directory.membership import Account, Assigned, Members, Registration
from airflow_entra.directory.who import Directory
from airflow_entra.settings import load
from airflow_entra.settings.watching import watcher_credential
from airflow_entra_auth.rules import WATCH_PERMISSIONS

LOCAL = Path(__file__).parents[2] / "stacks" / "Pulumi.local.yaml"
URL = "https://airflow.contoso.com"
CLIENT, ADMINS, VIEWERS, SALES = (f"{number}0000000-0000-4000-8000-000000000000" for number in range(1, 5))
ANALYSTS = "5f1e0b42-7d3a-4c96-b1f8-2a9e6d4c8f03"
IDS = {
    "airflow-local-admins": ADMINS,
    "airflow-local-viewers": VIEWERS,
    "airflow-local-sales": SALES,
    ANALYSTS: ANALYSTS,
}
ROLES = {ADMINS: "Admin", VIEWERS: "Viewer", ANALYSTS: "Viewer", SALES: "sales-editor"}
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SINCE = NOW - timedelta(days=30)
ADA = Account("a0000000-0000-4000-8000-000000000001", "Ada Okafor", "ada@contoso.com")
DAN = Account("a0000000-0000-4000-8000-000000000002", "Dan Gone", "dan@contoso.com", enabled=False)
SETTINGS = load(LOCAL)
ADAS = Owner(SETTINGS.owners.application[0], "Ada Okafor")
CREDENTIAL = SETTINGS.credential
WATCHER_CREDENTIAL = watcher_credential(load(LOCAL))
SECRETS = tuple(ApplicationCredential("secret", slot, slot, NOW + timedelta(days=60)) for slot in SLOTS)


def at(minutes: float) -> str:
    """A moment of the day, `minutes` after ten o'clock."""
    return (NOW.replace(hour=10) + timedelta(minutes=minutes)).isoformat()


def records(*lines: dict[str, Any]) -> Records:
    """Records with these lines between the first and the last."""
    return parse(text(lines), "records")


def text(lines: Iterable[dict[str, Any]]) -> list[str]:
    """The lines of a whole file."""
    period = {"since": SINCE.isoformat(), "until": NOW.isoformat()}
    head = {
        "kind": "airflow",
        "schema": 1,
        "version": "3.3.2",
        "url": URL,
        "stack": "local",
        "clientId": CLIENT,
        **period,
    }
    body = [head, *lines]
    return [json.dumps(line) for line in (*body, {"kind": "end", "lines": len(body)})]


def person(account: Account, *roles: str, **more: Any) -> dict[str, Any]:
    identity = {"tenantId": "t", "objectId": account.id, "name": account.name, "roles": list(roles)}
    return {
        "kind": "person",
        "userId": int(account.id[-2:]),
        "userName": account.id,
        "name": account.name,
        "email": account.sign_in_name,
        "active": True,
        "hasPassword": False,
        "lastSignIn": at(0),
        "roles": list(roles),
        "identity": identity,
    } | more


def session(account: Account, begins: float, ends: float, ended: float | None = None) -> dict[str, Any]:
    ended_at = None if ended is None else at(ended)
    moments = {"signedInAt": at(begins), "endsAt": at(ends), "endedAt": ended_at, "whyEnded": ended_at and "watch"}
    return {"kind": "session", "userId": 1, "tenantId": "t", "objectId": account.id, **moments}


def action(minutes: float, event: str, owner: str | None, **more: Any) -> dict[str, Any]:
    nothing = dict.fromkeys(("ownerName", "dagId", "runId", "taskId", "mapIndex", "tryNumber"))
    return {"kind": "action", "at": at(minutes), "event": event, "owner": owner, **nothing, "about": {}} | more


def run(run_id: str, type_: str, minutes: float = 30, **more: Any) -> dict[str, Any]:
    nothing = dict.fromkeys(("triggeredBy", "triggeringUser", "endedAt", "bundleVersion"))
    known = {"kind": "run", "dagId": "sales", "runId": run_id, "type": type_, "at": at(minutes), "state": "success"}
    return known | nothing | {"dagVersion": 3} | more


def task(run_id: str, try_number: int, minutes: float) -> dict[str, Any]:
    where = {"kind": "task", "dagId": "sales", "runId": run_id, "taskId": "load", "mapIndex": -1}
    return where | {"tryNumber": try_number, "startedAt": at(minutes), "endedAt": None, "state": "success"}


def application(**more: Any) -> StackApplication:
    """One that has its two secrets, and an owner; `more` says otherwise."""
    known: dict[str, Any] = {
        "owners": (ADAS,),
        "credentials": SECRETS,
        "trusted": (),
        "application_permissions": (),
    }
    return StackApplication(**(known | more))


def watcher(**more: Any) -> StackApplication:
    """An application that may read what following the directory takes."""
    permissions = tuple(f"Microsoft Graph {APP_ROLE_IDS[name]}" for name in WATCH_PERMISSIONS)
    return application(**({"application_permissions": permissions} | more))


def audited(**more: Any) -> Audited:
    """The directory of stack local: Ada is an Admin, and nothing is wrong; `more` says otherwise."""
    stack = DeclaredStack("local", load(LOCAL))
    names = {id_: stack.plan.groups[key].name for key, id_ in IDS.items()}
    groups = {id_: Members(name, frozenset({ADA.id} if id_ == ADMINS else ())) for id_, name in names.items()}
    assigned = tuple(Assigned(id_, names[id_], role) for id_, role in ROLES.items())
    known: dict[str, Any] = {
        "directory": Directory((ADA,), Registration(CLIENT, True, assigned), groups),
        "rules": rules(stack, CLIENT, IDS),
        "programs": (),
        "application": application(),
        "watchers": (watcher(),),
        "groups": tuple(GroupOwners(id_, name, (ADAS,), False, None) for id_, name in names.items()),
        "missing": (),
        "consents": frozenset({"openid", "profile"}),
        "personal_consents": {},
        "changes": (),
        "denied": (),
    }
    return Audited(**(known | more))


def in_groups(
    account: Account,
    *groups: str,
    roles: Mapping[str, str] | None = None,
    unassigned: Collection[str] = (),
    assigned: tuple[Assigned, ...] = (),
) -> Audited:
    """The directory with one more account, a member of these groups; `roles` are those of groups that give another."""
    known = audited().directory
    members = {
        id_: replace(group, direct=group.direct | ({account.id} if id_ in groups else frozenset()))
        for id_, group in known.groups.items()
    }
    given = [
        replace(one, role=(roles or {}).get(one.principal, one.role))
        for one in known.registration.assigned
        if one.principal not in unassigned
    ]
    registration = replace(known.registration, assigned=(*given, *assigned))
    return audited(directory=replace(known, people=(*known.people, account), groups=members, registration=registration))


def change(activity: str, account: Account, minutes: float, group: str | None = None) -> Change:
    return Change(
        datetime.fromisoformat(at(minutes)),
        activity,
        "carl@contoso.com",
        account.id,
        account.sign_in_name,
        group,
        by_id="c0000000-0000-4000-8000-000000000001",
        group_id=IDS.get(group or "", ""),
        by_person=True,
    )
