"""Pulumi's LanguageRuntime service for Python: what the engine asks of the language host.

It does what Pulumi's own Python language host does, for programs, policy packs and plugins; it generates no code, so
that the calls for that are answered with "unimplemented".
"""

import errno
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import grpc.aio  # type: ignore[import-untyped]
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]

from engine import PULUMI_VERSION, packages
from engine.child import Channel, Children, follow, how_it_ended
from engine.interpreter import Interpreter, NoInterpreterError, find_interpreter
from engine.protocol import language_pb2, language_pb2_grpc, plugin_pb2

_ALREADY_SHOWN = 32
"""The exit code by which pulumi-language-python-exec says that it has shown the error to the user."""

_LARGEST_MESSAGE_BYTES = 400 * 1024 * 1024
"""The engine's own limit, in sdk/go/common/util/rpcutil."""


class Context(Protocol):
    """What is used here of grpc.aio.ServicerContext, which comes without types."""

    async def write(self, message: object) -> None: ...

    async def abort(self, code: grpc.StatusCode, details: str) -> None:
        """Ends the call: raises."""


class PythonRuntime(language_pb2_grpc.LanguageRuntimeServicer):
    def __init__(self, executor: Path, engine_address: str, tracing: str) -> None:
        self._executor = executor
        self._engine_address = engine_address
        self._tracing = tracing
        self._children = Children()

    async def Handshake(  # noqa: N802
        self, request: language_pb2.LanguageHandshakeRequest, context: Context
    ) -> language_pb2.LanguageHandshakeResponse:
        self._engine_address = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    async def GetPluginInfo(self, request: Empty, context: Context) -> plugin_pb2.PluginInfo:  # noqa: N802
        return plugin_pb2.PluginInfo(version=PULUMI_VERSION)

    async def GetRequiredPackages(  # noqa: N802
        self, request: language_pb2.GetRequiredPackagesRequest, context: Context
    ) -> language_pb2.GetRequiredPackagesResponse:
        python = await _interpreter(request.info, context)
        plugins = packages.plugins() if python.is_this_one else (await self._describe(python))["plugins"]
        return language_pb2.GetRequiredPackagesResponse(
            packages=[plugin_pb2.PackageDependency(kind="resource", **plugin) for plugin in plugins]
        )

    async def Run(self, request: language_pb2.RunRequest, context: Context) -> language_pb2.RunResponse:  # noqa: N802
        python = await _interpreter(request.info, context)
        command = python.tethered(str(self._executor), *self._program_arguments(request))
        environment = {
            **python.environment,
            # Both may hold secrets: in the environment, as Pulumi's own host passes them, and never in an argument.
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        try:
            async with self._children.start(command, environment=environment) as process:
                code = await process.wait()
        except OSError as error:
            reason = error.strerror
            if error.errno == errno.E2BIG:
                size = len(environment["PULUMI_CONFIG"]) // 1024
                reason = f"the stack's configuration, {size} KiB, is larger than what a program can be given (128 KiB)"
            return language_pb2.RunResponse(error=f"the program could not be started: {reason}")
        if code == _ALREADY_SHOWN:
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse(error=f"program {how_it_ended(code)}" if code else "")

    def _program_arguments(self, request: language_pb2.RunRequest) -> list[str]:
        named = {
            "monitor": request.monitor_address,
            "engine": self._engine_address,
            "project": request.project,
            "root_directory": request.info.root_directory,
            "stack": request.stack,
            "pwd": request.pwd,
            "dry_run": "true" if request.dryRun else "false",
            "parallel": str(request.parallel),
            "tracing": self._tracing,
            "organization": request.organization,
        }
        stated = [word for name, value in named.items() if value for word in (f"--{name}", value)]
        return [*stated, request.info.entry_point, *request.args]

    async def RunPlugin(  # type: ignore[override]  # noqa: N802  (grpc.aio takes a coroutine that writes, too)
        self, request: language_pb2.RunPluginRequest, context: Context
    ) -> None:
        environment = dict(one.split("=", 1) for one in request.env) or os.environ
        python = await _interpreter(request.info, context, environment)
        folder = request.info.program_directory
        if request.kind == "analyzer":
            command = python.tethered("-m", "pulumi.policy", *request.args, folder)
        else:
            command = python.tethered(folder, *request.args)
        try:
            async with self._children.start(
                command, environment=python.environment, folder=request.pwd, piped=True
            ) as process:

                async def write(channel: Channel, chunk: bytes) -> None:
                    await context.write(
                        language_pb2.RunPluginResponse(stdout=chunk)
                        if channel == "stdout"
                        else language_pb2.RunPluginResponse(stderr=chunk)
                    )

                await follow(process, write)
                code = await process.wait()
        except OSError as error:
            await context.abort(grpc.StatusCode.UNKNOWN, f"the plugin in {folder} could not be started: {error}")
        await context.write(language_pb2.RunPluginResponse(exitcode=code))

    async def InstallDependencies(  # type: ignore[override]  # noqa: N802
        self, request: language_pb2.InstallDependenciesRequest, context: Context
    ) -> None:
        async def write(channel: Channel, chunk: bytes) -> None:
            await context.write(language_pb2.InstallDependenciesResponse(**{channel: chunk}))

        folder = request.info.program_directory
        if not Path(folder, "requirements.txt").is_file():
            await write("stdout", f"{folder} has no requirements.txt: nothing to install\n".encode())
            return
        options = MessageToDict(request.info.options)
        commands = []
        if virtualenv := options.get("virtualenv"):
            place = Path(request.info.root_directory, virtualenv)
            python = place / "bin" / "python"
            if not python.exists():
                commands.append([sys.executable, "-m", "venv", str(place)])
        else:
            python = Path(sys.executable)
        commands.append([str(python), "-m", "pip", "install", "--no-input", "-r", "requirements.txt"])
        for command in commands:
            async with self._children.start(command, environment=os.environ, folder=folder, piped=True) as process:
                await follow(process, write)
                if code := await process.wait():
                    await context.abort(grpc.StatusCode.UNKNOWN, f"`{' '.join(command)}` {how_it_ended(code)}")

    async def About(  # noqa: N802
        self, request: language_pb2.AboutRequest, context: Context
    ) -> language_pb2.AboutResponse:
        python = await self._describe(await _interpreter(request.info, context))
        return language_pb2.AboutResponse(executable=python["executable"], version=python["version"])

    async def GetProgramDependencies(  # noqa: N802
        self, request: language_pb2.GetProgramDependenciesRequest, context: Context
    ) -> language_pb2.GetProgramDependenciesResponse:
        python = await self._describe(await _interpreter(request.info, context))
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=name, version=version) for name, version in python["packages"].items()
            ]
        )

    async def RuntimeOptionsPrompts(  # noqa: N802
        self, request: language_pb2.RuntimeOptionsRequest, context: Context
    ) -> language_pb2.RuntimeOptionsResponse:
        return language_pb2.RuntimeOptionsResponse()

    async def Template(  # noqa: N802
        self, request: language_pb2.TemplateRequest, context: Context
    ) -> language_pb2.TemplateResponse:
        return language_pb2.TemplateResponse()

    async def Cancel(self, request: Empty, context: Context) -> Empty:  # noqa: N802
        self._children.stop()
        return Empty()

    async def _describe(self, python: Interpreter) -> packages.Description:
        if python.is_this_one:
            return packages.describe()
        said = bytearray()

        async def keep(channel: Channel, chunk: bytes) -> None:
            if channel == "stdout":
                said.extend(chunk)

        command = [str(python.path), packages.__file__]
        async with self._children.start(command, environment=python.environment, piped=True) as process:
            await follow(process, keep)
            await process.wait()
        description: packages.Description = json.loads(said)
        return description


async def _interpreter(
    info: language_pb2.ProgramInfo, context: Context, environment: Mapping[str, str] = os.environ
) -> Interpreter:
    try:
        return find_interpreter(Path(info.root_directory), MessageToDict(info.options), environment)
    except NoInterpreterError as error:
        await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        raise


async def serve(runtime: PythonRuntime) -> None:
    """Serve on a free port of the loopback address and print that port, which is how a plugin tells where it is."""
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", _LARGEST_MESSAGE_BYTES)])
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(runtime, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)  # noqa: T201
    await server.wait_for_termination()
