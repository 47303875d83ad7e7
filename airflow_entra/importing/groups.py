"""Groups as a stack file names them: owned elsewhere (id and label), or taken over (create)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from airflow_entra.access import names
from airflow_entra.directory.registered import Assigned, LiveGroup, Registered
from airflow_entra.escape.pulumi_log import said
from airflow_entra.escape.terminal import line, row
from airflow_entra.finding import Finding
from airflow_entra.importing.choices import Choices
from airflow_entra.settings import limits
from airflow_entra.settings.model import RolesFrom

_NICKNAME = re.compile(rf"[A-Za-z0-9._!#$%&*+/=?^{{|}}~-]{{1,{limits.MAIL_NICKNAME}}}")
_OWN_DESCRIPTION = re.compile(r"Airflow .+; managed by airflow-entra")


class Groups:
    """Writes each group the same way in every role that it gives, and says once what is odd about it."""

    def __init__(self, application: Registered, choices: Choices) -> None:
        self._known = application.groups or {}
        self._manage = choices.groups == "manage"
        self._written: dict[str, dict[str, Any]] = {}
        self._labels: dict[str, str] = {}
        self.findings: list[Finding] = []

    def entries(
        self, role: str, assigned: Iterable[Assigned], roles_from: RolesFrom, there: Sequence[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """The stack file's entries of the groups that give `role`, without those that are `there`."""
        entries: list[dict[str, Any]] = []
        for one in assigned:
            group = self._known.get(one.principal)
            entry = self._entry(one, group)
            if entry not in entries and entry not in there:
                entries.append(dict(entry))
            if group is None:
                continue
            if group.inside and roles_from != "securityGroups":
                self.findings += [_nested(group, inner.name, roles_from) for inner in group.inside]
            if group.rule and role == "Admin":
                self.findings.append(_rule_gives_admin(group))
        return entries

    def _entry(self, one: Assigned, group: LiveGroup | None) -> dict[str, Any]:
        if one.principal not in self._written:
            self._written[one.principal] = self._new_entry(one, group)
        return self._written[one.principal]

    def _new_entry(self, one: Assigned, group: LiveGroup | None) -> dict[str, Any]:
        label = self._label(one.principal, group.name if group else one.name)
        if self._manage:
            why = "it may not be read" if group is None else _why_not(group, label)
            if group is not None and why is None:
                return _created(group)
            self.findings.append(_kept(label, one.principal, why or ""))
        return {"id": one.principal.lower(), "name": label}

    def _label(self, id_: str, name: str) -> str:
        """The group's name where it can stand in a file, and no other group's: two of one name would look like one."""
        label = said(row(name)).strip()[: limits.GROUP_NAME] or "unnamed"
        if self._labels.setdefault(label.casefold(), id_) != id_:
            label = f"{label[: limits.GROUP_NAME - 11]} ({id_[:8]})"
            self._labels[label.casefold()] = id_
        return label


def new_group(stack: str, role: str) -> dict[str, Any]:
    """The group that gives a role which no group gives yet: the next `up` makes it, with nobody in it."""
    return {"create": f"airflow-{stack}-{role.lower()}"[: limits.GROUP_NAME]}


def _created(group: LiveGroup) -> dict[str, Any]:
    entry: dict[str, Any] = {"create": group.name}
    if group.rule:
        entry["rule"] = group.rule
    if group.description and not _OWN_DESCRIPTION.fullmatch(group.description):
        entry["description"] = group.description
    if group.nickname != names.mail_nickname(group.name):
        entry["mailNickname"] = group.nickname
    return entry


def _why_not(group: LiveGroup, label: str) -> str | None:
    """Why a stack can't own this group; None where it can."""
    reasons = {
        "it is synced from on-premises, and is changed there": group.synced,
        "it has a mailbox or is a Microsoft 365 group": group.mail or not group.security,
        "directory roles may be given to it, which needs other permissions": group.role_assignable,
        "its name can't stand in a stack file, or is another group's too": group.name != label,
        f"its mailNickname {line(group.nickname)!r} can't stand in a stack file": not _NICKNAME.fullmatch(
            group.nickname
        ),
        "its membership rule asks about devices": bool(group.rule and "device." in group.rule),
    }
    return next((reason for reason, applies in reasons.items() if applies), None)


def _kept(name: str, id_: str, why: str) -> Finding:
    return Finding(
        f"group {line(name)} ({id_})",
        f"is not taken over: {why}",
        "its owners go on owning it; the stack only says what role its members get",
        "leave it so",
        severity="note",
        id="import/group-kept",
    )


def _nested(group: LiveGroup, inner: str, roles_from: RolesFrom) -> Finding:
    counted = "app roles count" if roles_from == "appRoles" else "assigned groups count"
    return Finding(
        f"group {line(inner)} inside {line(group.name)}",
        "its members get no role: Entra counts direct members alone",
        f"{counted} direct members of {line(group.name)} only, whatever the portal's list looks like",
        f"assign {line(inner)} itself (add it to the role's groups), or put its people into {line(group.name)}",
        severity="note",  # nothing changes: they had none before
        id="import/nested-group",
    )


def _rule_gives_admin(group: LiveGroup) -> Finding:
    return Finding(
        f"group {line(group.name)} ({group.id})",
        f"a rule makes people Admin: {line(group.rule or '')}",
        "who is Admin is decided by a person: whoever may edit an attribute could make themselves Admin",
        "give Admin to a group with assigned members; the policy pack refuses it in production",
        id="import/rule-gives-admin",
    )
