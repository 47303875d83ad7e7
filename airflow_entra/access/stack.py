"""One stack as its file declares it: the name, the settings and the access that follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from airflow_entra.access.plan import AccessPlan, plan
from airflow_entra.settings.model import StackSettings


@dataclass(frozen=True)
class DeclaredStack:
    """What everything else is derived from. Two that say the same are equal."""

    name: str
    settings: StackSettings

    @cached_property
    def plan(self) -> AccessPlan:
        """Made at the first question: many commands need the settings alone."""
        return plan(self.settings)
