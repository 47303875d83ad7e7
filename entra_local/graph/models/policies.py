"""Token lifetime and claims mapping policies, and which applications they are assigned to."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from entra_local.graph.entities import (
    APPLICATION,
    CLAIMS_MAPPING_POLICY,
    SERVICE_PRINCIPAL,
    TOKEN_LIFETIME_POLICY,
    Entity,
)
from entra_local.graph.exceptions import BadRequest, InvalidValue, NotFound, ReferenceExists, RequiredProperty
from entra_local.graph.models.objects import created, find_object, load, not_there, save
from entra_local.graph.schema import merge
from entra_local.store import Directory
from entra_local.wire import JsonObject

SHORTEST = timedelta(minutes=10)
LONGEST = timedelta(days=1)
"""Access tokens live between these two; exactly one day is written 23:59:59."""

_LIFETIME = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})")
_RETIRED = (
    *("MaxInactiveTime", "MaxAgeSingleFactor", "MaxAgeMultiFactor"),
    *("MaxAgeSessionSingleFactor", "MaxAgeSessionMultiFactor"),
)
"""Refresh and session settings: accepted, and without effect since 2021-01-30."""

ENTITIES = {entity.kind: entity for entity in (TOKEN_LIFETIME_POLICY, CLAIMS_MAPPING_POLICY)}


def link_name(entity: Entity) -> str:
    """The navigation property by which an application has policies of a type."""
    return entity.collection.rpartition("/")[2]


def create(directory: Directory, entity: Entity, changes: JsonObject) -> JsonObject:
    """A new policy. Raises InvalidValue when its definition is wrong."""
    changes = {name: value for name, value in changes.items() if name != "type"}
    policy = merge(entity.properties, created(entity), changes)
    _check(directory, entity, policy)
    save(directory, entity, policy)
    return policy


def update(directory: Directory, entity: Entity, id_: str, changes: JsonObject) -> None:
    """Merge a PATCH into a policy."""
    changes = {name: value for name, value in changes.items() if name != "type"}
    policy = merge(entity.properties, load(directory, entity, id_), changes)
    _check(directory, entity, policy)
    save(directory, entity, policy)


def delete(directory: Directory, entity: Entity, id_: str) -> None:
    """Delete a policy for good; who had it falls back to the default. Raises NotFound."""
    load(directory, entity, id_)
    directory.remove(entity.kind, id_)


def applies_to(directory: Directory, entity: Entity, id_: str) -> Iterator[JsonObject]:
    """The live applications and service principals that have a policy. Raises NotFound."""
    load(directory, entity, id_)
    for source in directory.sources(link_name(entity), id_):
        found = find_object(directory, source, ("application", "servicePrincipal"))
        if found is not None:
            yield found


def assigned(directory: Directory, entity: Entity, owner: Entity, owner_id: str) -> Iterator[JsonObject]:
    """The policies of a type that an application or service principal has. Raises NotFound."""
    load(directory, owner, owner_id)
    for id_ in directory.targets(link_name(entity), owner_id):
        yield load(directory, entity, id_)


def assign(directory: Directory, entity: Entity, owner: Entity, owner_id: str, policy_id: str) -> None:
    """Give an application or service principal a policy: one of each type. Raises NotFound or BadRequest."""
    load(directory, owner, owner_id)
    found = directory.seen(directory.get(entity.kind, policy_id))
    if found is None:
        raise not_there(directory, policy_id, [entity.kind])
    policy = found.body
    link = link_name(entity)
    before = directory.targets(link, owner_id)
    if policy["id"] in before:
        raise ReferenceExists(link)
    if before:
        raise BadRequest(f"Only one policy of type '{entity.kind}' can be assigned to an object.")
    directory.link(link, owner_id, policy["id"])


def unassign(directory: Directory, entity: Entity, owner: Entity, owner_id: str, policy_id: str) -> None:
    """Take a policy away from an application or service principal. Raises NotFound."""
    load(directory, owner, owner_id)
    if not directory.unlink(link_name(entity), owner_id, policy_id):
        raise NotFound(policy_id)


def lifetime(text: str) -> timedelta:
    """Read `[dd.]hh:mm:ss`. Raises ValueError."""
    match = _LIFETIME.fullmatch(text)
    if match is None or int(match[2]) > 23 or int(match[3]) > 59 or int(match[4]) > 59:
        raise ValueError("not of the form dd.hh:mm:ss")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _check(directory: Directory, entity: Entity, policy: JsonObject) -> None:
    if not policy["displayName"]:
        raise RequiredProperty("displayName")
    definition = policy["definition"]
    if len(definition) != 1:
        raise InvalidValue("definition", "it is a list of one JSON string.")
    try:
        parsed = json.loads(definition[0])
    except json.JSONDecodeError as error:
        raise InvalidValue("definition", "it is not JSON.") from error
    if entity is TOKEN_LIFETIME_POLICY:
        _check_lifetime(parsed)
    elif not isinstance(parsed, dict) or not isinstance(parsed.get("ClaimsMappingPolicy"), dict):
        raise InvalidValue("definition", "it has no ClaimsMappingPolicy.")
    if policy["isOrganizationDefault"]:
        for other in list(directory.scan(entity.kind)):
            if other.id != policy["id"] and other.body["isOrganizationDefault"]:
                raise BadRequest(
                    "A conflicting object with one or more of the specified property values is present in the"
                    " directory: there is an organization default already."
                )


def _check_lifetime(parsed: Any) -> None:
    policy = parsed.get("TokenLifetimePolicy") if isinstance(parsed, dict) else None
    if not isinstance(policy, dict) or policy.get("Version") != 1:
        raise InvalidValue("definition", "it has no TokenLifetimePolicy of Version 1.")
    for name, value in policy.items():
        if name == "Version" or name in _RETIRED:
            continue
        if name != "AccessTokenLifetime":
            raise InvalidValue("definition", f"'{name}' is no setting of a token lifetime policy.")
        try:
            wanted = lifetime(str(value))
        except ValueError as error:
            raise InvalidValue("definition", f"AccessTokenLifetime is {error}.") from error
        if not SHORTEST <= wanted <= LONGEST:
            raise InvalidValue("definition", "AccessTokenLifetime is between 10 minutes and 1 day.")


OWNERS = {"applications": APPLICATION, "servicePrincipals": SERVICE_PRINCIPAL}
"""Which collections policies can be assigned in."""
