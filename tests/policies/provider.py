"""A stand-in provider that takes the types it doesn't serve as they are: a preview with policies asks no more of them.

Run as the engine starts a plugin: `python tests/policies/provider.py azuread`.
"""

from __future__ import annotations

import sys

from engine.standins.errors import ProviderError
from engine.standins.package import Checked, Difference, Live, Package, ResourceType
from engine.standins.server import load, serve
from engine.standins.values import Props


class AsDeclared:
    """Any type, in a preview of what isn't there yet."""

    secret_outputs: frozenset[str] = frozenset()

    def check(self, _name: str, _old_inputs: Props, inputs: Props, _seed: bytes) -> Checked:
        return Checked(inputs)

    def preview(self, inputs: Props, _state: Props | None) -> Props:
        return inputs

    def diff(self, _object_id: str, _old_inputs: Props, _state: Props, _inputs: Props) -> Difference:
        raise NotImplementedError

    def create(self, inputs: Props) -> tuple[str, Props]:
        raise NotImplementedError

    def read(self, _object_id: str, _inputs: Props, _state: Props) -> Live | None:
        raise NotImplementedError

    def update(self, _object_id: str, _old_inputs: Props, _state: Props, _inputs: Props) -> Props:
        raise NotImplementedError

    def delete(self, _object_id: str, _old_inputs: Props, _state: Props) -> None:
        raise NotImplementedError


def lenient(package: Package) -> Package:
    served = package.resource

    def resource(token: str) -> ResourceType:
        try:
            return served(token)
        except ProviderError:
            return AsDeclared()

    package.resource = resource  # type: ignore[method-assign]
    return package


if __name__ == "__main__":
    serve(lenient(load(sys.argv[1])))
