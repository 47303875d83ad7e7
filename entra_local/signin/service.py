"""Sign-in as a service: everybody may come in, that is what it is for."""

from typing import Any

from entra_local.routing import Route
from entra_local.service import Request, Service
from entra_local.signin import exceptions as errors
from entra_local.signin.urls import TABLE
from entra_local.wire import Call


class SignIn(Service[Request]):
    """login.microsoftonline.com."""

    table = TABLE

    def admit(self, request: Request, route: Route[Any]) -> Request:
        return request

    def no_route(self, call: Call, allowed: list[str]) -> errors.SignInError:
        return errors.WrongMethod(", ".join(allowed)) if allowed else errors.NoSuchPage()

    def unauthorised(self, call: Call, reason: str) -> errors.SignInError:
        return errors.InvalidToken(reason)

    def malformed(self, call: Call, reason: str) -> errors.SignInError:
        return errors.MalformedRequest(reason)

    def unavailable(self, call: Call, reason: str) -> errors.SignInError:
        return errors.Unavailable(reason)


SIGN_IN = SignIn()
