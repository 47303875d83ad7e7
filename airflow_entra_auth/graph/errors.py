"""What Graph refuses, as exceptions: what was asked, what was answered. They hold no token and no request body."""

from __future__ import annotations

from typing import Any

import httpx

from airflow_entra_auth.claims import display

_LONGEST = 2000  # characters of a message; Graph repeats what it was asked, names with it
BAD_LINK = "BadNextLink"
"""Our own code of a link that isn't Graph's, which is not followed."""
NOT_JSON = "NotJson"
"""Our own code of an answer that isn't Graph's."""
_LOST = frozenset({"syncstatenotfound", "syncstateinvalid", "resyncrequired", "resyncapplydifferences"})


class GraphError(Exception):
    """A request that was refused. `retry_after`: the seconds that Graph asked to wait, where it said so."""

    def __init__(
        self,
        method: str,
        path: str,
        status: int,
        code: str,
        message: str,
        request_id: str,
        retry_after: float | None = None,
    ) -> None:
        self.method, self.path, self.status = method, path, status
        self.code, self.message, self.request_id = code, message, request_id
        self.retry_after = retry_after
        super().__init__(method, path, status, code, message, request_id, retry_after)

    def __str__(self) -> str:
        """On one line, for Airflow's log as well: somebody else chose some of the words."""
        trace = f" (request-id {self.request_id})" if self.request_id else ""
        return display(f"{self.method} {self.path}: {self.status} {self.code}: {self.message}{trace}", _LONGEST)


class SyncLost(GraphError):  # noqa: N818 -- what happened to the feed, as Graph calls it
    """A delta link that Graph no longer knows: what changed since can't be asked for, everything has to be compared."""


class Cancelled(Exception):  # noqa: N818 -- no error: somebody asked for it
    """The client's `cancel` was set: nothing more is sent."""


def answered(method: str, path: str, response: httpx.Response) -> Any:
    """The JSON that Graph answered. Raises GraphError for anything else: a proxy may answer in its place."""
    try:
        return response.json()
    except ValueError:
        said = "the answer is not JSON, so it is not Graph's: see where HTTPS_PROXY leads"
        raise GraphError(method, path.split("?")[0], response.status_code, NOT_JSON, said, "") from None


def refusal(method: str, path: str, response: httpx.Response) -> GraphError:
    """The error that a response means."""
    try:
        body = response.json()
    except ValueError:
        body = None
    headers = response.headers
    return error(
        method, path, response.status_code, body, headers.get("request-id", ""), seconds(headers.get("Retry-After"))
    )


def error(
    method: str, path: str, status: int, body: Any, request_id: str = "", retry_after: float | None = None
) -> GraphError:
    """The error that a status and a body mean, in a response or in one of a batch's."""
    said = _object(_object(body).get("error"))
    inner = _object(said.get("innerError"))
    code, message = str(said.get("code") or "NoCode"), str(said.get("message") or "no message")
    kind = SyncLost if status == 410 or code.lower() in _LOST else GraphError
    trace = str(inner.get("request-id") or request_id)
    return kind(method, path.split("?")[0], status, code, message, trace, retry_after)


def seconds(retry_after: str | None) -> float | None:
    """What a Retry-After header says; None where it says nothing, or a date, which Graph doesn't send."""
    return float(retry_after) if retry_after and retry_after.isdecimal() else None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
