"""A package behind Pulumi's ResourceProvider protocol."""
# ruff: noqa: N802  # the protocol names the methods

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc  # type: ignore[import-untyped]
from google.protobuf.any_pb2 import Any as AnyMessage  # type: ignore[import-untyped]
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]
from google.protobuf.struct_pb2 import Struct  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]

from engine.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc
from engine.standins.credentials import Settings
from engine.standins.errors import HalfCreatedError, ProviderError
from engine.standins.package import Difference, Failure, Package, ResourceType
from engine.standins.values import Props, Secret, plain, read_struct, secret_like, write_struct


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Secrets are opened for the package, which never needs to know of them, and closed again in what goes back."""

    def __init__(self, package: Package) -> None:
        self._package = package

    # --- the plugin and its configuration

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=False, accept_outputs=False)

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=self._package.version)

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.GetSchemaResponse(schema=json.dumps(self._package.schema()))

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Another configuration never replaces what was made with the old one."""
        olds = plain(read_struct(request.old_inputs if request.HasField("old_inputs") else request.olds))
        news = plain(read_struct(request.news))
        changed = sorted(key for key in {*olds, *news} - {"version"} if olds.get(key) != news.get(key))
        some = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=some, diffs=changed)

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        prefix = f"{self._package.name}:config:"
        config = {key.removeprefix(prefix): value for key, value in request.variables.items()}
        for key, value in plain(read_struct(request.args)).items():
            if isinstance(value, str):
                config[key] = value
        self._package.configure(Settings(self._package.name, config))
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._package.cancel()
        return Empty()

    # --- functions

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        with _errors_for(context, f"invoking {request.tok}"):
            result = self._package.invoke(request.tok, plain(read_struct(request.args)))
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(write_struct(result))
        return response

    # --- resources

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        resource, name = self._resource(request, context)
        news = read_struct(request.news)
        checked = resource.check(name, plain(read_struct(request.olds)), plain(news), request.randomSeed)
        return provider_pb2.CheckResponse(
            inputs=write_struct(secret_like(news, checked.inputs)),
            failures=[_failure(failure) for failure in checked.failures],
        )

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        resource, _ = self._resource(request, context)
        difference = resource.diff(
            request.id,
            plain(read_struct(request.old_inputs)),
            plain(read_struct(request.olds)),
            plain(read_struct(request.news)),
        )
        return _difference(difference, list(request.ignoreChanges))

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        resource, name = self._resource(request, context)
        inputs = read_struct(request.properties)
        with _errors_for(context, f"creating {name}", lambda made: _closed(resource, made, inputs)):
            if request.preview:
                object_id, outputs = "", resource.preview(plain(inputs), None)
            else:
                object_id, outputs = resource.create(plain(inputs))
        return provider_pb2.CreateResponse(id=object_id, properties=_closed(resource, outputs, inputs))

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        resource, name = self._resource(request, context)
        inputs, state = read_struct(request.inputs), read_struct(request.properties)
        with _errors_for(context, f"reading {name} ({request.id})"):
            live = resource.read(request.id, plain(inputs), plain(state))
        if live is None:
            return provider_pb2.ReadResponse(id="")
        return provider_pb2.ReadResponse(
            id=live.id,
            properties=_closed(resource, live.outputs, inputs, state),
            inputs=write_struct(secret_like(inputs, live.inputs)),
        )

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        resource, name = self._resource(request, context)
        inputs, state = read_struct(request.news), read_struct(request.olds)
        with _errors_for(context, f"updating {name} ({request.id})", lambda made: _closed(resource, made, inputs)):
            if request.preview:
                outputs = resource.preview(plain(inputs), plain(state))
            else:
                old_inputs = plain(read_struct(request.old_inputs))
                outputs = resource.update(request.id, old_inputs, plain(state), plain(inputs))
        return provider_pb2.UpdateResponse(properties=_closed(resource, outputs, inputs, state))

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        resource, name = self._resource(request, context)
        with _errors_for(context, f"deleting {name} ({request.id})"):
            resource.delete(request.id, plain(read_struct(request.old_inputs)), plain(read_struct(request.properties)))
        return Empty()

    def _resource(self, request: Any, context: grpc.ServicerContext) -> tuple[ResourceType, str]:
        _, _, qualified, name = request.urn.split("::", 3)
        with _errors_for(context, request.urn):
            return self._package.resource(qualified.rsplit("$", 1)[-1]), name
        raise AssertionError("unreachable")


@contextmanager
def _errors_for(
    context: grpc.ServicerContext, what: str, close: Callable[[Props], Struct] = write_struct
) -> Iterator[None]:
    try:
        yield
    except ProviderError as error:
        context.abort(grpc.StatusCode.UNKNOWN, f"{what}: {error}")
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        # What services answer is read as documented; one that answers otherwise must not cost the user a traceback.
        reason = f"an answer was not of the expected form ({type(error).__name__}: {error})"
        context.abort(grpc.StatusCode.INTERNAL, f"{what}: {reason}")
    except HalfCreatedError as half:
        # The engine keeps the ID of a half-made object only where the error carries it in these details.
        message = f"{what}: {half.reason}"
        detail = AnyMessage()
        detail.Pack(
            provider_pb2.ErrorResourceInitFailed(
                id=half.id, properties=close(half.properties), reasons=[half.reason], inputs=Struct()
            )
        )
        status = Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message, details=[detail])
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(grpc.StatusCode.UNKNOWN, message)


def _closed(resource: ResourceType, outputs: Props, *sources: Props) -> Struct:
    """Outputs, secret where the type says so and where a secret went in or was before."""
    for source in sources:
        outputs = secret_like(source, outputs)
    always = {key: Secret(plain(outputs[key])) for key in resource.secret_outputs if key in outputs}
    return write_struct({**outputs, **always})


def _failure(failure: Failure) -> Any:
    return provider_pb2.CheckFailure(property=failure.property, reason=failure.reason)


def _difference(difference: Difference, ignored: list[str]) -> Any:
    changes = [change for change in difference.changes if not _is_ignored(change.path, ignored)]
    if not changes:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
    response = provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME,
        hasDetailedDiff=True,
        diffs=sorted({_top(change.path) for change in changes}),
        replaces=sorted({_top(change.path) for change in changes if change.replace}),
    )
    response.deleteBeforeReplace = bool(response.replaces) and difference.delete_before_replace
    for change in changes:
        kind = change.change.value + ("_REPLACE" if change.replace else "")
        response.detailedDiff[change.path].kind = provider_pb2.PropertyDiff.Kind.Value(kind)
    return response


def _top(path: str) -> str:
    return path.split(".", 1)[0].split("[", 1)[0]


def _is_ignored(path: str, ignored: list[str]) -> bool:
    return any(path == prefix or path.startswith((f"{prefix}.", f"{prefix}[")) for prefix in ignored)
