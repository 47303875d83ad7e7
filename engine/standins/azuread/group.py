"""azuread:index/group:Group and groupWithoutMembers, and one member of a group. All on beta, as the provider does."""

import random
from collections.abc import Sequence

from engine.standins.azuread.graph import (
    BETA,
    NOT_YET_THERE,
    Graph,
    already_exists,
    id_part,
    in_set_order,
    or_null,
    quoted,
    reference,
    temporary_name,
)
from engine.standins.bridged.resource import Made
from engine.standins.errors import ProviderError, WireError
from engine.standins.rest import RetryOn
from engine.standins.values import UNKNOWN, Props

_TYPE = "#microsoft.graph.group"
_OWNERS_AT_CREATE = 20
_OWNER_TYPES = ("#microsoft.graph.user", "#microsoft.graph.servicePrincipal", "#microsoft.graph.group")
_OWNER_NOT_YET_THERE = (
    RetryOn(404),
    RetryOn(400, "One or more property values specified are invalid"),
    RetryOn(400, "does not exist or one of its queried reference-property objects are not present"),
)


class Group:
    def __init__(self, graph: Graph, members: bool = True) -> None:
        self._graph, self._members = graph, members

    def plan(self, inputs: Props) -> None:
        if inputs.get("preventDuplicateNames") and inputs.get("displayName") is not UNKNOWN:
            self._refuse_duplicate(inputs["displayName"])

    def create(self, inputs: Props, made: Made) -> None:
        if "Unified" in (inputs.get("types") or []):
            raise ProviderError("Microsoft 365 groups (types: Unified) are not served by the stand-in")
        if inputs.get("preventDuplicateNames"):
            self._refuse_duplicate(inputs["displayName"])
        owners = self._in_owner_order(inputs.get("owners") or [])
        group = self._post({**_body(inputs), **_only_at_create(inputs)}, owners[:_OWNERS_AT_CREATE])
        path = made.id = f"/groups/{group['id']}"
        for name in (temporary_name(), inputs["displayName"]):
            self._graph.patch(path, {"@odata.type": _TYPE, "displayName": name}, BETA, retry=NOT_YET_THERE)
        self._graph.wait_until(
            lambda: (self._graph.find(path, BETA) or {}).get("displayName") == inputs["displayName"],
            f"the name of {path}",
        )
        for owner in owners[_OWNERS_AT_CREATE:]:
            self._add(path, "owners", owner)
        for member in in_set_order(inputs.get("members")):
            self._add(path, "members", member)

    def read(self, object_id: str) -> Props | None:
        (group_id,) = id_part(object_id, "", "groups", "*")
        path = f"/groups/{group_id}"
        group = self._graph.find(path, BETA)
        if group is None:
            return None
        owners = self._graph.list(f"{path}/owners", BETA)
        members = self._graph.list(f"{path}/members", BETA) if self._members else None
        containers = self._graph.list(f"{path}/memberOf", BETA)
        units = [item["id"] for item in containers if item.get("@odata.type") == "#microsoft.graph.administrativeUnit"]
        return outputs(group, owners, members, units)

    def update(self, object_id: str, state: Props, inputs: Props) -> None:
        if inputs.get("preventDuplicateNames") and inputs["displayName"] != state.get("displayName"):
            self._refuse_duplicate(inputs["displayName"])
        self._graph.patch(object_id, _body(inputs), BETA)
        if self._members and inputs.get("members") is not None:
            self._change(object_id, "members", inputs["members"], removals_first=True)
        if inputs.get("owners") is not None:
            self._change(object_id, "owners", inputs["owners"], removals_first=False)

    def delete(self, object_id: str, state: Props) -> None:
        self._graph.get(object_id, BETA)  # the official provider fails on a group that is gone already
        self._graph.delete(object_id, BETA)
        self._graph.wait_until_gone(object_id, BETA)

    def _post(self, body: Props, owners: Sequence[str]) -> Props:
        body["owners@odata.bind"] = [reference(owner, BETA) for owner in owners]
        try:
            group: Props = self._graph.post("/groups", body, BETA, retry=_OWNER_NOT_YET_THERE)
        except WireError as error:
            if error.status != 400 or "Request contains a property with duplicate values" not in error.message:
                raise
            # Graph makes some callers owner by itself, and then refuses to have them named.
            others = [owner for owner in owners if owner != self._graph.caller_id]
            body["owners@odata.bind"] = [reference(owner, BETA) for owner in others]
            group = self._graph.post("/groups", body, BETA, retry=_OWNER_NOT_YET_THERE)
        return group

    def _in_owner_order(self, owners: Sequence[str]) -> list[str]:
        """The caller, then users, service principals and groups; whatever has another type is dropped silently.

        Graph wants a user or a service principal first. One pass over all owners for each type, as the official
        provider does it.
        """
        caller = self._graph.caller_id
        if not owners:
            return [caller]
        ordered = [caller] if caller in owners else []
        for wanted in _OWNER_TYPES:
            for owner in in_set_order(owners):
                if owner != caller and self._graph.get(f"/directoryObjects/{owner}").get("@odata.type") == wanted:
                    ordered.append(owner)
        return ordered

    def _add(self, path: str, collection: str, object_id: str) -> None:
        self._graph.post(f"{path}/{collection}/$ref", {"@odata.id": reference(object_id, BETA)}, BETA)

    def _change(self, path: str, collection: str, wanted: Sequence[str], removals_first: bool) -> None:
        existing = {item["id"] for item in self._graph.list(f"{path}/{collection}", BETA)}

        def remove() -> None:
            for object_id in in_set_order(existing - set(wanted)):
                self._graph.delete(f"{path}/{collection}/{object_id}/$ref", BETA)

        if removals_first:
            remove()
        for object_id in in_set_order(set(wanted) - existing):
            self._add(path, collection, object_id)
        if not removals_first:
            remove()

    def _refuse_duplicate(self, name: str) -> None:
        found = self._graph.list("/groups", BETA, filter=f"displayName eq '{name}'")
        if twin := next((group for group in found if group.get("displayName") == name), None):
            raise ProviderError(
                f"a group named {name!r} exists already (object ID {twin['id']}), and preventDuplicateNames is on"
            )


def _body(inputs: Props) -> Props:
    """What create and update both send."""
    dynamic = inputs.get("dynamicMembership")
    body: Props = {
        "@odata.type": _TYPE,
        "description": or_null(inputs.get("description")),
        "displayName": inputs["displayName"],
        "mailEnabled": inputs.get("mailEnabled") or False,
        "membershipRule": dynamic["rule"] if dynamic else None,
        "securityEnabled": inputs.get("securityEnabled") or False,
    }
    if dynamic:
        body["membershipRuleProcessingState"] = "On" if dynamic["enabled"] else "Paused"
    return {**body, **{key: inputs[key] for key in ("theme", "visibility") if inputs.get(key)}}


def _only_at_create(inputs: Props) -> Props:
    return {
        "groupTypes": in_set_order(inputs.get("types")),
        "isAssignableToRole": inputs.get("assignableToRole") or False,
        "mailNickname": inputs.get("mailNickname") or _nickname(),
        "resourceBehaviorOptions": in_set_order(inputs.get("behaviors")),
        "resourceProvisioningOptions": in_set_order(inputs.get("provisioningOptions")),
    }


def _nickname() -> str:
    """As the portal makes them: '9f5d1064-c'."""
    digits = f"{random.getrandbits(36):09x}"  # a name, not a secret
    return f"{digits[:8]}-{digits[8]}"


def outputs(group: Props, owners: list[Props], members: list[Props] | None, units: list[str]) -> Props:
    """The state of a group; `members` is None for a group without."""
    rule = group.get("membershipRule")

    def text(key: str) -> str:
        return group.get(key) or ""

    result: Props = {
        "administrativeUnitIds": sorted(units),
        "assignableToRole": group.get("isAssignableToRole") or False,
        "autoSubscribeNewMembers": False,
        "behaviors": sorted(group.get("resourceBehaviorOptions") or []),
        "description": text("description"),
        "displayName": text("displayName"),
        "dynamicMembership": {"enabled": group.get("membershipRuleProcessingState") == "On", "rule": rule}
        if rule
        else None,
        "externalSendersAllowed": False,
        "hideFromAddressLists": False,
        "hideFromOutlookClients": False,
        "mail": text("mail"),
        "mailEnabled": group.get("mailEnabled") or False,
        "mailNickname": text("mailNickname"),
        "objectId": group["id"],
        "onpremisesDomainName": text("onPremisesDomainName"),
        "onpremisesNetbiosName": text("onPremisesNetBiosName"),
        "onpremisesSamAccountName": text("onPremisesSamAccountName"),
        "onpremisesSecurityIdentifier": text("onPremisesSecurityIdentifier"),
        "onpremisesSyncEnabled": group.get("onPremisesSyncEnabled") or False,
        "owners": sorted(owner["id"] for owner in owners),
        "preferredLanguage": text("preferredLanguage"),
        "provisioningOptions": sorted(group.get("resourceProvisioningOptions") or []),
        "proxyAddresses": group.get("proxyAddresses") or [],
        "securityEnabled": group.get("securityEnabled") or False,
        "theme": text("theme"),
        "types": sorted(group.get("groupTypes") or []),
        "visibility": text("visibility"),
        "writebackEnabled": False,
    }
    if members is not None:
        result["members"] = sorted(member["id"] for member in members)
    return result


class GroupMember:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def plan(self, inputs: Props) -> None:
        pass

    def create(self, inputs: Props, made: Made) -> None:
        group, member = inputs["groupObjectId"], inputs["memberObjectId"]
        object_id = f"{group}/member/{member}"
        self._graph.get(f"/groups/{group}", BETA)
        if any(item["id"] == member for item in self._graph.list(f"/groups/{group}/members", BETA)):
            raise already_exists("azuread_group_member", object_id)
        self._graph.post(f"/groups/{group}/members/$ref", {"@odata.id": reference(member, BETA)}, BETA)
        made.id = object_id

    def read(self, object_id: str) -> Props | None:
        group, member = id_part(object_id, "*", "member", "*")
        if not self._is_member(group, member):
            return None
        return {"groupObjectId": group, "memberObjectId": member}

    def update(self, object_id: str, state: Props, inputs: Props) -> None:
        """Every input replaces: called only after a create that ended half-way, and then there is nothing to send."""

    def delete(self, object_id: str, state: Props) -> None:
        group, member = id_part(object_id, "*", "member", "*")
        self._graph.delete(f"/groups/{group}/members/{member}/$ref", BETA)
        self._graph.wait_until(lambda: not self._is_member(group, member), f"{member} to leave the group {group}")

    def _is_member(self, group: str, member: str) -> bool:
        page = self._graph.find(f"/groups/{group}/members", BETA, filter=f"id eq {quoted(member)}")
        return page is not None and any(item["id"] == member for item in page["value"])
