"""What all services have in common: find the route, let the caller in, run the handler in one transaction."""

import sqlite3
from abc import ABC, abstractmethod
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from entra_local import clock
from entra_local.faults import RETRY_AFTER, WORDS, Faults
from entra_local.keys import Keys
from entra_local.membership import Memberships
from entra_local.routing import NoRouteError, Route, Table
from entra_local.store import Store, Transaction
from entra_local.tokens import TokenError
from entra_local.wire import BodyError, Call, Reply, WireError


@dataclass(frozen=True)
class World:
    """What the process owns and every service uses."""

    store: Store
    keys: Keys
    faults: Faults = field(default_factory=Faults)
    memberships: Memberships = field(default_factory=Memberships)


@dataclass(frozen=True)
class Request:
    """A call on its way through one service: the route's parameters and the transaction it runs in."""

    call: Call
    world: World
    store: Transaction
    parameters: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, parameter: str) -> str:
        return self.parameters[parameter]


RequestT = TypeVar("RequestT", bound=Request)


class Service(ABC, Generic[RequestT]):
    """One host's API. Subclasses say who may come in and how refusals are worded."""

    table: Table[RequestT]

    def answer(self, call: Call, world: World) -> Reply:
        """The reply to a call. Every refusal is a reply; an exception that leaves here is a defect."""
        return copy_context().run(self._answer_in_time, call, world)  # who acts is known inside alone

    def _answer_in_time(self, call: Call, world: World) -> Reply:
        with clock.moved(world.store.clock_ahead()):
            return self._answer(call, world)

    def _answer(self, call: Call, world: World) -> Reply:
        try:
            route, parameters = self.table.find(call.method, self.path(call))
            if route.own_transactions:
                with world.store.transaction(write=False) as store:
                    request = self.admit(Request(call, world, store, parameters), route)
                return route.handler(request)
            with world.store.transaction(write=call.method not in ("GET", "HEAD")) as store:
                return route.handler(self.admit(Request(call, world, store, parameters), route))
        except WireError as error:
            return error.reply(call)
        except NoRouteError as error:
            return self.no_route(call, error.allowed).reply(call)
        except TokenError as error:
            return self.unauthorised(call, str(error)).reply(call)
        except BodyError as error:
            return self.malformed(call, str(error)).reply(call)
        except sqlite3.OperationalError as error:
            # A full disk, a read-only folder, another writer that holds on for too long: nothing was stored.
            return self.unavailable(call, f"The tenant can't store this now: {error}.").reply(call)

    def refusal(self, call: Call, status: int) -> Reply:
        """What a fault on demand answers: 429, 500, 503 or 504, in this service's words."""
        code, message = WORDS[status]
        error = self.unavailable(call, message)
        error.status = status
        if error.code == "ServiceUnavailable":  # sign-in has OAuth's own
            error.code = code
        reply = error.reply(call)
        headers = {"Retry-After": str(RETRY_AFTER)} if status == 429 else {}
        return replace(reply, headers={**reply.headers, **headers})

    def path(self, call: Call) -> str:
        """The path that the table knows."""
        return call.path

    @abstractmethod
    def admit(self, request: Request, route: Route[Any]) -> RequestT:
        """Let the caller in, or raise a WireError or TokenError."""

    @abstractmethod
    def no_route(self, call: Call, allowed: list[str]) -> WireError:
        """Nothing is served there, or only with the methods named."""

    @abstractmethod
    def unauthorised(self, call: Call, reason: str) -> WireError:
        """The token is no good."""

    @abstractmethod
    def malformed(self, call: Call, reason: str) -> WireError:
        """The body is no good."""

    @abstractmethod
    def unavailable(self, call: Call, reason: str) -> WireError:
        """The tenant can't serve anything now."""
