"""What an audit asks the directory about one stack: who is let in, through what, by whom, and what expires.

Reads nothing beyond the stack's own application and groups, however large the tenant. What the reading identity may not
ask is in `denied`, which the audit says; it is never an error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_entra.access import DeclaredStack, names
from airflow_entra.access.sign_on_rules import rules as sign_on_rules
from airflow_entra.directory import membership
from airflow_entra.directory.application_credentials import (
    APPLICATION,
    PRINCIPAL,
    ApplicationCredential,
    credentials_of,
)
from airflow_entra.directory.changes import Change, Scope, changes, credential_changes
from airflow_entra.directory.mapped_claims import MappedClaims, mapped_claims
from airflow_entra.directory.membership import Account, Assigned, NotDeployedError
from airflow_entra.directory.registered import Trust
from airflow_entra.directory.registration_parts import implicit, trust
from airflow_entra.directory.who import Directory
from airflow_entra.escape.odata import literal
from airflow_entra_auth.rules import SignOnRules

if TYPE_CHECKING:
    from airflow_entra_auth.graph import Graph, GraphError

T = TypeVar("T")

WATCHERS = "the watcher's"
"""How what belongs to the watcher is called."""
_PIM = "/identityGovernance/privilegedAccess/group/eligibilityScheduleInstances"


@dataclass(frozen=True)
class Owner:
    """An owner of an application or a group, by object id. `program` is True of a service principal."""

    id: str
    name: str
    program: bool = False


@dataclass(frozen=True)
class GroupOwners:
    """A group of the stack and who may change its members. `declared`: the stack makes it."""

    id: str
    name: str
    owners: tuple[Owner, ...] | None  # None: not to be seen
    synced: bool
    rule: str | None
    declared: bool = False


@dataclass(frozen=True)
class Eligible:
    """Somebody who may make themselves a member of a group of the stack, through PIM. `until` is None for always."""

    id: str
    name: str
    group: str
    until: datetime | None


@dataclass(frozen=True)
class StackApplication:
    """An application of the stack: who may change it, what it proves itself with, what it may do without a user.

    Of what is not to be seen there is None.
    """

    owners: tuple[Owner, ...] | None
    credentials: tuple[ApplicationCredential, ...]
    """Secrets and certificates of the application and of its service principal."""
    trusted: tuple[Trust, ...] | None
    application_permissions: tuple[str, ...] | None
    """Each the name of the resource, then the id of its app role."""
    redirects: tuple[str, ...] = ()
    """Redirect URIs of every platform: whoever answers at one of them gets people's sign-ins."""
    implicit: tuple[str, ...] = ()
    """The implicit grant's tokens that are on."""
    public_client: bool = False
    ids: tuple[str, ...] = ()
    """The object ids of the application and of its service principals."""


@dataclass(frozen=True)
class Audited:
    """One stack's part of the directory."""

    directory: Directory
    rules: SignOnRules
    programs: tuple[Assigned, ...]
    """Service principals that are assigned to the application: agents."""
    application: StackApplication
    """The one that people sign in to."""
    watchers: tuple[StackApplication, ...] | None
    """What reads the directory for the stack: one where all is well. None: not to be seen."""
    groups: tuple[GroupOwners, ...]
    missing: tuple[str, ...]
    """Names of groups that the stack file has and the directory hasn't."""
    consents: frozenset[str] | None
    """Scopes that an administrator consented to for everybody. None: not to be seen."""
    personal_consents: Mapping[str, int]
    """Scope -> how many people consented to it for themselves."""
    changes: tuple[Change, ...]
    """Of access, oldest first."""
    denied: tuple[str, ...]
    """What could not be read, each with the reason."""
    eligible: tuple[Eligible, ...] = ()
    mapped: MappedClaims = field(default_factory=MappedClaims)
    others: tuple[Account, ...] = ()
    """People of `changes` who have no access any more."""
    rotations: tuple[Change, ...] = ()
    """Changes of the application's and the watcher's credentials, oldest first."""
    log_read: bool = True
    """Whether the directory's log could be read."""


def read(graph: Graph, stack: DeclaredStack, since: datetime, known: Collection[str] = ()) -> Audited:
    """Ask about everything. `known` are object ids of people who have been in this Airflow.

    Raises NotDeployedError, GraphError.
    """
    return _Reading(graph, stack).all(since, known)


class _Reading:
    def __init__(self, graph: Graph, stack: DeclaredStack) -> None:
        self._graph, self._stack = graph, stack
        self._denied: list[str] = []

    def all(self, since: datetime, known: Collection[str]) -> Audited:
        application, principal = self._application()
        registration, programs = self._registration(application, principal)
        assigned = {one.principal for one in registration.assigned}
        ids = membership.group_ids(self._graph, self._stack.plan, assigned)
        members = self._members({*ids.values(), *assigned})
        people = {account.id: account for group in members.values() for account in group.accounts}
        in_person = [one.principal for one in registration.assigned if one.principal not in members]
        people |= {one.id: one for one in self._accounts("people assigned in person", in_person, people)}
        grants: list[Any] | None = self._or(
            None, "consents", lambda: self._pages(f"/servicePrincipals/{principal['id']}/oauth2PermissionGrants")
        )
        ours = self._stack_application(application, [principal], "the application's")
        watchers = self._watchers()
        inside = {id_ for group in members.values() for id_ in group.nested_ids}
        scope = Scope(
            principal["id"],
            {*members, *ids.values(), *inside},
            {*people, *known},
            {id_ for holder in (ours, *(watchers or ())) for id_ in holder.ids},
        )
        log, rotations = self._log(since, scope)
        gone = dict.fromkeys(change.subject_id for change in log or () if change.subject_type == "User")
        return Audited(
            directory=Directory(tuple(people.values()), registration, members),
            rules=sign_on_rules(self._stack, registration.client_id, ids),
            programs=programs,
            application=ours,
            watchers=watchers,
            groups=tuple(self._groups(members, ids)),
            missing=tuple(group.name for key, group in self._stack.plan.groups.items() if ids.get(key) not in members),
            consents=None if grants is None else frozenset(_consented(grants, "AllPrincipals")),
            personal_consents=Counter(_consented(grants or (), "Principal")),
            changes=tuple(log or ()),
            eligible=tuple(self._eligible(members)),
            mapped=mapped_claims(application, principal, self._policies),
            others=tuple(self._accounts("people who lost access", gone, people)),
            rotations=tuple(rotations or ()),
            log_read=log is not None and rotations is not None,
            denied=tuple(dict.fromkeys(self._denied)),  # last: it is filled by the others
        )

    def _application(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        tag = names.application_tags(self._stack.name)[-1]
        found = self._tagged(tag)
        if len(found) != 1:
            many = f"{len(found)} applications of" if found else "no application of"
            raise NotDeployedError(f"this tenant has {many} stack {self._stack.name} (with the tag {tag})")
        (principal,) = self._principals(found[0])
        return found[0], principal

    def _watchers(self) -> tuple[StackApplication, ...] | None:
        if not self._stack.settings.watched:
            return ()
        existing = self._stack.settings.watcher.existing
        if existing is not None:
            self._denied.append(f"{WATCHERS} credentials: watcher.existing is an identity that the stack doesn't make")
            permissions = self._permissions([{"id": existing.object_id}], WATCHERS)
            return (StackApplication((), (), (), permissions, ids=(existing.object_id,)),)
        tag = names.watcher_tags(self._stack.name)[-1]
        found = self._or(
            None,
            f"{WATCHERS} registration",
            lambda: [(application, self._principals(application)) for application in self._tagged(tag)],
        )
        if found is None:
            return None
        return tuple(self._stack_application(application, its, WATCHERS) for application, its in found)

    def _tagged(self, tag: str) -> list[Any]:
        return self._pages("/applications", {"$filter": f"tags/any(t:t eq {literal(tag)})"})

    def _principals(self, application: Mapping[str, Any]) -> list[Any]:
        return self._pages("/servicePrincipals", {"$filter": f"appId eq '{application['appId']}'"})

    def _stack_application(
        self, application: Mapping[str, Any], principals: Sequence[Mapping[str, Any]], whose: str
    ) -> StackApplication:
        path = f"/applications/{application['id']}"
        of_principals = (credential for principal in principals for credential in credentials_of(principal, PRINCIPAL))
        return StackApplication(
            owners=self._owners(f"{path}/owners", f"{whose} owners"),
            credentials=(*credentials_of(application, APPLICATION), *of_principals),
            trusted=self._trusted(f"{path}/federatedIdentityCredentials", whose),
            application_permissions=self._permissions(principals, whose),
            redirects=tuple(_redirects(application)),
            implicit=implicit((application.get("web") or {}).get("implicitGrantSettings") or {}),
            public_client=application.get("isFallbackPublicClient") is True,
            ids=(application["id"], *(principal["id"] for principal in principals)),
        )

    def _policies(self, path: str) -> list[Any] | None:
        return self._or(None, "claims mapping policies", lambda: self._pages(path))

    def _trusted(self, path: str, whose: str) -> tuple[Trust, ...] | None:
        found: list[Any] | None = self._or(None, f"{whose} federated credentials", lambda: self._pages(path))
        return None if found is None else tuple(map(trust, found))

    def _registration(
        self, application: Mapping[str, Any], principal: Mapping[str, Any]
    ) -> tuple[membership.Registration, tuple[Assigned, ...]]:
        """The application with the people and groups that are assigned to it; and the programs that are."""
        found = self._pages(f"/servicePrincipals/{principal['id']}/appRoleAssignedTo", {"$top": "999"})
        programs = [one for one in found if one.get("principalType") == "ServicePrincipal"]
        others = [one for one in found if one.get("principalType") != "ServicePrincipal"]
        of_programs = membership.registered(application, principal, programs)
        return membership.registered(application, principal, others), of_programs.assigned

    def _members(self, ids: Collection[str]) -> dict[str, membership.Members]:
        """A group whose members may not be read is there without them, and named."""
        found = self._graph.get_by_ids(ids, ["group"])
        return {
            group["id"]: self._or(
                membership.Members(str(group["displayName"]), synced=bool(group.get("onPremisesSyncEnabled"))),
                f"the members of group {group['displayName']}",
                partial(membership.members_of, self._graph, group),
            )
            for group in found
        }

    def _accounts(self, what: str, ids: Iterable[str], known: Collection[str]) -> list[Account]:
        """The people with these object ids who aren't known yet. Not by getByIds: it doesn't say who is disabled."""
        from airflow_entra_auth.graph import GraphError, Request

        there = frozenset(id_.lower() for id_ in known)
        missing = [id_ for id_ in ids if id_.lower() not in there]
        requests = [Request("GET", f"/users/{id_}?$select={membership.PERSON}") for id_ in missing]
        nobody: list[Any] = []
        answers = self._or(nobody, what, lambda: self._graph.batch(requests)) if requests else nobody
        for answer in answers:
            if isinstance(answer, GraphError) and answer.status != 404:
                self._not_seen(what, answer)
        return [membership.account(user) for user in answers if not isinstance(user, GraphError)]

    def _groups(self, members: Mapping[str, membership.Members], ids: Mapping[str, str]) -> Iterator[GroupOwners]:
        keys = {id_: key for key, id_ in ids.items()}
        for id_, group in members.items():
            owners = self._owners(f"/groups/{id_}/owners", f"who owns group {group.name}")
            rule = self._stack.plan.groups[keys[id_]].rule if id_ in keys else None
            made = id_ in keys and self._stack.plan.groups[keys[id_]].source == "created"
            yield GroupOwners(id_, group.name, owners, group.synced, rule, made)

    def _eligible(self, members: Mapping[str, membership.Members]) -> Iterator[Eligible]:
        """PIM for Groups, which takes P2: one question for each group, as Graph answers no other."""
        if self._stack.settings.tenant.licence != "P2":
            return
        for id_, group in members.items():
            query = {"$filter": f"groupId eq '{id_}'", "$expand": "principal"}
            found: list[Any] = self._or([], "who is eligible through PIM", partial(self._pages, _PIM, query))
            for one in found:
                ends, principal = one.get("endDateTime"), one.get("principal") or {}
                name = str(principal.get("displayName") or one["principalId"])
                yield Eligible(one["principalId"], name, group.name, datetime.fromisoformat(ends) if ends else None)

    def _owners(self, path: str, what: str) -> tuple[Owner, ...] | None:
        query = {"$select": "id,displayName", "$top": "999"}
        found: list[Any] | None = self._or(None, what, lambda: self._pages(path, query))
        return None if found is None else tuple(map(_owner, found))

    def _permissions(self, principals: Iterable[Mapping[str, Any]], whose: str) -> tuple[str, ...] | None:
        paths = [f"/servicePrincipals/{principal['id']}/appRoleAssignments" for principal in principals]
        found: list[Any] | None = self._or(
            None,
            f"{whose} permissions without a user",
            lambda: [granted for path in paths for granted in self._pages(path)],
        )
        if found is None:
            return None
        return tuple(
            f"{granted.get('resourceDisplayName') or granted['resourceId']} {granted['appRoleId']}" for granted in found
        )

    def _log(self, since: datetime, scope: Scope) -> tuple[list[Change] | None, list[Change] | None]:
        unread: list[Change] | None = None
        what = "who changed what (the directory's log)"
        return (
            self._or(unread, what, lambda: changes(self._graph, since, scope)),
            self._or(unread, what, lambda: credential_changes(self._graph, since, scope)),
        )

    def _pages(self, path: str, query: Mapping[str, str] | None = None) -> list[Any]:
        return list(self._graph.pages(path, query))

    def _or(self, otherwise: T, what: str, ask: Callable[[], T]) -> T:
        from airflow_entra_auth.graph import GraphError

        try:
            return ask()
        except GraphError as error:
            if error.status == 401:
                raise
            self._not_seen(what, error)
            return otherwise

    def _not_seen(self, what: str, error: GraphError) -> None:
        self._denied.append(f"{what}: {error.code}")


def _owner(found: Mapping[str, Any]) -> Owner:
    program = str(found.get("@odata.type") or "").endswith("servicePrincipal")
    return Owner(found["id"], str(found.get("displayName") or found["id"]), program)


def _redirects(application: Mapping[str, Any]) -> Iterator[str]:
    for platform in ("web", "spa", "publicClient"):
        yield from (application.get(platform) or {}).get("redirectUris") or ()


def _consented(grants: Iterable[Mapping[str, Any]], consent_type: str) -> Iterator[str]:
    for grant in grants:
        if grant["consentType"] == consent_type:
            yield from (grant.get("scope") or "").split()
