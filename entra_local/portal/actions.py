"""What the forms do: one change, then back to the page with a message."""

from entra_local.portal import people
from entra_local.portal.browser import said
from entra_local.portal.exceptions import PortalError
from entra_local.portal.forms import fields
from entra_local.portal.responses import tenant_of
from entra_local.service import Request
from entra_local.wire import Reply


def add_person(request: Request) -> Reply:
    tenant, directory = tenant_of(request)
    form = fields(request.call)
    made = people.add(
        directory,
        form.get("name", ""),
        form.get("signInName", ""),
        form.get("mail", ""),
        form.get("password", ""),
        form.get("guest") == "yes",
    )
    message = f"{made['displayName']} can sign in as {made['userPrincipalName']}, in no group yet."
    return _back(tenant["id"], f"people/{made['id']}", message)


def move_person(request: Request) -> Reply:
    """Fields `leave` and `join` are group ids, or empty."""
    tenant, directory = tenant_of(request)
    form = fields(request.call)
    id_ = people.person(directory, request["id"])["id"]
    message = people.move(directory, id_, form.get("leave", ""), form.get("join", ""))
    return _back(tenant["id"], f"people/{id_}", message)


def enable_person(request: Request) -> Reply:
    """Field `enabled` is yes or no."""
    tenant, directory = tenant_of(request)
    wanted = fields(request.call).get("enabled")
    if wanted not in ("yes", "no"):
        raise PortalError(400, "Say whether the person shall be enabled.")
    id_ = people.person(directory, request["id"])["id"]
    return _back(tenant["id"], f"people/{id_}", people.set_enabled(directory, id_, wanted == "yes"))


def sign_out_person(request: Request) -> Reply:
    tenant, directory = tenant_of(request)
    id_ = people.person(directory, request["id"])["id"]
    return _back(tenant["id"], f"people/{id_}", people.sign_out(directory, id_))


def set_password(request: Request) -> Reply:
    """Field `password`; with `clear` there is none any more."""
    tenant, directory = tenant_of(request)
    form = fields(request.call)
    password = "" if "clear" in form else form.get("password", "")
    if not password and "clear" not in form:
        raise PortalError(400, "Type a password, or choose to have none.")
    id_ = people.person(directory, request["id"])["id"]
    return _back(tenant["id"], f"people/{id_}", people.choose_password(directory, id_, password))


def add_member(request: Request) -> Reply:
    """Field `person` is an object id."""
    tenant, directory = tenant_of(request)
    group = people.group(directory, request["id"])
    message = people.move(directory, fields(request.call).get("person", ""), "", group["id"])
    return _back(tenant["id"], f"groups/{group['id']}", message)


def remove_member(request: Request) -> Reply:
    """Field `person` is an object id."""
    tenant, directory = tenant_of(request)
    group = people.group(directory, request["id"])
    message = people.move(directory, fields(request.call).get("person", ""), group["id"], "")
    return _back(tenant["id"], f"groups/{group['id']}", message)


def _back(tenant: str, path: str, message: str) -> Reply:
    return Reply(303, None, {"Location": f"/portal/{tenant}/{path}", "Cache-Control": "no-store"} | said(message))
