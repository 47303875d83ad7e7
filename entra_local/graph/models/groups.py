"""Groups: creation, names, dynamic rules, owners and members."""

import re
from collections.abc import Iterator
from uuid import UUID

from entra_local import clock
from entra_local.graph.entities import GROUP
from entra_local.graph.exceptions import BadRequest, InvalidValue, RequiredProperty, ValueTaken
from entra_local.graph.models.applications import directory_tenant, domain
from entra_local.graph.models.objects import (
    add_reference,
    bind,
    created,
    find_object,
    kind_of,
    load,
    remove_reference,
    save,
    take_references,
)
from entra_local.graph.schema import merge
from entra_local.store import Directory
from entra_local.wire import JsonObject

OWNER_KINDS = ("user", "servicePrincipal")
MEMBER_KINDS = ("user", "group", "servicePrincipal")
MAXIMUM_OWNERS = 100
MAXIMUM_BOUND = 20
"""How many owners and members together one request may bind."""

# ASCII without what mail addresses can't carry.
_NICKNAME = re.compile(r"""[!#$%&'*+\-/0-9=?A-Z^_`a-z{|}~]{1,64}""")
_RULE = re.compile(r"\b(user|device)\.[A-Za-z]\w*\s*(-\w+|\)|$)", re.IGNORECASE)


def create(directory: Directory, changes: JsonObject, owner: str | None) -> JsonObject:
    """A new group; `owner` owns it when the request names no owners."""
    owners = take_references(changes, "owners")
    members = take_references(changes, "members") or []
    _check_bound([*(owners or []), *members])
    group = merge(GROUP.properties, created(GROUP), changes)
    for required in ("displayName", "mailNickname"):
        if not group[required]:
            raise RequiredProperty(required)
    for required in ("mailEnabled", "securityEnabled"):
        if group[required] is None:
            raise RequiredProperty(required)
    group["securityIdentifier"] = security_identifier(group["id"])
    group["renewedDateTime"] = clock.stamp()
    if group["membershipRule"] and not group["membershipRuleProcessingState"]:
        group["membershipRuleProcessingState"] = "On"
    if "Unified" in group["groupTypes"]:
        group["mail"] = f"{group['mailNickname']}@{domain(directory)}"
        group["proxyAddresses"] = [f"SMTP:{group['mail']}"]
        group["visibility"] = group["visibility"] or "Public"
    _check(directory, group)
    if members and _is_dynamic(group):
        raise BadRequest("Members of a dynamic group cannot be set: its rule decides.")
    save(directory, GROUP, group)
    bind(directory, "owners", group["id"], owners if owners is not None else [owner] if owner else [], OWNER_KINDS)
    bind(directory, "members", group["id"], members, MEMBER_KINDS)
    return group


def update(directory: Directory, id_: str, changes: JsonObject) -> None:
    """Merge a PATCH into a group; the members that it binds are added to those that are there."""
    before = load(directory, GROUP, id_)
    members = take_references(changes, "members") or []
    _check_bound(members)
    after = merge(GROUP.properties, before, changes)
    if after["isAssignableToRole"] != before["isAssignableToRole"]:
        raise BadRequest("The isAssignableToRole property cannot be changed after a group was created.")
    if ("Unified" in after["groupTypes"]) != ("Unified" in before["groupTypes"]):
        raise InvalidValue("groupTypes", "a group cannot become or stop being a Microsoft 365 group.")
    _check(directory, after)
    if _is_dynamic(after) and not _is_dynamic(before):
        for member in directory.targets("members", after["id"]):
            directory.unlink("members", after["id"], member)
    save(directory, GROUP, after)
    for member in members:
        add_member(directory, after["id"], member)


def delete(directory: Directory, id_: str) -> None:
    """Delete a group: for 30 days softly, where the tenant does so for groups of its kind. Raises NotFound."""
    group = load(directory, GROUP, id_)
    # Microsoft's documents disagree about security groups, so the seed of a tenant may say no.
    soft = "Unified" in group["groupTypes"] or directory_tenant(directory).get("softDeleteSecurityGroups", True)
    if soft:
        directory.soft_delete("group", group["id"])
    else:
        directory.remove("group", group["id"])


def add_owner(directory: Directory, id_: str, owner: str) -> None:
    """Make someone an owner. Raises NotFound, ReferenceExists, or BadRequest above the limit."""
    load(directory, GROUP, id_)
    if len(directory.targets("owners", id_)) >= MAXIMUM_OWNERS:
        raise BadRequest(f"The group has reached the limit of {MAXIMUM_OWNERS} owners.")
    add_reference(directory, "owners", id_, owner, OWNER_KINDS)


def remove_owner(directory: Directory, id_: str, owner: str) -> None:
    """Take an owner away, but not the last one."""
    load(directory, GROUP, id_)
    owners = directory.targets("owners", id_)
    if [item.lower() for item in owners] == [owner.lower()]:
        raise BadRequest("The group must have at least one owner, hence this owner cannot be removed.")
    remove_reference(directory, "owners", id_, owner)


def add_member(directory: Directory, id_: str, member: str) -> None:
    """Make someone a member. Raises NotFound, ReferenceExists, or BadRequest for a group that takes none."""
    group = load(directory, GROUP, id_)
    if _is_dynamic(group):
        raise BadRequest(
            "Insufficient privileges to complete the operation: the members of a dynamic group are its rule's."
        )
    if member.lower() == group["id"]:
        raise BadRequest("A group cannot be a member of itself.")
    found = find_object(directory, member, MEMBER_KINDS)
    if group["isAssignableToRole"] and found is not None and kind_of(found) == "group":
        raise BadRequest("Nesting is not supported for groups that can be assigned to a role.")
    add_reference(directory, "members", id_, member, MEMBER_KINDS)


def remove_member(directory: Directory, id_: str, member: str) -> None:
    """Take a member away. Raises NotFound."""
    load(directory, GROUP, id_)
    remove_reference(directory, "members", id_, member)


def transitive_groups(directory: Directory, id_: str) -> Iterator[JsonObject]:
    """The groups that an object is in, directly or through other groups, each once."""
    seen = {id_.lower()}
    pending = directory.sources("members", id_)
    while pending:
        outer = pending.pop(0)
        if outer.lower() in seen:
            continue
        seen.add(outer.lower())
        found = find_object(directory, outer)
        if found is not None:
            yield found
            pending += directory.sources("members", outer)


def security_identifier(object_id: str) -> str:
    """The SID that Entra derives from an object id."""
    raw = UUID(object_id).bytes_le
    return "S-1-12-1-" + "-".join(str(int.from_bytes(raw[start : start + 4], "little")) for start in (0, 4, 8, 12))


def _check_bound(ids: list[str]) -> None:
    if len(ids) > MAXIMUM_BOUND:
        raise BadRequest(f"The request binds more than {MAXIMUM_BOUND} references.")


def _is_dynamic(group: JsonObject) -> bool:
    return "DynamicMembership" in group["groupTypes"]


def _check(directory: Directory, group: JsonObject) -> None:
    if not group["displayName"]:
        raise RequiredProperty("displayName")
    if not _NICKNAME.fullmatch(group["mailNickname"] or ""):
        raise InvalidValue("mailNickname", 'at most 64 ASCII characters without spaces and @()\\[]";:.<>,.')
    if any(other.id != group["id"] for other in directory.find("group", "mailNickname", group["mailNickname"])):
        raise ValueTaken("mailNickname")
    if not group["mailEnabled"] and not group["securityEnabled"]:
        raise BadRequest("A group must be mail-enabled or security-enabled.")
    if group["mailEnabled"] and "Unified" not in group["groupTypes"]:
        raise BadRequest(
            "The service does not currently support writes of mail-enabled groups. Please ensure that the"
            " mail-enablement property is unset and try again."
        )
    if _is_dynamic(group) != bool(group["membershipRule"]):
        raise InvalidValue("membershipRule", "a dynamic group has a rule, no other group has one.")
    if group["membershipRule"] and not _RULE.search(group["membershipRule"]):
        raise InvalidValue("membershipRule", "the rule names no property of a user or a device.")
    if group["isAssignableToRole"] and (_is_dynamic(group) or not group["securityEnabled"]):
        raise BadRequest("A group that can be assigned to a role must be a security group without a dynamic rule.")
