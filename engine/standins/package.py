"""What a stand-in provider is made of: resource types and functions behind one configuration."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from engine.standins.credentials import Settings
from engine.standins.values import Props


class Change(Enum):
    ADD = "ADD"
    DELETE = "DELETE"
    UPDATE = "UPDATE"


@dataclass(frozen=True)
class PropertyChange:
    path: str
    change: Change
    replace: bool = False


@dataclass(frozen=True)
class Difference:
    changes: Sequence[PropertyChange] = ()
    delete_before_replace: bool = False


@dataclass(frozen=True)
class Failure:
    """Why inputs are refused; `property` is empty where the reason itself says which one."""

    reason: str
    property: str = ""


@dataclass(frozen=True)
class Checked:
    inputs: Props
    failures: Sequence[Failure] = ()


@dataclass(frozen=True)
class Live:
    """An object as it is now. `inputs` are what a program would have to say to get it."""

    id: str
    inputs: Props
    outputs: Props


class ResourceType(Protocol):
    """All values are plain (secrets opened); unknowns appear in `check`, `diff` and previews only."""

    @property
    def secret_outputs(self) -> frozenset[str]: ...

    def check(self, name: str, old_inputs: Props, inputs: Props, seed: bytes) -> Checked: ...

    def diff(self, object_id: str, old_inputs: Props, state: Props, inputs: Props) -> Difference: ...

    def preview(self, inputs: Props, state: Props | None) -> Props:
        """Outputs as far as they are known before anything is made (no state) or changed."""

    def create(self, inputs: Props) -> tuple[str, Props]:
        """ID and outputs. Raise HalfCreatedError where the object exists but is not finished."""

    def read(self, object_id: str, inputs: Props, state: Props) -> Live | None:
        """None where the object is gone. `inputs` and `state` are empty for an import."""

    def update(self, object_id: str, old_inputs: Props, state: Props, inputs: Props) -> Props: ...

    def delete(self, object_id: str, old_inputs: Props, state: Props) -> None: ...


class Package(Protocol):
    name: str
    version: str

    def schema(self) -> Props: ...

    def configure(self, settings: Settings) -> None:
        """Called once, before anything but `resource(...).check`; makes no network call."""

    def resource(self, token: str) -> ResourceType:
        """Raise ProviderError for a type that the stand-in does not serve."""

    def invoke(self, token: str, arguments: Props) -> Props: ...

    def cancel(self) -> None: ...
