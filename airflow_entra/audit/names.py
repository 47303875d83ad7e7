"""An audit without names: object ids in their place, and the names beside, so that they can be erased.

The names are taken out of what the directory and Airflow said, before anything is worked out: whatever an audit says
then has no name in it, findings included.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from airflow_entra.access.role_history import RoleSince
from airflow_entra.audit.records import Identity, Records, User
from airflow_entra.directory.audited import Audited, Owner
from airflow_entra.directory.changes import Change
from airflow_entra.directory.membership import Account, Assigned


class Names:
    """The names that were taken out, by what stands in their place."""

    def __init__(self) -> None:
        self.by_key: dict[str, dict[str, str]] = {}
        self._labels: dict[tuple[str, str], str] = {}

    def of_id(self, id_: str, **names: str) -> str:
        """The id, for a person whom the directory knows by it."""
        known = self.by_key.setdefault(id_, {})
        for key, name in names.items():
            if name and name != id_:
                known.setdefault(key, name)  # a log's name comes after the directory's
        return id_

    def label(self, kind: str, name: str) -> str:
        """A label for somebody without an object id, the same for the same name in this audit: "account 2"."""
        if not name:
            return name
        if (kind, name) not in self._labels:
            number = 1 + sum(known == kind for known, _ in self._labels)
            self._labels[kind, name] = f"{kind} {number}"
            self.by_key[f"{kind} {number}"] = {"name": name}
        return self._labels[kind, name]


def without_names(audited: Audited, names: Names) -> Audited:
    """What the directory said, with people by their object ids."""
    directory = audited.directory
    groups = {
        id_: replace(group, accounts=tuple(_account(account, names) for account in group.accounts))
        for id_, group in directory.groups.items()
    }
    registration = directory.registration
    assigned = tuple(one if one.principal in groups else _assigned(one, names) for one in registration.assigned)
    people = tuple(_account(account, names) for account in directory.people)
    return replace(
        audited,
        directory=replace(
            directory, people=people, groups=groups, registration=replace(registration, assigned=assigned)
        ),
        application=replace(audited.application, owners=_owners(audited.application.owners, names)),
        watchers=audited.watchers
        and tuple(replace(watcher, owners=_owners(watcher.owners, names)) for watcher in audited.watchers),
        groups=tuple(replace(group, owners=_owners(group.owners, names)) for group in audited.groups),
        changes=tuple(_change(change, names) for change in audited.changes),
        rotations=tuple(_change(change, names) for change in audited.rotations),
        eligible=tuple(replace(one, name=names.of_id(one.id, name=one.name)) for one in audited.eligible),
        others=tuple(_account(account, names) for account in audited.others),
    )


def records_without_names(airflows: Mapping[str, Records], names: Names) -> Mapping[str, Records]:
    """What the Airflows wrote down, with people by their object ids, and accounts of Airflow's own by number."""
    return {url: _records(records, names) for url, records in airflows.items()}


def declared_without_names(declared: Iterable[RoleSince], names: Names) -> tuple[RoleSince, ...]:
    """The commits behind each role, with their authors and approvers by number."""
    return tuple(
        replace(
            one,
            commit=one.commit
            and replace(
                one.commit,
                author=names.label("author", one.commit.author),
                approved_by=names.label("approver", one.commit.approved_by),
            ),
        )
        for one in declared
    )


def _account(account: Account, names: Names) -> Account:
    id_ = names.of_id(account.id, name=account.name, signInName=account.sign_in_name, mail=account.mail or "")
    return replace(account, name=id_, sign_in_name=id_, mail=None)


def _assigned(assigned: Assigned, names: Names) -> Assigned:
    return replace(assigned, name=names.of_id(assigned.principal, name=assigned.name))


def _owners(owners: tuple[Owner, ...] | None, names: Names) -> tuple[Owner, ...] | None:
    if owners is None:
        return None
    return tuple(one if one.program else replace(one, name=names.of_id(one.id, name=one.name)) for one in owners)


def _change(change: Change, names: Names) -> Change:
    if change.subject_type == "User":
        change = replace(change, subject=names.of_id(change.subject_id, name=change.subject))
    if change.by_person:
        by = names.of_id(change.by_id, name=change.by) if change.by_id else names.label("person", change.by)
        change = replace(change, by=by)
    return change


def _records(records: Records, names: Names) -> Records:
    called = {user.user_name: _user_name(user, names) for user in records.users}

    def who(owner: str | None) -> str | None:
        if owner is None or owner in called or not owner:
            return called.get(owner or "", owner)
        return names.label("owner", owner)

    return replace(
        records,
        users=[_user(user, called[user.user_name], names) for user in records.users],
        actions=[replace(action, owner=who(action.owner), owner_name=None) for action in records.actions],
        runs=[replace(run, triggering_user=who(run.triggering_user)) for run in records.runs],
    )


def _user_name(user: User, names: Names) -> str:
    if user.identity is not None and user.identity.object_id == user.user_name:
        return user.user_name
    return names.label("account", user.user_name)


def _user(user: User, called: str, names: Names) -> User:
    identity = user.identity
    if identity is not None:
        id_ = names.of_id(identity.object_id, name=identity.name, mail=user.email)
        identity = Identity(identity.tenant_id, identity.object_id, id_, identity.roles)
    return replace(user, user_name=called, name=called, email="", identity=identity)
