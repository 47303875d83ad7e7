"""What exists before any program runs, read from JSON: adds what is missing, never takes anything away.

The seed is one object of lists: `tenants`, `subscriptions`, `users`, `groups`, `servicePrincipals`, `applications`,
`vaults`. Items have their type's writable properties in Graph and an `id`; with several tenants, a `tenantId`. Besides:

- users: `password` (null takes it away). It is asked for at sign-in; whoever has none is picked.
- groups: `members` and `owners`, lists of object ids.
- applications: `appId`, `servicePrincipalId`, `secret`, `appRoleAssignmentRequired`, `permissions` and
  `delegatedPermissions` (names of Graph's permissions, with consent for all), `assignments`
  (`[{"principal": <id of a user or group>, "role": <app role's value, or absent>}]`), `azureRoles`,
  `federatedCredentials`.

An item with `"keep": true` is a first proposal: an object that is there already, deleted ones included, stays as people
have changed it since, and a group's members are added while it has none.
"""

import json
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from jwt import PyJWKSet, PyJWTError

from entra_local import clock, seed_grants
from entra_local import seed_reading as reading
from entra_local.arm.models import resources, vaults
from entra_local.azure import GRAPH_APP_ID
from entra_local.first_party import graph_principal
from entra_local.graph.entities import (
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
from entra_local.keys import hash_secret, secret_matches
from entra_local.revocation import end_sign_ins
from entra_local.seed_reading import SeedError as SeedError
from entra_local.server import open_world
from entra_local.store import EVERYWHERE, Directory, Transaction
from entra_local.wire import JsonObject, WireError

_LISTS = ("tenants", "subscriptions", "users", "groups", "servicePrincipals", "applications", "vaults")


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
        with clock.moved(world.store.clock_ahead()), world.store.transaction() as store:
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
        seed_grants.apply(store.of(_tenant_of(everywhere, "applications", application)), everywhere, application)
    for vault in seed.get("vaults", []):
        _vault(everywhere, vault)


def _tenant_of(everywhere: Directory, where: str, item: JsonObject) -> str:
    """The tenant that an item names, or the only one."""
    if "tenantId" in item:
        return reading.uuid(where, item, "tenantId")
    tenants = [tenant.id for tenant in everywhere.scan("tenant")]
    if len(tenants) != 1:
        raise SeedError(f"{where}: with {len(tenants)} tenants, every item needs a tenantId")
    return tenants[0]


def _tenant(everywhere: Directory, item: JsonObject) -> None:
    id_ = reading.uuid("tenants", item)
    defaults = {"id": id_, "displayName": "Contoso", "domain": "contoso.onmicrosoft.com"}
    known = everywhere.get("tenant", id_)
    everywhere.put("tenant", id_, defaults | (known.body if known else {}) | item | {"id": id_})


def _subscription(everywhere: Directory, item: JsonObject) -> None:
    id_ = reading.uuid("subscriptions", item)
    tenant = _tenant_of(everywhere, "subscriptions", item)
    body = {"id": id_, "tenantId": tenant, "displayName": item.get("displayName", "Local subscription")}
    everywhere.put("subscription", id_, body)
    for group in reading.objects("subscriptions", item, "resourceGroups"):
        name, location = (
            reading.text("resourceGroups", group, "name"),
            {"location": group.get("location", "westeurope")},
        )
        if everywhere.get("resourceGroup", resources.group_id(id_, name)) is None:
            try:
                resources.put_group(everywhere, id_, name, location)
            except WireError as error:
                raise SeedError(f"resourceGroups: {error.message}") from error


def _upsert(directory: Directory, entity: Entity, where: str, item: JsonObject, **defaults: Any) -> JsonObject:
    """Write the known properties of an item over an object, which keeps its others."""
    id_ = reading.uuid(where, item)
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
    id_ = reading.uuid("users", item)
    known = any(directory.get(USER.kind, id_, deleted=deleted) for deleted in (False, True))
    user = _upsert(directory, USER, "users", item, accountEnabled=True, mailNickname=nickname, displayName=nickname)
    if item.get("homeTenantId") or user["userType"] == "Guest":
        _of_another_tenant(directory, user, item)
    if "password" in item and not (known and item.get("keep")):
        _password(directory, user["id"], item["password"])


def _of_another_tenant(directory: Directory, user: JsonObject, item: JsonObject) -> None:
    """Somebody who proves who they are elsewhere: Graph shows that, and tokens alone to which tenant."""
    of_another = {"signInType": "federated", "issuer": "ExternalAzureAD", "issuerAssignedId": None}
    said: JsonObject = {"identities": [of_another]}
    if item.get("homeTenantId"):
        said["homeTenantId"] = reading.uuid("users", item, "homeTenantId")
    if user | said != user:
        directory.put(USER.kind, user["id"], user | said)


def _password(directory: Directory, user_id: str, password: Any) -> None:
    """Set a person's password, or take it away with null; its hash alone is kept. A new one ends all sign-ins."""
    if password is None:
        directory.remove("userPassword", user_id)
        return
    if not isinstance(password, str) or not password:
        raise SeedError(f"users: {user_id} has a password that is not text")
    stored = directory.get("userPassword", user_id)
    if stored is None or not secret_matches(password, stored.body["hash"]):
        directory.put("userPassword", user_id, {"hash": hash_secret(password)})
        end_sign_ins(directory, user_id)


def _service_principal(directory: Directory, item: JsonObject) -> None:
    if item.get("appId") == GRAPH_APP_ID:
        if not directory.find("servicePrincipal", "appId", GRAPH_APP_ID):
            principal = graph_principal(directory.tenant, reading.uuid("servicePrincipals", item))
            directory.put("servicePrincipal", principal["id"], principal)
        return
    _upsert(directory, SERVICE_PRINCIPAL, "servicePrincipals", item)


def _group(directory: Directory, item: JsonObject) -> None:
    id_ = reading.uuid("groups", item)
    defaults = {"mailEnabled": False, "securityEnabled": True, "securityIdentifier": security_identifier(id_)}
    defaults |= {"mailNickname": id_, "displayName": id_}
    _upsert(directory, GROUP, "groups", item, **defaults)


def _links(directory: Directory, item: JsonObject) -> None:
    for link in ("owners", "members"):
        if item.get("keep") and directory.targets(link, item["id"]):
            continue
        for target in reading.texts("groups", item, link):
            if find_object(directory, target) is None:
                if item.get("keep"):
                    continue  # deleted since
                raise SeedError(f"groups: {item.get('displayName')} names {target} in {link}, which does not exist")
            directory.link(link, item["id"], target)


def _application(directory: Directory, item: JsonObject) -> None:
    principal_id = reading.uuid("applications", item, "servicePrincipalId")
    body = _upsert(directory, APPLICATION, "applications", item, displayName=item["id"])
    body["appId"] = reading.uuid("applications", item, "appId")
    if item.get("secret"):
        _secret(directory, body, str(item["secret"]))
    directory.put("application", body["id"], body)
    principal = {"id": principal_id, "appId": body["appId"], "displayName": body["displayName"]}
    if "appRoleAssignmentRequired" in item:
        principal["appRoleAssignmentRequired"] = item["appRoleAssignmentRequired"]
    _upsert(directory, SERVICE_PRINCIPAL, "applications", principal)
    for wanted in reading.objects("applications", item, "federatedCredentials"):
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
    issuer, subject, audience = (reading.text(where, wanted, name) for name in ("issuer", "subject", "audience"))
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


def _vault(everywhere: Directory, item: JsonObject) -> None:
    id_, tenant = reading.text("vaults", item, "id"), _tenant_of(everywhere, "vaults", item)
    try:
        vaults.seeded(everywhere, id_, item.get("location", "westeurope"), tenant)
    except ValueError as error:
        raise SeedError(f"vaults: {error}") from error
    except WireError as error:
        raise SeedError(f"vaults: {error.message}") from error
