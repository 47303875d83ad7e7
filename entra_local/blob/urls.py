"""Every route of blob storage that the tenant serves, and the data action that it takes."""

from entra_local.blob import responses
from entra_local.blob.request import BlobRequest
from entra_local.routing import Route, Table

BlobRoute = Route[BlobRequest]
_BLOB = "/{container}/{blob:path}"


def _action(name: str) -> list[frozenset[str]]:
    return [frozenset({f"Microsoft.Storage/storageAccounts/blobServices/containers/blobs/{name}"})]


TABLE = Table(
    [
        BlobRoute("GET", "/{container}", responses.list_blobs, _action("read")),
        BlobRoute("GET", _BLOB, responses.read, _action("read")),
        BlobRoute("HEAD", _BLOB, responses.read, _action("read")),
        BlobRoute("PUT", _BLOB, responses.write, _action("write")),
        BlobRoute("DELETE", _BLOB, responses.delete, _action("delete")),
    ]
)
