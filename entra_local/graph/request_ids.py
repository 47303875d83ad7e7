"""The ids by which support finds a request: in the headers of every answer, and again in the body of an error."""

from uuid import uuid4

from entra_local.wire import Call


def request_ids(call: Call) -> dict[str, str]:
    """`request-id` is new; `client-request-id` is the caller's own, where it sent one."""
    request_id = str(uuid4())
    return {"request-id": request_id, "client-request-id": call.headers.get("client-request-id", request_id)}
