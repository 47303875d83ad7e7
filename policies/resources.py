"""Resources as policies read them: plain values, and a marker where a value is known only after the update."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Final

PLATFORMS = ("web", "singlePageApplication", "publicClient")
"""The parts of an application that hold the addresses to which people are sent back when they sign in."""


class Unknown(Enum):
    """A value that a preview can't know yet. Policies leave it alone: the update checks it again with the value."""

    UNKNOWN = "known after the update"


UNKNOWN: Final = Unknown.UNKNOWN

Value = None | bool | int | float | str | Unknown | Sequence["Value"] | Mapping[str, "Value"]

_INDEX = re.compile(r"^([\w-]+):index/[^:]+:")
_AZURE_NATIVE_VERSION = re.compile(r"^azure-native(?:_\w+)?:([^:/]+)(?:/v\w+)?:")


@lru_cache(maxsize=256)
def short_type(token: str) -> str:
    """The token as people write it: `azuread:Application`, `azure-native:keyvault:Secret` for every API version.

    An API version is in the token, or a package of its own: `pulumi package add azure-native keyvault v20230701`.
    """
    return _AZURE_NATIVE_VERSION.sub(r"azure-native:\1:", _INDEX.sub(r"\1:", token))


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource; `sources` are the URNs of the resources that each property's value was made from.

    `props` is what the policy's scope is given (`rules.Rule`); `asked` what the program asked for, where that is known
    beside what came of it. `custom` is false for a component, which only groups others.
    """

    urn: str
    type: str
    name: str
    props: Mapping[str, Value]
    sources: Mapping[str, Sequence[str]] = field(default_factory=dict)
    asked: Mapping[str, Value] | None = None
    custom: bool = True

    def get(self, *path: str) -> Value:
        """The value at `path`: None where nothing is there, UNKNOWN where it or what holds it isn't known yet."""
        return _at(self.props, path)

    def get_asked(self, *path: str) -> Value:
        """What the program asked for at `path`: None where it left it out, whatever a provider then chooses."""
        return _at(self.props if self.asked is None else self.asked, path)

    def items(self, *path: str) -> Sequence[Value]:
        """The list at `path`, empty where nothing is there, one UNKNOWN where the whole list isn't known yet."""
        value = self.get(*path)
        if value is UNKNOWN:
            return [UNKNOWN]
        return value if isinstance(value, Sequence) and not isinstance(value, str) else []

    def objects(self, *path: str) -> Sequence[Mapping[str, Value]]:
        """The objects in the list at `path`, without those that aren't known yet."""
        return [item for item in self.items(*path) if isinstance(item, Mapping)]


def _at(value: Value, path: Sequence[str]) -> Value:
    for key in path:
        if isinstance(value, list) and len(value) == 1:
            value = value[0]  # a provider takes a block as the only item of a list, too
        if value is UNKNOWN:
            return UNKNOWN
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def of_type(resources: Sequence[Resource], *types: str) -> list[Resource]:
    return [resource for resource in resources if resource.type in types]
