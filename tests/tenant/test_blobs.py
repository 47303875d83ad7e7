"""Blob storage: files of a container, for who has a role on its data; the wire as Pulumi's backend uses it."""

import re
from typing import Any
from urllib.parse import quote

import pytest

from entra_local.wire import JsonObject, Reply
from tests.tenant.test_arm_storage import ACCOUNT, CONTAINER, account_body
from tests.tenant.world import DEPLOYER, Tenant, body_of

HOST = "https://stairflow.blob.core.windows.net"
STORAGE = "https://storage.azure.com"
STATE = ".pulumi/stacks/airflow-entra/prod.json"


@pytest.fixture
def writer(tenant: Tenant) -> Tenant:
    """An account with a container, and a deployer who may write in it: an Owner alone may not."""
    body_of(tenant.arm("PUT", ACCOUNT, account_body()))
    body_of(tenant.arm("PUT", CONTAINER, {}), 201)
    role = {"scope": CONTAINER, "role": "Storage Blob Data Contributor"}
    tenant.seed({"applications": [DEPLOYER | {"azureRoles": [role]}]})
    return tenant


def blob(
    tenant: Tenant,
    method: str,
    name: str = STATE,
    content: bytes = b"",
    application: JsonObject = DEPLOYER,
    query: str = "",
    **headers: Any,
) -> Reply:
    url = f"{HOST}/state/{name}{f'?{query}' if query else ''}"
    given = {key.replace("_", "-"): value for key, value in headers.items()}
    return tenant.send(method, url, content, tenant.token(STORAGE, application), given)


def written(tenant: Tenant, name: str, content: bytes = b"{}", **headers: Any) -> Reply:
    return blob(tenant, "PUT", name, content, x_ms_blob_type="BlockBlob", **headers)


def code(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.headers["x-ms-error-code"]


def names(tenant: Tenant, query: str) -> list[str]:
    url = f"{HOST}/state?restype=container&comp=list&{query}"
    reply = tenant.send("GET", url, token=tenant.token(STORAGE))
    assert (reply.status, reply.media_type) == (200, "application/xml")
    return re.findall(r"<Name>([^<]*)</Name>", str(reply.body))


def test_a_file_is_written_read_described_and_deleted(writer: Tenant) -> None:
    made = written(writer, STATE, b'{"version": 3}', x_ms_blob_content_type="application/json")
    assert made.status == 201
    read = blob(writer, "GET")
    assert (read.status, read.body, read.media_type) == (200, b'{"version": 3}', "application/json")
    described = blob(writer, "HEAD")
    assert (described.status, described.body, described.headers["Content-Length"]) == (200, None, "14")
    assert described.headers["ETag"] == made.headers["ETag"]
    for header in ("Last-Modified", "x-ms-creation-time"):
        assert described.headers[header].endswith("GMT")
    assert blob(writer, "DELETE").status == 202
    assert code(blob(writer, "GET")) == (404, "BlobNotFound")
    assert blob(writer, "HEAD").body is None
    assert code(blob(writer, "DELETE")) == (404, "BlobNotFound")


def test_names_are_compared_with_their_case(writer: Tenant) -> None:
    written(writer, "a")
    assert code(blob(writer, "GET", "A")) == (404, "BlobNotFound")


@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [("bytes=0-3", 206, b"0123"), ("bytes=8-", 206, b"89"), ("bytes=9-99", 206, b"9"), ("bytes=10-", 416, None)],
)
def test_a_part_of_a_file_is_read(writer: Tenant, asked: str, status: int, content: bytes | None) -> None:
    written(writer, STATE, b"0123456789")
    reply = blob(writer, "GET", x_ms_range=asked)
    assert reply.status == status
    assert content is None or reply.body == content


def test_a_long_file_comes_in_blocks(writer: Tenant) -> None:
    for block, content in (("YQ==", b"first, "), ("Yg==", b"second")):
        assert blob(writer, "PUT", content=content, query=f"comp=block&blockid={quote(block)}").status == 201
    assert code(blob(writer, "GET")) == (404, "BlobNotFound")
    listed = b"<BlockList><Latest>YQ==</Latest><Latest>Yg==</Latest></BlockList>"
    assert blob(writer, "PUT", content=listed, query="comp=blocklist").status == 201
    assert blob(writer, "GET").body == b"first, second"
    assert code(blob(writer, "PUT", content=listed, query="comp=blocklist")) == (400, "InvalidInput")


def test_a_file_is_copied_within_its_container(writer: Tenant) -> None:
    written(writer, STATE, b"kept")
    source = f"{HOST}/state/{quote(STATE)}"
    copied = blob(writer, "PUT", f"{STATE}.bak", x_ms_copy_source=source)
    assert (copied.status, copied.headers["x-ms-copy-status"]) == (202, "success")
    assert blob(writer, "GET", f"{STATE}.bak").body == b"kept"
    elsewhere = source.replace("stairflow", "stother")
    assert blob(writer, "PUT", "x", x_ms_copy_source=elsewhere).status == 501


def test_conditions_are_obeyed(writer: Tenant) -> None:
    first = written(writer, "lock", if_none_match="*").headers["ETag"]
    assert code(written(writer, "lock", if_none_match="*")) == (409, "BlobAlreadyExists")
    second = written(writer, "lock", if_match=first).headers["ETag"]
    assert second != first
    assert code(written(writer, "lock", if_match=first)) == (412, "ConditionNotMet")


def test_files_are_listed_by_prefix_and_as_folders(writer: Tenant) -> None:
    for name in ("a/1.json", "a/b/2.json", "a/&<3>.json", "c.json"):
        written(writer, quote(name) if "&" not in name else name)
    assert names(writer, "prefix=a/") == ["a/&amp;&lt;3&gt;.json", "a/1.json", "a/b/2.json"]
    assert names(writer, "prefix=a/&delimiter=/") == ["a/&amp;&lt;3&gt;.json", "a/1.json", "a/b/"]
    assert names(writer, "delimiter=/") == ["c.json", "a/"]


def test_a_reader_reads_and_whoever_has_no_role_on_the_data_does_nothing(writer: Tenant) -> None:
    written(writer, STATE)
    reader = writer.application("reader", azureRoles=[{"scope": CONTAINER, "role": "Storage Blob Data Reader"}])
    owner = writer.application("owner", azureRoles=[{"scope": ACCOUNT, "role": "Owner"}])
    assert blob(writer, "GET", application=reader).status == 200
    for method, who in (("PUT", reader), ("DELETE", reader), ("GET", owner), ("PUT", owner)):
        refused = blob(writer, method, application=who, x_ms_blob_type="BlockBlob")
        assert code(refused) == (403, "AuthorizationPermissionMismatch")


@pytest.mark.parametrize(
    ("url", "status", "expected"),
    [
        (f"{HOST}/other/x", 403, "AuthorizationPermissionMismatch"),
        ("https://stother.blob.core.windows.net/state/x", 404, "ResourceNotFound"),
        (f"{HOST}/state", 501, "NotImplemented"),
        (f"{HOST}/", 501, "NotImplemented"),
    ],
)
def test_what_is_not_there(writer: Tenant, url: str, status: int, expected: str) -> None:
    assert code(writer.send("GET", url, token=writer.token(STORAGE))) == (status, expected)


def test_only_a_token_for_storage_is_let_in(writer: Tenant) -> None:
    url = f"{HOST}/state/{STATE}"
    for token in (None, writer.token("https://management.azure.com")):
        reply = writer.send("GET", url, token=token)
        assert code(reply) == (401, "InvalidAuthenticationInfo")
        assert "resource_id=https://storage.azure.com" in reply.headers["WWW-Authenticate"]


@pytest.mark.parametrize("headers", [{}, {"x_ms_blob_type": "PageBlob"}])
def test_other_kinds_of_blobs_are_refused(writer: Tenant, headers: dict[str, Any]) -> None:
    assert code(blob(writer, "PUT", content=b"x", **headers)) == (400, "InvalidInput")
    assert code(blob(writer, "PUT", query="comp=lease")) == (501, "NotImplemented")
    assert code(blob(writer, "POST")) == (405, "UnsupportedHttpVerb")
