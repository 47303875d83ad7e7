"""Whom the groups of a stack file count for in a live tenant: what `access.people` asks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from airflow_entra.access.names import mail_nickname
from airflow_entra.access.stated import Stated
from airflow_entra.directory import membership
from airflow_entra.directory.membership import Account, Members

if TYPE_CHECKING:
    from airflow_entra_auth.graph import Graph


class LiveMembers:
    """Answers as `access.people.Members` does, and asks about each group and each tenant's people once.

    `connect` gives a side's Graph. People whose account is disabled have no role; guests only where the side lets them
    in. Raises GraphError.
    """

    def __init__(self, connect: Callable[[Stated], Graph]) -> None:
        self._connect = connect
        self._people: dict[str, Mapping[str, Account]] = {}
        self._groups: dict[tuple[str, str, str | None], Members | None] = {}

    def __call__(self, side: Stated, key: str) -> Collection[str]:
        tenant = side.values["azuread:tenantId"]
        group = self._group(tenant, side, key)
        if group is None:
            return ()
        ids = set(group.direct)
        if side.values["signIn.rolesFrom"] == "securityGroups":
            ids = ids.union(*group.nested.values())
        if tenant not in self._people:
            self._people[tenant] = {one.id: one for one in membership.accounts(self._connect(side))}
        people = self._people[tenant]
        guests = side.values["signIn.guests"] == "allow"
        return {
            f"{one.name} ({one.sign_in_name})"
            for one in (people[id_] for id_ in ids if id_ in people)
            if one.enabled and (guests or not one.guest)
        }

    def _group(self, tenant: str, side: Stated, key: str) -> Members | None:
        object_id = side.groups[key].object_id
        place = tenant, key, object_id
        if place not in self._groups:
            graph = self._connect(side)
            ids = [object_id] if object_id else _by_nickname(graph, side.groups[key].nickname or mail_nickname(key))
            self._groups[place] = next(iter(membership.members(graph, ids).values()), None)
        return self._groups[place]


def _by_nickname(graph: Graph, nickname: str) -> list[str]:
    found = graph.pages("/groups", {"$filter": f"mailNickname eq '{nickname.replace(chr(39), chr(39) * 2)}'"})
    return [group["id"] for group in found]
