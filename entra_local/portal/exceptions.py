"""Errors of the pages at localhost."""

from entra_local.portal.pages import error_page
from entra_local.wire import Call, JsonObject, Reply, WireError


class PortalError(WireError):
    """A page that can't be shown, or a form that isn't obeyed: nothing was changed."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)

    def body(self, call: Call) -> JsonObject:
        return {"error": self.message}

    def reply(self, call: Call) -> Reply:
        """JSON where a program asks, a page where a person does."""
        if call.path == "/health":
            return super().reply(call)
        return error_page(call, self.status, self.message)
