"""A resource type of a bridged provider: the common behaviour around the few calls that are its own."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from engine.standins.bridged import check, diff, project
from engine.standins.bridged.schema import ResourceSchema
from engine.standins.errors import HalfCreatedError, ProviderError
from engine.standins.package import Checked, Difference, Live
from engine.standins.values import UNKNOWN, Props


@dataclass
class Made:
    """Filled while an object is being made: from the moment `id` is set, a failure must not lose it."""

    id: str = ""
    outputs: Props = field(default_factory=dict)
    """What only the answer to the create tells, such as a generated secret."""


class Calls(Protocol):
    """The HTTP calls of one resource type. IDs are Pulumi's; inputs have no `__defaults`."""

    def plan(self, inputs: Props) -> None:
        """Reads that the official provider makes while it plans a create."""

    def create(self, inputs: Props, made: Made) -> None: ...

    def read(self, object_id: str) -> Props | None:
        """Outputs; None where the object is gone. Raise ProviderError for an ID of another form."""

    def update(self, object_id: str, state: Props, inputs: Props) -> Props | None:
        """Outputs, or None where they are to be read."""

    def delete(self, object_id: str, state: Props) -> None: ...


@dataclass(frozen=True)
class BridgedResource:
    schema: ResourceSchema
    calls: Callable[[], Calls]

    @property
    def secret_outputs(self) -> frozenset[str]:
        return self.schema.secret_outputs

    def check(self, name: str, old_inputs: Props, inputs: Props, seed: bytes) -> Checked:
        return check.check(self.schema, name, inputs)

    def diff(self, object_id: str, old_inputs: Props, state: Props, inputs: Props) -> Difference:
        return Difference(diff.differences(self.schema, state, inputs))

    def preview(self, inputs: Props, state: Props | None) -> Props:
        if state is None:
            self.calls().plan(project.without_defaults(inputs))
        return project.planned(self.schema, inputs, state)

    def create(self, inputs: Props) -> tuple[str, Props]:
        made, prior = Made(), project.planned(self.schema, inputs, None)
        try:
            self.calls().create(project.without_defaults(inputs), made)
            live = self.calls().read(made.id)
        except ProviderError as error:
            if not made.id:
                raise
            known = {key: value for key, value in {**prior, **made.outputs}.items() if value is not UNKNOWN}
            raise HalfCreatedError(made.id, known, str(error)) from error
        if live is None:
            raise ProviderError(f"the object was made but can't be found: {made.id}")
        return made.id, {**project.settled(self.schema, live, {**prior, **made.outputs}), "id": made.id}

    def read(self, object_id: str, inputs: Props, state: Props) -> Live | None:
        live = self.calls().read(object_id)
        if live is None:
            return None
        outputs = {**project.settled(self.schema, live, state or live), "id": object_id}
        found = (
            project.refreshed_inputs(self.schema, inputs, outputs)
            if inputs
            else project.imported_inputs(self.schema, outputs)
        )
        return Live(object_id, found, outputs)

    def update(self, object_id: str, old_inputs: Props, state: Props, inputs: Props) -> Props:
        live = self.calls().update(object_id, state, project.without_defaults(inputs))
        if live is None:
            live = self.calls().read(object_id)
        if live is None:
            raise ProviderError("the object is gone")
        prior = project.planned(self.schema, inputs, state)
        return {**project.settled(self.schema, live, prior), "id": object_id}

    def delete(self, object_id: str, old_inputs: Props, state: Props) -> None:
        self.calls().delete(object_id, state)
