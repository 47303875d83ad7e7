"""A stand-in provider that takes the types it doesn't serve as they are: policies judge what is asked for.

Run as the engine starts a plugin: `python tests/policies/provider.py azuread`; `as-declared` takes every type so.
"""

from __future__ import annotations

import sys
from typing import Any
from uuid import uuid4

from engine.standins.errors import ProviderError
from engine.standins.package import Checked, Difference, Live, Package, ResourceType
from engine.standins.server import PACKAGES, load, serve
from engine.standins.values import Props


class AsDeclared:
    """Any type: made as it is declared, with an id and what others refer to."""

    secret_outputs: frozenset[str] = frozenset()

    def check(self, _name: str, _old_inputs: Props, inputs: Props, _seed: bytes) -> Checked:
        return Checked(inputs)

    def preview(self, inputs: Props, _state: Props | None) -> Props:
        return inputs

    def diff(self, _object_id: str, _old_inputs: Props, _state: Props, _inputs: Props) -> Difference:
        raise NotImplementedError

    def create(self, inputs: Props) -> tuple[str, Props]:
        made = {name: str(uuid4()) for name in ("clientId", "objectId", "value")}
        return str(uuid4()), {**made, **{name: value for name, value in inputs.items() if value is not None}}

    def read(self, _object_id: str, _inputs: Props, _state: Props) -> Live | None:
        raise NotImplementedError

    def update(self, _object_id: str, _old_inputs: Props, _state: Props, _inputs: Props) -> Props:
        raise NotImplementedError

    def delete(self, _object_id: str, _old_inputs: Props, _state: Props) -> None:
        raise NotImplementedError


class Whatever:
    """A package of which nothing is known but its name."""

    version = "1.0.0"

    def __init__(self, name: str) -> None:
        self.name = name

    def schema(self) -> Props:
        return {"name": self.name, "version": self.version}

    def configure(self, _settings: Any) -> None:
        pass

    def resource(self, _token: str) -> ResourceType:
        return AsDeclared()

    def invoke(self, _token: str, _arguments: Props) -> Props:
        raise NotImplementedError

    def cancel(self) -> None:
        pass


def lenient(package: Package, as_declared: bool) -> Package:
    served = package.resource

    def resource(token: str) -> ResourceType:
        try:
            return AsDeclared() if as_declared else served(token)
        except ProviderError:
            return AsDeclared()

    package.resource = resource  # type: ignore[method-assign]
    return package


if __name__ == "__main__":
    name, *how = sys.argv[1:]
    serve(lenient(load(name), "as-declared" in how) if name in PACKAGES else Whatever(name))
