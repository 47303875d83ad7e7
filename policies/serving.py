"""Serves the pack over gRPC in place of the SDK: the engine is told at once where there is nothing to do."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import grpc  # type: ignore[import-untyped]
from pulumi.runtime.proto import analyzer_pb2_grpc

from policies.servicer import Servicer

_LARGEST_MESSAGE_BYTES = 400 * 1024 * 1024
"""The engine's own limit: a whole stack is sent in one message."""
_WORKERS = 4


def serve_until_interrupted(servicer: Servicer) -> None:
    """Says the port on standard output, as the engine expects, and answers until it interrupts."""
    options = [("grpc.max_receive_message_length", _LARGEST_MESSAGE_BYTES)]
    server = grpc.server(ThreadPoolExecutor(_WORKERS), options=options)
    server.add_generic_rpc_handlers([Methods(servicer)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)  # noqa: T201 -- the protocol
    with suppress(KeyboardInterrupt):
        server.wait_for_termination()
    server.stop(0)


class Methods(grpc.GenericRpcHandler):  # type: ignore[misc]
    """The servicer's methods, without Remediate while no policy's level asks for it.

    The engine calls it for each resource and takes "unimplemented" for nothing to repair; that is said before the
    request is read, at half the cost of an answer.
    """

    def __init__(self, servicer: Servicer) -> None:
        self._servicer = servicer
        self._methods: Any = None
        analyzer_pb2_grpc.add_AnalyzerServicer_to_server(servicer, self)

    def add_generic_rpc_handlers(self, handlers: Sequence[Any]) -> None:
        """What the generated code calls on a server."""
        (self._methods,) = handlers

    def service(self, handler_call_details: Any) -> Any:
        if handler_call_details.method.endswith("/Remediate") and not self._servicer.remediates:
            return None
        return self._methods.service(handler_call_details)
