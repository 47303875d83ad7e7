"""What asking the directory or Azure raised, as the error that a user reads."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from airflow_entra.errors import AnswerError
from airflow_entra_auth.trust import FIX

if TYPE_CHECKING:
    import httpx

_NETWORK = "check the network, HTTPS_PROXY and NO_PROXY, and run the command again"
_AUTHORITY = f"{FIX}; run the command again"


def trouble(error: BaseException) -> AnswerError | None:
    """The answer that stopped the work, in words; None for what is no answer of anybody's."""
    if isinstance(error, AnswerError):
        return error
    import httpx  # a command that asks nobody needs neither

    from airflow_entra_auth.graph import GraphError

    if isinstance(error, GraphError):
        return AnswerError(f"{error}; {_remedy(error.status)}")
    if isinstance(error, httpx.HTTPError | httpx.InvalidURL):
        return AnswerError(f"{_host(error)} did not answer: {silence(error)}; {_remedy_of_silence(error)}")
    azure = sys.modules.get("azure.core.exceptions")  # whoever raises one of its errors has imported it
    if azure is not None and isinstance(error, azure.AzureError):
        said = str(error).partition("\n")[0]
        return AnswerError(f"Azure refused or did not answer: {said}; {_remedy_of_silence(error)}")
    return None


def busy(status: int, retry_after: float | None) -> str | None:
    """Why whoever answered with this status did not do what was asked, which may work later; None for a refusal."""
    later = "in a few minutes" if retry_after is None else f"in {max(1, math.ceil(retry_after))} s"
    if status == 429:
        return f"is throttling (HTTP 429); try again {later}"
    return f"is not available (HTTP {status}); try again {later}" if status >= 500 else None


def silence(error: httpx.HTTPError | httpx.InvalidURL) -> str:
    """Why there was no answer."""
    import httpx

    if isinstance(error, httpx.TimeoutException):
        return "it took too long"
    return str(error).rstrip(".") or "the connection broke"


@contextmanager
def asking(what: str) -> Iterator[None]:
    """What a service answers meanwhile in place of `what`, as an AnswerError."""
    try:
        yield
    except Exception as error:
        found = trouble(error)
        if found is None:
            raise
        raise AnswerError(f"{what}: {found}") from error


def _host(error: Exception) -> str:
    import httpx

    if isinstance(error, httpx.RequestError):
        with_request = getattr(error, "_request", None)  # `request` raises where there is none
        if with_request is not None:
            return str(with_request.url.host)
    return "the directory"


def _remedy_of_silence(error: Exception) -> str:
    return _AUTHORITY if "CERTIFICATE_VERIFY_FAILED" in str(error) else _NETWORK


def _remedy(status: int) -> str:
    if status in (401, 403):
        return "give the identity in the ARM_* variables the permission for that"
    if status == 429 or status >= 500:
        return "run the command again later"
    return "check what was asked for"
