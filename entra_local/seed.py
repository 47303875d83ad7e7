"""What exists before any program runs, read from JSON: adds what is missing, never takes anything away.

An item with `"keep": true` is a first proposal: an object that is there already, deleted ones included, stays as people
have changed it since, and a group's members are added while it has none.
"""

import json
from pathlib import Path
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

from jwt import PyJWKSet, PyJWTError

from entra_local import azure_roles
from entra_local.arm.models import resources, vaults
from entra_local.first_party import APPLICATION_PERMISSIONS, GRAPH_APP_ID, graph_principal
from entra_local.graph.entities import (
    APP_ROLE_ASSIGNMENT,
    APPLICATION,
    FEDERATED_CREDENTIAL,
    GROUP,
    SERVICE_PRINCIPAL,
    USER,
    Entity,
)
from entra_local.graph.models import credentials
from entra_local.graph.models.groups import security_identifier
from entra_local.graph.models.objects import created, find_object
from entra_local.graph.schema import fresh
from entra_local.keys import secret_matches
from entra_local.server import open_world
from entra_local.store import EVERYWHERE, Directory, Transaction
from entra_local.wire import JsonObject, WireError

ItemT = TypeVar("ItemT")

_LISTS = ("tenants", "subscriptions", "users", "groups", "servicePrincipals", "applications", "vaults")


class SeedError(Exception):
    """What is wrong with the seed, and where."""


def seed_from(state: Path, content: bytes) -> None:
    """Seed a state folder, also while it is served. Raises SeedError or StartError; then nothing has changed."""
    try:
        seed = json.loads(content)
    except ValueError as error:
        raise SeedError(f"it is not JSON: {error}") from error
    if not isinstance(seed, dict):
        raise SeedError("it is not a JSON object")
    for name, value in seed.items():
        if name not in _LISTS or not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise SeedError(f"'{name}' is not one of {', '.join(_LISTS)}, or not a list of objects")
    world = open_world(state)
    try:
        with world.store.transaction() as store:
            apply(store, seed)
    finally:
        world.store.close()


def apply(store: Transaction, seed: JsonObject) -> None:
    """Write a seed into a transaction. Raises SeedError."""
    everywhere = store.of(EVERYWHERE)
    for tenant in seed.get("tenants", []):
        _tenant(everywhere, tenant)
    for subscription in seed.get("subscriptions", []):
        _subscription(everywhere, subscription)
    for name, add in (
        ("users", _user),
        ("servicePrincipals", _service_principal),
        ("groups", _group),
        ("applications", _application),
    ):
        for item in seed.get(name, []):
            add(store.of(_tenant_of(everywhere, name, item)), item)
    for tenant in list(everywhere.scan("tenant")):
        directory = store.of(tenant.id)
        if not directory.find("servicePrincipal", "appId", GRAPH_APP_ID):
            directory.put("servicePrincipal", (principal := graph_principal(tenant.id))["id"], principal)
    # Permissions and memberships refer to objects that may stand anywhere in the seed.
    for group in seed.get("groups", []):
        _links(store.of(_tenant_of(everywhere, "groups", group)), group)
    for application in seed.get("applications", []):
        _permissions(store.of(_tenant_of(everywhere, "applications", application)), everywhere, application)
    for vault in seed.get("vaults", []):
        _vault(everywhere, vault)


def _tenant_of(everywhere: Directory, where: str, item: JsonObject) -> str:
    """The tenant that an item names, or the only one."""
    if "tenantId" in item:
        return _uuid(where, item, "tenantId")
    tenants = [tenant.id for tenant in everywhere.scan("tenant")]
    if len(tenants) != 1:
        raise SeedError(f"{where}: with {len(tenants)} tenants, every item needs a tenantId")
    return tenants[0]


def _tenant(everywhere: Directory, item: JsonObject) -> None:
    id_ = _uuid("tenants", item)
    defaults = {"id": id_, "displayName": "Contoso", "domain": "contoso.onmicrosoft.com"}
    known = everywhere.get("tenant", id_)
    everywhere.put("tenant", id_, defaults | (known.body if known else {}) | item | {"id": id_})


def _subscription(everywhere: Directory, item: JsonObject) -> None:
    id_ = _uuid("subscriptions", item)
    tenant = _tenant_of(everywhere, "subscriptions", item)
    body = {"id": id_, "tenantId": tenant, "displayName": item.get("displayName", "Local subscription")}
    everywhere.put("subscription", id_, body)
    for group in _objects("subscriptions", item, "resourceGroups"):
        name, location = _text("resourceGroups", group, "name"), {"location": group.get("location", "westeurope")}
        if everywhere.get("resourceGroup", resources.group_id(id_, name)) is None:
            try:
                resources.put_group(everywhere, id_, name, location)
            except WireError as error:
                raise SeedError(f"resourceGroups: {error.message}") from error


def _upsert(directory: Directory, entity: Entity, where: str, item: JsonObject, **defaults: Any) -> JsonObject:
    """Write the known properties of an item over an object, which keeps its others."""
    id_ = _uuid(where, item)
    found = directory.get(entity.kind, id_)
    deleted = None if found else directory.get(entity.kind, id_, deleted=True)
    if item.get("keep") and (there := found or deleted):
        return there.body
    if deleted is not None:
        directory.restore(entity.kind, id_)
        found = directory.get(entity.kind, id_)
    given = {name: value for name, value in item.items() if name in entity.properties and name != "id"}
    body = found.body if found else created(entity, id_) | defaults
    for name, value in given.items():
        try:
            body[name] = entity.properties[name].accept(name, value, body.get(name))
        except WireError as error:
            raise SeedError(f"{where}: {item.get('displayName', id_)}: {error.message}") from error
    directory.put(entity.kind, id_, body)
    return body


def _user(directory: Directory, item: JsonObject) -> None:
    if not item.get("userPrincipalName"):
        raise SeedError(f"users: {item.get('id')} has no userPrincipalName")
    nickname = str(item["userPrincipalName"]).partition("@")[0]
    _upsert(directory, USER, "users", item, accountEnabled=True, mailNickname=nickname, displayName=nickname)


def _service_principal(directory: Directory, item: JsonObject) -> None:
    if item.get("appId") == GRAPH_APP_ID:
        if not directory.find("servicePrincipal", "appId", GRAPH_APP_ID):
            principal = graph_principal(directory.tenant, _uuid("servicePrincipals", item))
            directory.put("servicePrincipal", principal["id"], principal)
        return
    _upsert(directory, SERVICE_PRINCIPAL, "servicePrincipals", item)


def _group(directory: Directory, item: JsonObject) -> None:
    id_ = _uuid("groups", item)
    defaults = {"mailEnabled": False, "securityEnabled": True, "securityIdentifier": security_identifier(id_)}
    defaults |= {"mailNickname": id_, "displayName": id_}
    _upsert(directory, GROUP, "groups", item, **defaults)


def _links(directory: Directory, item: JsonObject) -> None:
    for link in ("owners", "members"):
        if item.get("keep") and directory.targets(link, item["id"]):
            continue
        for target in _texts("groups", item, link):
            if find_object(directory, target) is None:
                if item.get("keep"):
                    continue  # deleted since
                raise SeedError(f"groups: {item.get('displayName')} names {target} in {link}, which does not exist")
            directory.link(link, item["id"], target)


def _application(directory: Directory, item: JsonObject) -> None:
    principal_id = _uuid("applications", item, "servicePrincipalId")
    body = _upsert(directory, APPLICATION, "applications", item, displayName=item["id"])
    body["appId"] = _uuid("applications", item, "appId")
    if item.get("secret"):
        _secret(directory, body, str(item["secret"]))
    directory.put("application", body["id"], body)
    principal = {"id": principal_id, "appId": body["appId"], "displayName": body["displayName"]}
    _upsert(directory, SERVICE_PRINCIPAL, "applications", principal)
    for wanted in _objects("applications", item, "federatedCredentials"):
        _federated(directory, body["id"], wanted)


def _secret(directory: Directory, application: JsonObject, secret: str) -> None:
    """Add the secret unless the application has it; its hash alone is kept."""
    for password in application["passwordCredentials"]:
        stored = directory.get("passwordHash", password["keyId"])
        if stored is not None and secret_matches(secret, stored.body["hash"]):
            return
    wanted = {"displayName": "seed", "endDateTime": "2099-12-31T00:00:00Z"}
    credentials.add_password(directory, application, wanted, secret)


def _federated(directory: Directory, application_id: str, wanted: JsonObject) -> None:
    where = "federatedCredentials"
    issuer, subject, audience = (_text(where, wanted, name) for name in ("issuer", "subject", "audience"))
    jwks = wanted.get("jwks")
    try:
        PyJWKSet.from_dict(jwks if isinstance(jwks, dict) else {})
    except PyJWTError as error:
        raise SeedError(f"{where}: jwks of {issuer} is no set of public keys: {error}") from error
    id_ = str(uuid5(NAMESPACE_URL, f"{application_id} {issuer} {subject}"))
    given = {"id": id_, "name": f"seed-{id_[:8]}", "issuer": issuer, "subject": subject, "audiences": [audience]}
    body = fresh(FEDERATED_CREDENTIAL.properties) | given | {"applicationId": application_id}
    directory.put(FEDERATED_CREDENTIAL.kind, id_, body)
    Directory(directory.connection, EVERYWHERE).put("issuer", issuer, {"id": issuer, "jwks": jwks})


def _permissions(directory: Directory, everywhere: Directory, item: JsonObject) -> None:
    principal = item["servicePrincipalId"]
    graph = directory.find("servicePrincipal", "appId", GRAPH_APP_ID)[0]
    for name in _texts("applications", item, "permissions"):
        role = APPLICATION_PERMISSIONS.get(name)
        if role is None:
            known = ", ".join(APPLICATION_PERMISSIONS)
            raise SeedError(f"applications: '{name}' is no permission of Microsoft Graph known here; known are {known}")
        id_ = uuid5(NAMESPACE_URL, f"{principal} {graph.id} {role}").hex
        body = created(APP_ROLE_ASSIGNMENT, id_) | {
            "appRoleId": role,
            "principalId": principal,
            "principalType": "ServicePrincipal",
            "resourceDisplayName": "Microsoft Graph",
            "resourceId": graph.id,
        }
        directory.put(APP_ROLE_ASSIGNMENT.kind, id_, body)
    for wanted in _objects("applications", item, "azureRoles"):
        scope, role_name = (_text("azureRoles", wanted, name) for name in ("scope", "role"))
        try:
            azure_roles.assign(everywhere, directory.tenant, scope, role_name, principal)
        except ValueError as error:
            raise SeedError(f"applications: azureRoles: {error}") from error


def _vault(everywhere: Directory, item: JsonObject) -> None:
    id_, tenant = _text("vaults", item, "id"), _tenant_of(everywhere, "vaults", item)
    try:
        vaults.seeded(everywhere, id_, item.get("location", "westeurope"), tenant)
    except ValueError as error:
        raise SeedError(f"vaults: {error}") from error
    except WireError as error:
        raise SeedError(f"vaults: {error.message}") from error


def _objects(where: str, item: JsonObject, name: str) -> list[JsonObject]:
    return _list(where, item, name, dict, "objects")


def _texts(where: str, item: JsonObject, name: str) -> list[str]:
    return _list(where, item, name, str, "strings")


def _list(where: str, item: JsonObject, name: str, kind: type[ItemT], kinds: str) -> list[ItemT]:
    found = item.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, kind) for each in found):
        raise SeedError(f"{where}: {name} is not a list of {kinds}")
    return found


def _text(where: str, item: JsonObject, name: str) -> str:
    found = item.get(name)
    if not isinstance(found, str) or not found:
        raise SeedError(f"{where}: an item has no {name}")
    return found


def _uuid(where: str, item: JsonObject, name: str = "id") -> str:
    try:
        return str(UUID(item[name]))
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise SeedError(f"{where}: {item.get('displayName', item.get(name))} has no {name} that is a UUID") from error
