"""`python -m engine.standins.server PACKAGE`: one provider plugin process, as the engine starts it.

It prints its port, serves, and never outlives the engine: it ends on SIGINT and SIGTERM, once calls under way are
finished, and at once when the process that started it is gone (an engine that was killed can't say goodbye).
"""

import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.metadata import version

import grpc  # type: ignore[import-untyped]

from engine.protocol import provider_pb2_grpc
from engine.standins.package import Package
from engine.standins.servicer import Provider
from engine.tethered import tether

_WORKERS = 64
_GRACE = 20.0  # seconds for calls under way
_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1), ("grpc.so_reuseport", 0)]

PACKAGES = {"azuread": "engine.standins.azuread.package", "azure-native": "engine.standins.azure_native.package"}


def load(name: str) -> Package:
    package: Package = import_module(PACKAGES[name]).package(version(f"pulumi-{name}"))
    return package


def serve(package: Package) -> None:
    tether()
    server = grpc.server(ThreadPoolExecutor(_WORKERS), options=_UNLIMITED)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(package), server)
    port = server.add_insecure_port("127.0.0.1:0")
    stop = threading.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: stop.set())
    server.start()
    print(port, flush=True)  # noqa: T201  # the protocol
    threading.Thread(target=import_module, args=("httpx",), daemon=True).start()  # the first call won't wait for it
    stop.wait()
    server.stop(_GRACE).wait()


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] not in PACKAGES:
        print(f"usage: python -m engine.standins.server {{{','.join(PACKAGES)}}}", file=sys.stderr)  # noqa: T201
        return 2
    serve(load(sys.argv[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
