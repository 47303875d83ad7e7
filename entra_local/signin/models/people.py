"""Who may sign in: the account, its password where it has one, and what it is assigned to."""

from collections.abc import Iterator
from uuid import NAMESPACE_URL, uuid5

from entra_local.azure import v1_issuer
from entra_local.graph.models.service_principals import DEFAULT_ACCESS, app_roles
from entra_local.keys import secret_matches
from entra_local.signin import refusals
from entra_local.signin.models.clients import Client
from entra_local.store import EVERYWHERE, Directory
from entra_local.wire import JsonObject

PICKABLE = 30
"""How many people the sign-in page lists; where there are more, a name is typed."""


def find_user(directory: Directory, client: Client, name: str) -> JsonObject:
    """The person of this user principal name, or the guest of this address. Raises UnknownUser or ForeignUser."""
    name = name.strip()
    for found in directory.find("user", "userPrincipalName", name):
        return found.body
    for found in directory.find("user", "mail", name):
        # A guest knows the address of home, not the name that it has here.
        if is_guest(found.body):
            return found.body
    domain = name.rpartition("@")[2].lower()
    for tenant in list(Directory(directory.connection, EVERYWHERE).scan("tenant")):
        if tenant.id != directory.tenant and tenant.body["domain"].lower() == domain:
            provider = v1_issuer(tenant.id)
            raise refusals.ForeignUser(name, provider, _display_name(directory), client.app_id, client.name)
    raise refusals.UnknownUser(name, _display_name(directory))


def few(directory: Directory) -> list[JsonObject]:
    """Everybody in the tenant by name, to pick from; nobody where there are too many for a page."""
    if directory.count("user") > PICKABLE:
        return []
    return sorted(
        (found.body for found in directory.scan("user")), key=lambda user: str(user["displayName"]).casefold()
    )


def wants_password(directory: Directory, user: JsonObject) -> bool:
    """Whether this person has a password; nobody does until one is set."""
    return directory.get("userPassword", user["id"]) is not None


def check_password(directory: Directory, user: JsonObject, password: str) -> None:
    """Raises WrongPassword unless it is the person's, or the person has none."""
    stored = directory.get("userPassword", user["id"])
    if stored is not None and not secret_matches(password, stored.body["hash"]):
        raise refusals.WrongPassword


def check_access(directory: Directory, client: Client, user: JsonObject) -> None:
    """Raises DisabledUser, or NotAssigned where the application wants people to be assigned."""
    if user["accountEnabled"] is False:
        raise refusals.DisabledUser
    if client.principal["appRoleAssignmentRequired"] and not any(assignments(directory, user, client.principal["id"])):
        raise refusals.NotAssigned(client.app_id, client.name, user["userPrincipalName"])


def load_user(directory: Directory, user_id: str) -> JsonObject:
    """A person who signed in before. Raises DeletedUser."""
    found = directory.get("user", user_id)
    if found is None:
        raise refusals.DeletedUser(_display_name(directory))
    return found.body


def is_guest(user: JsonObject) -> bool:
    return bool(user["userType"] == "Guest")


def home_of(directory: Directory, user: JsonObject) -> str:
    """The tenant that somebody proves who they are to: another one for guests and for external members."""
    if user.get("homeTenantId"):
        return str(user["homeTenantId"])
    if not is_guest(user):
        return directory.tenant
    domain = str(user["mail"] or user["userPrincipalName"]).rpartition("@")[2].lower()
    return str(uuid5(NAMESPACE_URL, domain))  # a tenant that isn't here, always the same for a domain


def direct_groups(directory: Directory, user: JsonObject) -> Iterator[JsonObject]:
    """The groups that a person is a member of; not those that these groups are members of."""
    for id_ in directory.sources("members", user["id"]):
        found = directory.get("group", id_)
        if found is not None:
            yield found.body


def assignments(directory: Directory, user: JsonObject, resource_id: str) -> Iterator[JsonObject]:
    """A person's app role assignments on a resource: the own ones, and those of the groups, without nesting."""
    principals = {user["id"], *(group["id"] for group in direct_groups(directory, user))}
    for found in directory.find("appRoleAssignment", "resourceId", resource_id):
        if found.body["principalId"] in principals:
            yield found.body


def roles(directory: Directory, user: JsonObject, resource: JsonObject) -> list[str]:
    """The values of the app roles that a person has on a resource. Disabled roles still count, as in Entra."""
    values = {role["id"]: role["value"] for role in app_roles(directory, resource)}
    held = {found["appRoleId"] for found in assignments(directory, user, resource["id"])} - {DEFAULT_ACCESS}
    return sorted({values[id_] for id_ in held if values.get(id_)})


def _display_name(directory: Directory) -> str:
    found = Directory(directory.connection, EVERYWHERE).get("tenant", directory.tenant)
    return str(found.body["displayName"]) if found else directory.tenant
