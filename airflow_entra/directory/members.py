"""The people for whom the groups of a stack file count in a live tenant: what `access.people` asks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from airflow_entra.access.names import mail_nickname
from airflow_entra.access.sign_on_rules import ANYBODY
from airflow_entra.access.stated import Stated
from airflow_entra.directory import membership
from airflow_entra.directory.membership import Account, Members
from airflow_entra.escape.odata import literal
from airflow_entra_auth import issuance
from airflow_entra_auth.azure import GRAPH_V1, LOGIN
from airflow_entra_auth.claims import Admitted
from airflow_entra_auth.rules import Guests, RoleRule, RolesFrom, SignOnRules, parse_rules

if TYPE_CHECKING:
    from airflow_entra_auth.graph import Graph


class LiveMembers:
    """Answers as `access.people.Members` does: the people who would have a role if the group were all that gives one,
    assigned as its side's deployment assigns it. Asks about each group and each tenant's people once.

    `connect` gives a side's Graph. Raises GraphError.
    """

    def __init__(self, connect: Callable[[Stated], Graph]) -> None:
        self._connect = connect
        self._people: dict[str, Mapping[str, Account]] = {}
        self._groups: dict[tuple[str, str, str | None], Members | None] = {}

    def __call__(self, side: Stated, key: str) -> Collection[str]:
        tenant = side.tenant_id
        group = self._group(tenant, side, key)
        if group is None:
            return ()
        if tenant not in self._people:
            self._people[tenant] = {one.id: one for one in membership.accounts(self._connect(side))}
        rules = _rules(side, key)
        application, direct = self._assigned(tenant, side, key, rules)
        inside = {*group.direct, *(id_ for some in group.nested.values() for id_ in some)}
        people = (self._people[tenant][id_] for id_ in inside if id_ in self._people[tenant])
        return {
            f"{person.name} ({person.sign_in_name})"
            for person in people
            if isinstance(issuance.decision(application, _account(person, key, group, direct), rules), Admitted)
        }

    def _assigned(
        self, tenant: str, side: Stated, key: str, rules: SignOnRules
    ) -> tuple[issuance.Application, Mapping[str, Members]]:
        """The application, and those of its groups that let somebody in besides this one. They matter only where a
        member of a group inside it needs an assignment from elsewhere."""
        application = replace(
            issuance.declared(rules), assignment_required=side.values["signIn.assignmentRequired"] == "true"
        )
        if rules.roles_from != "securityGroups" or not application.assignment_required:
            return application, {}
        others = {grant.group: self._group(tenant, side, grant.group) for grant in side.grants if grant.group != key}
        assigned = application.assignments | {issuance.Assignment(other, None) for other in others}
        there = {other: group for other, group in others.items() if group is not None}
        return replace(application, assignments=assigned), there

    def _group(self, tenant: str, side: Stated, key: str) -> Members | None:
        object_id = side.groups[key].object_id
        place = tenant, key, object_id
        if place not in self._groups:
            graph = self._connect(side)
            ids = [object_id] if object_id else _by_nickname(graph, side.groups[key].nickname or mail_nickname(key))
            self._groups[place] = next(iter(membership.members(graph, ids).values()), None)
        return self._groups[place]


def _by_nickname(graph: Graph, nickname: str) -> list[str]:
    found = graph.pages("/groups", {"$filter": f"mailNickname eq {literal(nickname)}"})
    return [group["id"] for group in found]


def _account(person: Account, key: str, group: Members, others: Mapping[str, Members]) -> issuance.Account:
    """The person as a member of these groups, which go by their keys here."""
    groups = {**others, key: group}
    return issuance.Account(
        ANYBODY,
        "enabled" if person.enabled else "disabled",
        person.guest,
        direct=frozenset(name for name, members in groups.items() if person.id in members.direct),
        security=frozenset({key} if group.security_enabled else ()),
        external=person.external,
    )


def _rules(side: Stated, key: str) -> SignOnRules:
    """The rules of a sign-on file in which this group alone gives a role."""
    return replace(
        _RULES,
        roles_from=cast(RolesFrom, side.values["signIn.rolesFrom"]),
        guests=cast(Guests, said) if (said := side.values["signIn.guests"]) in ("refuse", "allow") else "tenants",
        roles={_ROLE: RoleRule(_ROLE, (key,), {})},
    )


_ROLE = "role"
_RULES = parse_rules(
    {
        "schema": 1,
        "stack": "none",
        "environment": "none",
        "tenantId": ANYBODY,
        "clientId": ANYBODY,
        "authority": LOGIN,
        "graph": GRAPH_V1,
        "baseUrl": "https://airflow.invalid",
        "redirectUri": "https://airflow.invalid",
        "rolesFrom": "appRoles",
        "guests": "refuse",
        "airflowSession": 3600,
        "revocation": "watch",
        "contact": None,
        "credential": {"mode": "environment", "variable": "NONE"},
        "roles": {_ROLE: {"groups": [], "dags": {}}},
    },
    "the access diff",
)
"""Rules that say nothing: what a side says is put into them."""
