"""/applications and what hangs below one."""

from entra_local.graph.entities import APPLICATION, FEDERATED_CREDENTIAL, PASSWORD
from entra_local.graph.exceptions import RequiredProperty
from entra_local.graph.listing import list_kind, read_select
from entra_local.graph.models import applications, credentials
from entra_local.graph.models.objects import linked_objects, load, remove_reference, save
from entra_local.graph.request import GraphRequest
from entra_local.graph.responses.common import NO_CONTENT, items, objects, one
from entra_local.wire import JsonObject, Reply


def list_all(request: GraphRequest) -> Reply:
    return list_kind(request, APPLICATION, as_shown=_without_keys)


def create(request: GraphRequest) -> Reply:
    body, secrets = applications.create(request.directory, request.call.json(), request.caller.object_id)
    for password, secret in zip(body["passwordCredentials"], secrets, strict=True):
        password["secretText"] = secret
    return one(request, APPLICATION, body, 201)


def read(request: GraphRequest) -> Reply:
    body = load(request.directory, APPLICATION, request["id"])
    # Certificates come only to who asks for them by name.
    return one(request, APPLICATION, body if read_select(request.call, APPLICATION) else _without_keys(body))


def update(request: GraphRequest) -> Reply:
    applications.update(request.directory, request["id"], request.call.json())
    return NO_CONTENT


def delete(request: GraphRequest) -> Reply:
    applications.delete(request.directory, request["id"])
    return NO_CONTENT


def add_password(request: GraphRequest) -> Reply:
    body = load(request.directory, APPLICATION, request["id"])
    wanted = request.call.json().get("passwordCredential") or {}
    secret = credentials.add_password(request.directory, body, wanted)
    save(request.directory, APPLICATION, body)
    added = {name: body["passwordCredentials"][-1][name] for name in PASSWORD}
    context = {"@odata.context": f"{request.base}/$metadata#microsoft.graph.passwordCredential"}
    return Reply(200, context | added | {"secretText": secret})


def remove_password(request: GraphRequest) -> Reply:
    key_id = request.call.json().get("keyId")
    if not key_id:
        raise RequiredProperty("keyId")
    credentials.remove_password(request.directory, request["id"], key_id)
    return NO_CONTENT


def list_owners(request: GraphRequest) -> Reply:
    load(request.directory, APPLICATION, request["id"])
    return objects(request, linked_objects(request.directory, "owners", request["id"]))


def add_owner(request: GraphRequest) -> Reply:
    load(request.directory, APPLICATION, request["id"])
    applications.add_owner(request.directory, request["id"], request.reference())
    return NO_CONTENT


def remove_owner(request: GraphRequest) -> Reply:
    load(request.directory, APPLICATION, request["id"])
    remove_reference(request.directory, "owners", request["id"], request["owner"])
    return NO_CONTENT


def list_federated(request: GraphRequest) -> Reply:
    return items(request, FEDERATED_CREDENTIAL, credentials.federated(request.directory, request["id"]))


def add_federated(request: GraphRequest) -> Reply:
    made = credentials.add_federated(request.directory, request["id"], request.call.json())
    return one(request, FEDERATED_CREDENTIAL, made, 201)


def read_federated(request: GraphRequest) -> Reply:
    found = credentials.load_federated(request.directory, request["id"], request["credential"])
    return one(request, FEDERATED_CREDENTIAL, found)


def update_federated(request: GraphRequest) -> Reply:
    credentials.update_federated(request.directory, request["id"], request["credential"], request.call.json())
    return NO_CONTENT


def remove_federated(request: GraphRequest) -> Reply:
    credentials.remove_federated(request.directory, request["id"], request["credential"])
    return NO_CONTENT


def _without_keys(body: JsonObject) -> JsonObject:
    if not body["keyCredentials"]:
        return body
    return body | {"keyCredentials": [key | {"key": None} for key in body["keyCredentials"]]}
