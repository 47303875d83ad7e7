"""What a request and an answer are to every service here, whatever carries them.

Services see these values only, so a `$batch` can replay a request inside another and tests need no socket.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

JsonObject = dict[str, Any]
"""A JSON object as it came or as it goes; each service's schema says what may be inside."""


class BodyError(Exception):
    """The body is not what its content type promises; each service says so in its own words."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request. Header names are lower case; the query's values are decoded, the last one of a name wins."""

    method: str
    host: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def at_loopback(self) -> bool:
        """Whether the caller came to http://localhost:<port> itself, not to one of Azure's names through the proxy."""
        return self.host.partition(":")[0] in ("localhost", "127.0.0.1")

    def json(self) -> JsonObject:
        """The body as a JSON object. Raises BodyError."""
        try:
            parsed = json.loads(self.body)
        except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
            raise BodyError("the body is not JSON") from error
        if not isinstance(parsed, dict):
            raise BodyError("the body is not a JSON object")
        if b"\\u" in self.body:
            _check_unicode(parsed)
        return parsed


def _check_unicode(parsed: JsonObject) -> None:
    """JSON can spell half a surrogate pair, which nothing can store or send. Raises BodyError."""
    try:
        json.dumps(parsed, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise BodyError("the body is not Unicode") from error


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: a JSON object, text, raw bytes, or nothing at all."""

    status: int = 200
    body: JsonObject | str | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json; charset=utf-8"

    def encoded(self) -> bytes:
        match self.body:
            case None:
                return b""
            case bytes():
                return self.body
            case str():
                return self.body.encode()
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()


class WireError(ABC, Exception):
    """An answer that is an error: the class owns its status, code and body, as the real service words them."""

    status: int = 400
    code: str = ""
    message: str = ""

    def __init__(self, message: str = "") -> None:
        self.message = message or self.message
        super().__init__(f"{self.code}: {self.message}")

    @abstractmethod
    def body(self, call: Call) -> JsonObject:
        """The JSON body for the call that failed."""

    def headers(self) -> Mapping[str, str]:
        return {}

    def reply(self, call: Call) -> Reply:
        return Reply(self.status, self.body(call), self.headers())
