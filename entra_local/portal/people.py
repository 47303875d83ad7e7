"""People: found, added, disabled, given passwords and moved between groups; each change says what it changed."""

from collections.abc import Callable, Iterator
from typing import Any

from entra_local.graph.entities import USER
from entra_local.graph.exceptions import NotFound
from entra_local.graph.models import groups, users
from entra_local.graph.models.applications import domain
from entra_local.graph.models.objects import linking_objects, load
from entra_local.portal import access
from entra_local.portal.exceptions import PortalError
from entra_local.signin.models.people import wants_password
from entra_local.store import Directory
from entra_local.wire import JsonObject, WireError

Change = Callable[[Directory, JsonObject], None]


def find_people(directory: Directory, text: str) -> Iterator[JsonObject]:
    """People whose name, sign-in name or mail contains the text, oldest first."""
    wanted = text.casefold()
    for document in directory.scan("user"):
        body = document.body
        if any(wanted in str(body[name] or "").casefold() for name in ("displayName", "userPrincipalName", "mail")):
            yield body


def person(directory: Directory, id_: str) -> JsonObject:
    """A person by object id. Raises PortalError."""
    found = directory.get("user", id_)
    if found is None:
        raise PortalError(404, "There is no such person in this tenant.")
    return found.body


def group(directory: Directory, id_: str) -> JsonObject:
    """A group by object id. Raises PortalError."""
    found = directory.get("group", id_)
    if found is None:
        raise PortalError(404, "There is no such group in this tenant.")
    return found.body


def groups_of(directory: Directory, person_id: str) -> list[JsonObject]:
    """The groups that a person is a direct member of, by name."""
    return sorted(linking_objects(directory, "members", person_id), key=_name)


def joinable(directory: Directory, person_id: str) -> list[JsonObject]:
    """The groups that a person may be put into, by name: not those they are in, nor those that a rule fills."""
    own = {item["id"] for item in linking_objects(directory, "members", person_id)}
    found = (document.body for document in directory.scan("group"))
    return sorted((it for it in found if it["id"] not in own and not it["membershipRule"]), key=_name)


def move(directory: Directory, id_: str, out_of: str, into: str) -> str:
    """Take a person out of a group, put them into another, or both: "" is no group. Returns what that means."""
    who = person(directory, id_)
    done = []
    if out_of:
        done.append(f"out of {group(directory, out_of)['displayName']}")
    if into:
        done.append(f"in {group(directory, into)['displayName']}")
    if not done or out_of == into:
        raise PortalError(400, "Choose a group to leave, a group to join, or two different ones.")

    def change(directory: Directory, who: JsonObject) -> None:
        if out_of:
            groups.remove_member(directory, out_of, who["id"])
        if into:
            groups.add_member(directory, into, who["id"])

    return f"{who['displayName']} is {' and '.join(done)}. {_changed(directory, who, change)}"


def set_enabled(directory: Directory, id_: str, enabled: bool) -> str:
    """Let a person sign in, or not any more. Returns what that means."""
    who = person(directory, id_)

    def change(directory: Directory, who: JsonObject) -> None:
        users.update(directory, who["id"], {"accountEnabled": enabled})

    meaning = _changed(directory, who, change)
    return f"{who['displayName']} {'is enabled' if enabled else 'is disabled and can sign in nowhere'}. {meaning}"


def sign_out(directory: Directory, id_: str) -> str:
    """End all that a person signed in for. Returns what that means."""
    who = person(directory, id_)
    users.revoke_sessions(directory, who["id"])
    return f"{who['displayName']} is signed out everywhere: no session or refresh token from before is good any more."


def choose_password(directory: Directory, id_: str, password: str) -> str:
    """Give a person a password, or with "" take it away. Returns what that means."""
    who = person(directory, id_)
    had = wants_password(directory, who)
    if not password:
        directory.remove("userPassword", who["id"])
        return f"{who['displayName']} signs in without a password{'' if had else ', as before'}."
    users.update(directory, who["id"], {"passwordProfile": {"password": password}})
    kind = "another" if had else "a"
    return f"{who['displayName']} has {kind} password, is asked for it from now on, and is signed out everywhere."


def add(directory: Directory, name: str, sign_in_name: str, mail: str, password: str, guest: bool) -> JsonObject:
    """A new person, in no group. The sign-in name may come without the tenant's domain. Raises PortalError."""
    if not name or not sign_in_name:
        raise PortalError(400, "A person needs a name and a sign-in name.")
    if "@" not in sign_in_name:
        sign_in_name = f"{sign_in_name}@{domain(directory)}"
    wanted: dict[str, Any] = {
        "accountEnabled": True,
        "displayName": name,
        "mailNickname": sign_in_name.partition("@")[0],
        "userPrincipalName": sign_in_name,
        "mail": mail or None,
        "userType": "Guest" if guest else "Member",
        "passwordProfile": {"password": password or "none is kept"},  # Graph wants one; it is not kept at creation
    }
    made = obeyed(lambda: users.create(directory, wanted))
    if password:
        users.update(directory, made["id"], {"passwordProfile": {"password": password}})
    return made


def obeyed(change: Callable[[], JsonObject]) -> JsonObject:
    """What a change of the directory returns; what the directory refuses, as a page says it. Raises PortalError."""
    try:
        return change()
    except PortalError:
        raise
    except NotFound as error:
        raise PortalError(409, "That was changed meanwhile: load the page again.") from error
    except WireError as error:
        raise PortalError(error.status, error.message) from error


def _changed(directory: Directory, who: JsonObject, change: Change) -> str:
    """Make a change to a person and say which roles it gave and took."""

    def roles() -> list[str]:
        current = load(directory, USER, who["id"])
        return access.given(access.grants(directory, access.applications(directory), current))

    before = roles()

    def changed() -> JsonObject:
        change(directory, who)
        return who

    obeyed(changed)
    after = roles()
    lost = [role for role in before if role not in after]
    gained = [role for role in after if role not in before]
    if not lost and not gained:
        return "That changes no role."
    parts = [f"no {' and no '.join(lost)} any more"] if lost else []
    parts += [" and ".join(gained)] if gained else []
    return f"At the next sign-in: {'; '.join(parts)}."


def _name(item: JsonObject) -> str:
    return str(item["displayName"] or "").casefold()
