"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from airflow_entra.finding import Finding, Loc
from airflow_entra.settings.model import StackSettings, config_key

Check = Callable[[StackSettings], Iterator[Finding]]


@dataclass(frozen=True)
class Rule:
    """`check` reads only the fields of StackSettings named in `reads`: the others may be wrong or absent."""

    reads: tuple[str, ...]
    check: Check

    @property
    def id(self) -> str:
        """Of its findings, such as "lifetimes/one-of-two-lifetimes": the module and the function."""
        concern = self.check.__module__.rpartition(".")[2]
        return f"{concern}/{self.check.__name__.replace('_', '-')}"


def at(field: str, *steps: str | int) -> Loc:
    """The path in the file of something below a field of StackSettings: at("sign_in", "tokenLifetime")."""
    return ("config", _KEYS[field], *steps)


_KEYS = {field: config_key(field) for field in StackSettings.model_fields}
