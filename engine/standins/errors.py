"""What can go wrong in a stand-in, in words for the person who reads the engine's output. Never a secret or a token."""

from dataclasses import dataclass

from engine.standins.values import Props


class ProviderError(Exception):
    """Something the user has to know; its text is shown as it is."""


@dataclass
class WireError(ProviderError):
    """A service refused a request.

    `code` and `message` are the service's own words: Microsoft Graph's, Resource Manager's or Key Vault's error body.
    """

    method: str
    path: str
    status: int
    code: str
    message: str

    def __str__(self) -> str:
        reason = ": ".join(part for part in (self.code, self.message) if part) or "no error body"
        return f"{self.method} {self.path}: {self.status} {reason}"


@dataclass
class HalfCreatedError(Exception):
    """An object was made, and then a later step failed: the engine has to keep its ID."""

    id: str
    properties: Props
    reason: str


class CancelledError(ProviderError):
    """The engine asked to stop while a call was waiting for its next try."""
