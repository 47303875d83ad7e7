"""What an entity type is."""

from dataclasses import dataclass

from entra_local.graph.schema import Property, Type, identifier, moment, read_only


@dataclass(frozen=True)
class Entity:
    """A kind of object: its type's name, where its collection lies, its properties."""

    kind: str
    collection: str
    properties: Type

    @property
    def odata_type(self) -> str:
        return f"#microsoft.graph.{self.kind}"


DELETABLE: dict[str, Property] = {"id": read_only(identifier()), "deletedDateTime": read_only(moment())}
"""What every directory object has."""
