"""The language host's answers, asked directly as the engine asks: without an engine."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import grpc  # type: ignore[import-untyped]
import pytest
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]
from google.protobuf.struct_pb2 import Struct  # type: ignore[import-untyped]

from engine import PULUMI_VERSION
from engine.protocol import language_pb2, language_pb2_grpc

_SECONDS = 20


@pytest.fixture
def host() -> Iterator[language_pb2_grpc.LanguageRuntimeStub]:
    # By something that ignores the ends of its children, as some supervisors do: their exit codes must still arrive.
    careless = (
        "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    )
    host = [sys.executable, "-m", "engine.language_host", "--executor", "/no/executor", "127.0.0.1:1"]
    process = subprocess.Popen(
        [sys.executable, "-c", careless, *host],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
        yield language_pb2_grpc.LanguageRuntimeStub(channel)
    said = process.communicate(timeout=_SECONDS)  # closes its standard input
    assert process.returncode == 0
    assert said == ("", "")


def program(root: Path, **options: str) -> language_pb2.ProgramInfo:
    values = Struct()
    values.update(options)
    return language_pb2.ProgramInfo(
        root_directory=str(root), program_directory=str(root), entry_point=".", options=values
    )


def test_it_says_which_pulumi_it_belongs_to(host: language_pb2_grpc.LanguageRuntimeStub) -> None:
    assert host.GetPluginInfo(Empty()).version == PULUMI_VERSION


def test_what_it_does_not_do_it_refuses_without_a_word(host: language_pb2_grpc.LanguageRuntimeStub) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        host.GeneratePackage(language_pb2.GeneratePackageRequest())
    assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_plugins_are_those_that_the_packages_name(host: language_pb2_grpc.LanguageRuntimeStub, tmp_path: Path) -> None:
    asked = host.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest(info=program(tmp_path)))

    names = {one.name: one.kind for one in asked.packages}
    assert names["azuread"] == names["azure-native"] == "resource"
    assert "policy" not in names  # it states that it has no plugin


def test_another_virtual_environment_is_asked_itself(
    host: language_pb2_grpc.LanguageRuntimeStub, tmp_path: Path
) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "env")], check=True)
    packages = next((tmp_path / "env").glob("lib/python*/site-packages"))
    for name, plugin in (("pulumi_one", '{"resource": true, "name": "uno"}'), ("pulumi_two", '{"resource": false}')):
        (packages / name).mkdir()
        (packages / name / "pulumi-plugin.json").write_text(plugin)
        information = packages / f"{name}-1.2.3.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2.3\n")
    info = program(tmp_path, virtualenv="env")

    asked = host.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest(info=info))
    about = host.About(language_pb2.AboutRequest(info=info))
    listed = host.GetProgramDependencies(language_pb2.GetProgramDependenciesRequest(info=info))

    assert [(one.name, one.version) for one in asked.packages] == [("uno", "1.2.3")]
    assert about.executable == str(tmp_path / "env" / "bin" / "python")
    assert {one.name: one.version for one in listed.dependencies}["pulumi-two"] == "1.2.3"


def test_a_plugins_output_comes_as_it_is_written(host: language_pb2_grpc.LanguageRuntimeStub, tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text(
        "import os, sys\nprint(sys.argv[1:], os.environ['COLOUR'])\nprint('oh', file=sys.stderr)\nsys.exit(3)\n"
    )

    parts = list(
        host.RunPlugin(
            language_pb2.RunPluginRequest(
                info=program(tmp_path), pwd=str(tmp_path), kind="resource", args=["a b"], env=["COLOUR=blue=green"]
            )
        )
    )

    assert b"".join(part.stdout for part in parts) == b"['a b'] blue=green\n"
    assert b"".join(part.stderr for part in parts) == b"oh\n"
    assert parts[-1].exitcode == 3


@pytest.mark.parametrize("cancel", ["the call", "everything"])
def test_a_cancelled_plugin_is_ended(host: language_pb2_grpc.LanguageRuntimeStub, tmp_path: Path, cancel: str) -> None:
    # The pipe that the plugin inherits is closed when it has ended.
    pipe = tmp_path / "pipe"
    subprocess.run(["mkfifo", str(pipe)], check=True)
    (tmp_path / "__main__.py").write_text(
        f"import sys, threading\nheld = open({str(pipe)!r}, 'w')\nsys.stdout.write('ready')\nthreading.Event().wait()\n"
    )
    ended = Thread(target=pipe.read_text, daemon=True)
    ended.start()
    call = host.RunPlugin(language_pb2.RunPluginRequest(info=program(tmp_path), pwd=str(tmp_path), env=["A=b"]))
    assert next(call).stdout == b"ready"

    if cancel == "the call":
        call.cancel()
    else:
        host.Cancel(Empty())
        assert [part.exitcode for part in call] == [-15]

    ended.join(_SECONDS)
    assert not ended.is_alive()


def test_nothing_is_installed_where_nothing_is_asked_for(
    host: language_pb2_grpc.LanguageRuntimeStub, tmp_path: Path
) -> None:
    said = host.InstallDependencies(language_pb2.InstallDependenciesRequest(info=program(tmp_path)))

    assert b"has no requirements.txt: nothing to install" in b"".join(part.stdout for part in said)
