"""Users: creation, unique names, managers."""

from typing import Any

from entra_local import clock
from entra_local.graph.entities import USER
from entra_local.graph.exceptions import BadRequest, InvalidValue, NotFound, RequiredProperty, ValueTaken
from entra_local.graph.models.applications import domain
from entra_local.graph.models.objects import created, find_object, load, save
from entra_local.graph.schema import merge
from entra_local.keys import hash_secret
from entra_local.revocation import end_sign_ins
from entra_local.store import Directory
from entra_local.wire import JsonObject

_MANAGER_KINDS = ("user",)


def create(directory: Directory, changes: JsonObject) -> JsonObject:
    """A new user. Its password must be given and is not kept: people pick themselves until one is set later."""
    profile: Any = changes.pop("passwordProfile", None)
    if not isinstance(profile, dict) or not profile.get("password"):
        raise RequiredProperty("passwordProfile.password")
    user = merge(USER.properties, created(USER) | {"userType": "Member"}, changes)
    for required in ("accountEnabled", "displayName", "mailNickname", "userPrincipalName"):
        if user[required] in (None, ""):
            raise RequiredProperty(required)
    _check(directory, user)
    save(directory, USER, user)
    return user


def load_user(directory: Directory, name: str) -> JsonObject:
    """A user by id or user principal name. Raises NotFound."""
    if "@" in name:
        found = next(map(directory.seen, directory.find("user", "userPrincipalName", name)), None)
        if found is None:
            raise NotFound(name)
        return found.body
    return load(directory, USER, name)


def update(directory: Directory, name: str, changes: JsonObject) -> None:
    """Merge a PATCH into a user. A new password, which is asked for from then on, ends all earlier sign-ins."""
    profile: Any = changes.pop("passwordProfile", None)
    password = profile.get("password") if isinstance(profile, dict) else None
    user = merge(USER.properties, load_user(directory, name), changes)
    _check(directory, user)
    save(directory, USER, user)
    if password is not None:
        if not isinstance(password, str) or not password:
            raise InvalidValue("passwordProfile.password")
        directory.put("userPassword", user["id"], {"hash": hash_secret(password)})
        revoke_sessions(directory, user["id"])


def revoke_sessions(directory: Directory, name: str) -> None:
    """Sign a person out everywhere: no session, code or refresh token from before is good any more."""
    user = load_user(directory, name)
    save(directory, USER, user | {"signInSessionsValidFromDateTime": clock.stamp()})
    end_sign_ins(directory, user["id"])


def delete(directory: Directory, name: str) -> None:
    """Soft-delete a user. Raises NotFound."""
    directory.soft_delete("user", load_user(directory, name)["id"])


def manager(directory: Directory, name: str) -> JsonObject:
    """A user's manager. Raises NotFound when there is none."""
    user = load_user(directory, name)
    for id_ in directory.targets("manager", user["id"]):
        found = find_object(directory, id_, _MANAGER_KINDS)
        if found is not None:
            return found
    raise NotFound("manager")


def set_manager(directory: Directory, name: str, manager_id: str | None) -> None:
    """Replace a user's manager, or take it away. Raises NotFound."""
    user = load_user(directory, name)
    if manager_id is not None and find_object(directory, manager_id, _MANAGER_KINDS) is None:
        raise NotFound(manager_id)
    for before in directory.targets("manager", user["id"]):
        directory.unlink("manager", user["id"], before)
    if manager_id is not None:
        directory.link("manager", user["id"], manager_id)


def _check(directory: Directory, user: JsonObject) -> None:
    local, _, host = (user["userPrincipalName"] or "").partition("@")
    if not local or not host or " " in local:
        raise InvalidValue("userPrincipalName")
    known = directory.get("user", user["id"])
    if known is None and host.lower() != domain(directory).lower():
        raise BadRequest(
            "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain"
            " names in your organization."
        )
    others = directory.find("user", "userPrincipalName", user["userPrincipalName"])
    if any(other.id != user["id"] for other in others):
        raise ValueTaken("userPrincipalName")
