"""Pages: an overview, people, groups, the sign-in log; and the health check."""

from collections import deque
from itertools import islice

from entra_local.graph.models.objects import kind_of, linked_objects
from entra_local.portal import access, models, people
from entra_local.portal.exceptions import PortalError
from entra_local.portal.pages import page
from entra_local.service import Request
from entra_local.signin.models.people import wants_password
from entra_local.store import EVERYWHERE, Directory
from entra_local.wire import JsonObject, Reply

SHOWN = 100
"""People, groups, members or sign-ins on one page."""
RECENT = 10


def front_page(request: Request) -> Reply:
    """The tenant, or which ones there are."""
    tenants = models.counts(request.store)
    if len(tenants) == 1:
        return _overview(request, tenants[0])
    return page(request.call, "tenants.html", tenants=tenants)


def health(request: Request) -> Reply:
    tenants = {tenant["id"]: tenant["counts"] for tenant in models.counts(request.store)}
    return Reply(200, {"status": "ok", "tenants": tenants, "azure": models.counts_everywhere(request.store)})


def overview(request: Request) -> Reply:
    return _overview(request, tenant_of(request)[0])


def _overview(request: Request, tenant: JsonObject) -> Reply:
    directory = request.store.of(tenant["id"])
    found = access.applications(directory)
    return page(
        request.call,
        "overview.html",
        tenant=tenant,
        here="overview",
        people=directory.count("user"),
        groups=directory.count("group"),
        applications=[(application, access.holders(directory, application)) for application in found],
        sign_ins=_sign_ins(directory, RECENT),
        shown=SHOWN,
    )


def list_people(request: Request) -> Reply:
    tenant, directory = tenant_of(request)
    text = request.call.query.get("q", "").strip()
    found = people.find_people(directory, text)
    first = list(islice(found, SHOWN))
    # Of a hundred thousand people nobody wants to wait for the count.
    total = len(first) + sum(1 for _ in found) if text else directory.count("user")
    known = access.applications(directory)
    rows = [(one, access.grants(directory, known, one), people.groups_of(directory, one["id"])) for one in first]
    return page(
        request.call, "people.html", tenant=tenant, here="people", text=text, rows=rows, total=total, shown=SHOWN
    )


def show_person(request: Request) -> Reply:
    tenant, directory = tenant_of(request)
    person = people.person(directory, request["id"])
    return page(
        request.call,
        "person.html",
        tenant=tenant,
        here="people",
        person=person,
        grants=access.grants(directory, access.applications(directory), person),
        groups=people.groups_of(directory, person["id"]),
        joinable=people.joinable(directory, person["id"]),
        has_password=wants_password(directory, person),
        sign_ins=_sign_ins(directory, RECENT, person["id"]),
    )


def list_groups(request: Request) -> Reply:
    tenant, directory = tenant_of(request)
    text = request.call.query.get("q", "").strip()
    found = [
        document.body
        for document in directory.scan("group")
        if text.casefold() in str(document.body["displayName"] or "").casefold()
    ]
    roles = _roles_of_groups(directory)
    rows = [(one, roles.get(one["id"], []), len(directory.targets("members", one["id"]))) for one in found[:SHOWN]]
    return page(
        request.call, "groups.html", tenant=tenant, here="groups", text=text, rows=rows, total=len(found), shown=SHOWN
    )


def show_group(request: Request) -> Reply:
    tenant, directory = tenant_of(request)
    group = people.group(directory, request["id"])
    members = linked_objects(directory, "members", group["id"])
    inside = {id_.lower() for id_ in directory.targets("members", group["id"])}
    outside = (one for one in people.find_people(directory, "") if one["id"].lower() not in inside)
    return page(
        request.call,
        "group.html",
        tenant=tenant,
        here="groups",
        group=group,
        roles=_roles_of_groups(directory).get(group["id"], []),
        members=[(member, kind_of(member)) for member in islice(members, SHOWN)],
        total=len(inside),
        outside=list(islice(outside, 1000)),
        shown=SHOWN,
    )


def sign_in_log(request: Request) -> Reply:
    tenant, directory = tenant_of(request)
    return page(
        request.call, "sign_ins.html", tenant=tenant, here="sign-ins", sign_ins=_sign_ins(directory, SHOWN), shown=SHOWN
    )


def tenant_of(request: Request) -> tuple[JsonObject, Directory]:
    """The tenant that the path names, and its directory. Raises PortalError."""
    found = request.store.of(EVERYWHERE).get("tenant", request["tenant"])
    if found is None:
        raise PortalError(404, "There is no such tenant here.")
    return found.body, request.store.of(found.id)


def _roles_of_groups(directory: Directory) -> dict[str, list[str]]:
    roles: dict[str, list[str]] = {}
    for application in access.applications(directory):
        for assigned in application.assigned:
            if assigned.kind == "group":
                label = f"{assigned.role or 'access'} in {application.name}"
                roles.setdefault(assigned.principal_id, []).append(label)
    return roles


def _sign_ins(directory: Directory, most: int, person: str = "") -> list[JsonObject]:
    """The newest sign-ins, newest first; of one person where one is named."""
    log = (document.body for document in directory.scan("signIn"))
    return list(reversed(deque((one for one in log if person in ("", one.get("userId"))), maxlen=most)))
