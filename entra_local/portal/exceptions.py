"""Errors of the pages at localhost."""

from entra_local.wire import Call, JsonObject, WireError


class PortalError(WireError):
    """A page that can't be shown."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)

    def body(self, call: Call) -> JsonObject:
        return {"error": self.message}
