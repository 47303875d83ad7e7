"""What every component of ours has in common: its type, its place below its parent, and where it was before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from airflow_entra.pulumi.resource_types import COMPONENTS

MOVES: Mapping[str, Sequence[pulumi.Alias]] = {}
"""Component class -> where earlier releases put it. A child's alias follows from its parent's, so a component that
is renamed or moved needs one entry here, and nothing in anybody's stack is replaced."""


class Part(pulumi.ComponentResource):
    """A component named after what it is; `name` is the logical name, kept stable across renames in a stack file.

    Pulumi keeps its own `_name`, `_protect`, `_provider` and more on the object: a component must not reuse them.
    """

    def __init__(self, name: str, parent: pulumi.Resource | None = None) -> None:
        kind = type(self).__name__
        options = pulumi.ResourceOptions(parent=parent, aliases=list(MOVES.get(kind, ())))
        super().__init__(f"{COMPONENTS}{kind}", name, None, options)

    def child(self, **options: object) -> pulumi.ResourceOptions:
        """Options for a resource below this component."""
        return pulumi.ResourceOptions.merge(pulumi.ResourceOptions(parent=self), pulumi.ResourceOptions(**options))  # type: ignore[arg-type]
