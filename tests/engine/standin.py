"""The engine's side of the provider protocol, as far as tests need it: no network, no process."""

from dataclasses import dataclass, field
from typing import Any

from engine.protocol import provider_pb2
from engine.standins.package import Package
from engine.standins.servicer import Provider
from engine.standins.values import Props, read_struct, write_struct


class Refused(Exception):  # noqa: N818  # a gRPC status, not a failure of the test
    def __init__(self, message: str, metadata: tuple[tuple[str, bytes], ...]) -> None:
        super().__init__(message)
        self.metadata = metadata


@dataclass
class Context:
    metadata: tuple[tuple[str, bytes], ...] = ()

    def set_trailing_metadata(self, metadata: tuple[tuple[str, bytes], ...]) -> None:
        self.metadata = metadata

    def abort(self, code: object, message: str) -> None:
        raise Refused(message, self.metadata)


@dataclass
class Resource:
    """What the engine has in its state."""

    type: str
    name: str
    id: str
    inputs: Props
    outputs: Props

    @property
    def urn(self) -> str:
        return urn(self.type, self.name)


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:test::airflow-entra::airflow-entra:index:AirflowSignOn${kind}::{name}"


@dataclass
class Engine:
    package: Package
    context: Context = field(default_factory=Context)

    def __post_init__(self) -> None:
        self.provider = Provider(self.package)

    def configure(self, **config: str) -> None:
        prefix = f"{self.package.name}:config:"
        variables = {f"{prefix}{key}": value for key, value in config.items()}
        self.provider.Configure(provider_pb2.ConfigureRequest(variables=variables), self.context)

    def check(self, kind: str, name: str, inputs: Props, olds: Props | None = None) -> tuple[Props, list[str]]:
        request = provider_pb2.CheckRequest(
            urn=urn(kind, name), news=write_struct(inputs), olds=write_struct(olds or {}), randomSeed=b"\1" * 32
        )
        response = self.provider.Check(request, self.context)
        return read_struct(response.inputs), [failure.reason for failure in response.failures]

    def preview(self, kind: str, name: str, inputs: Props) -> Props:
        checked, failures = self.check(kind, name, inputs)
        assert failures == []
        request = provider_pb2.CreateRequest(urn=urn(kind, name), properties=write_struct(checked), preview=True)
        response = self.provider.Create(request, self.context)
        assert response.id == ""
        return read_struct(response.properties)

    def create(self, kind: str, name: str, inputs: Props) -> Resource:
        checked, failures = self.check(kind, name, inputs)
        assert failures == []
        request = provider_pb2.CreateRequest(urn=urn(kind, name), properties=write_struct(checked))
        response = self.provider.Create(request, self.context)
        return Resource(kind, name, response.id, checked, read_struct(response.properties))

    def diff(self, old: Resource, inputs: Props, ignore: tuple[str, ...] = ()) -> Any:
        checked, failures = self.check(old.type, old.name, inputs, old.inputs)
        assert failures == []
        return self.provider.Diff(
            provider_pb2.DiffRequest(
                id=old.id,
                urn=old.urn,
                olds=write_struct(old.outputs),
                old_inputs=write_struct(old.inputs),
                news=write_struct(checked),
                ignoreChanges=ignore,
            ),
            self.context,
        )

    def changes(self, old: Resource, inputs: Props) -> dict[str, str]:
        """Kind of change by property path; {} for none."""
        detailed = self.diff(old, inputs).detailedDiff
        return {path: provider_pb2.PropertyDiff.Kind.Name(change.kind) for path, change in detailed.items()}

    def update(self, old: Resource, inputs: Props) -> Resource:
        checked, failures = self.check(old.type, old.name, inputs, old.inputs)
        assert failures == []
        request = provider_pb2.UpdateRequest(
            id=old.id,
            urn=old.urn,
            olds=write_struct(old.outputs),
            old_inputs=write_struct(old.inputs),
            news=write_struct(checked),
        )
        response = self.provider.Update(request, self.context)
        return Resource(old.type, old.name, old.id, checked, read_struct(response.properties))

    def refresh(self, old: Resource) -> Resource | None:
        request = provider_pb2.ReadRequest(
            id=old.id, urn=old.urn, inputs=write_struct(old.inputs), properties=write_struct(old.outputs)
        )
        response = self.provider.Read(request, self.context)
        if not response.id:
            return None
        inputs, outputs = read_struct(response.inputs), read_struct(response.properties)
        return Resource(old.type, old.name, response.id, inputs, outputs)

    def import_(self, kind: str, name: str, object_id: str) -> Resource | None:
        return self.refresh(Resource(kind, name, object_id, {}, {}))

    def delete(self, old: Resource) -> None:
        request = provider_pb2.DeleteRequest(
            id=old.id, urn=old.urn, properties=write_struct(old.outputs), old_inputs=write_struct(old.inputs)
        )
        self.provider.Delete(request, self.context)

    def invoke(self, token: str, **arguments: Any) -> Props:
        request = provider_pb2.InvokeRequest(tok=token, args=write_struct(arguments))
        response = self.provider.Invoke(request, self.context)
        return read_struct(getattr(response, "return"))
