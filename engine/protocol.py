"""Pulumi's protocol modules, without the price of the Pulumi SDK around them.

`import pulumi.runtime.proto` first runs `pulumi/__init__.py`, which costs half a second. The engine starts a language
host and a handful of providers in every command, and all that they need is the generated gRPC code. So while the
modules below are imported, empty packages that only know their folder stand in for `pulumi`, `pulumi.runtime` and
`pulumi.runtime.proto`. They are gone afterwards: a later `import pulumi` in the same process gets the real one, which
then shares the modules that are loaded already.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from pathlib import Path

_PACKAGES = ("pulumi", "pulumi.runtime", "pulumi.runtime.proto")


@contextmanager
def _packages_without_their_code() -> Iterator[None]:
    if "pulumi" in sys.modules:  # the SDK is there already: nothing to save
        yield
        return
    sdk = find_spec("pulumi")
    if sdk is None or not sdk.submodule_search_locations:
        raise ModuleNotFoundError("the Python package 'pulumi' is not installed", name="pulumi")
    root = Path(sdk.submodule_search_locations[0]).parent
    for name in _PACKAGES:
        spec = ModuleSpec(name, loader=None, is_package=True)
        spec.submodule_search_locations = [str(root.joinpath(*name.split(".")))]
        sys.modules[name] = module_from_spec(spec)
    try:
        yield
    finally:
        for name in _PACKAGES:
            del sys.modules[name]


with _packages_without_their_code():
    from pulumi.runtime.proto import (
        engine_pb2,
        engine_pb2_grpc,
        language_pb2,
        language_pb2_grpc,
        plugin_pb2,
        provider_pb2,
        provider_pb2_grpc,
        resource_pb2,
        resource_pb2_grpc,
    )

__all__ = [
    "engine_pb2",
    "engine_pb2_grpc",
    "language_pb2",
    "language_pb2_grpc",
    "plugin_pb2",
    "provider_pb2",
    "provider_pb2_grpc",
    "resource_pb2",
    "resource_pb2_grpc",
]
