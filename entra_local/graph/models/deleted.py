"""Soft-deleted objects: listed, restored, purged."""

from entra_local.graph.entities import APPLICATION, GROUP, SERVICE_PRINCIPAL, USER, Entity
from entra_local.graph.exceptions import NotFound, SameKey, ValueTaken
from entra_local.graph.models.credentials import federated_of
from entra_local.graph.models.grants import forget
from entra_local.store import Directory, Document
from entra_local.wire import JsonObject

ENTITIES = {entity.kind: entity for entity in (APPLICATION, SERVICE_PRINCIPAL, GROUP, USER)}


def load(directory: Directory, id_: str) -> tuple[Entity, Document]:
    """A soft-deleted object. Raises NotFound."""
    for kind, entity in ENTITIES.items():
        found = directory.get(kind, id_, deleted=True)
        if found is not None:
            return entity, found
    raise NotFound(id_)


def shown(entity: Entity, document: Document) -> JsonObject:
    """A soft-deleted object with its type and the moment of its deletion."""
    return document.body | {"@odata.type": entity.odata_type, "deletedDateTime": document.deleted_at}


def restore(directory: Directory, id_: str) -> JsonObject:
    """Bring an object back. An application comes without its service principal. Raises NotFound or a conflict."""
    entity, found = load(directory, id_)
    if entity is SERVICE_PRINCIPAL and directory.find("servicePrincipal", "appId", found.body["appId"]):
        raise SameKey("The service principal cannot be restored because its name is already in use.")
    for kind, unique in (("group", "mailNickname"), ("user", "userPrincipalName")):
        if entity.kind == kind and directory.find(kind, unique, found.body[unique]):
            raise ValueTaken(unique)
    directory.restore(entity.kind, id_)
    return found.body | {"@odata.type": entity.odata_type}


def purge(directory: Directory, id_: str) -> None:
    """Forget an object for good, with its credentials, assignments and grants. Raises NotFound."""
    entity, found = load(directory, id_)
    forget(directory, id_)
    if entity is APPLICATION:
        for credential in federated_of(directory, id_):
            directory.remove("federatedIdentityCredential", credential["id"])
        for password in found.body["passwordCredentials"]:
            directory.remove("passwordHash", password["keyId"])
    directory.remove(entity.kind, id_)
