"""The stand-ins as the engine starts them: executables that print a port and never outlive it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import grpc  # type: ignore[import-untyped]
import pytest
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]

from engine.plugins import STAND_INS, install_stand_ins
from engine.protocol import provider_pb2_grpc

START_SECONDS = 5.0  # a bound for a loaded machine; 0.3 on an idle one


def plugin(home: Path, name: str) -> Path:
    return home / "plugins" / f"resource-{name}-v{version(f'pulumi-{name}')}" / f"pulumi-resource-{name}"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    install_stand_ins(tmp_path, Path(sys.executable))
    return tmp_path


@pytest.fixture(params=STAND_INS)
def process(request: pytest.FixtureRequest, home: Path) -> Iterator[subprocess.Popen[str]]:
    command = [str(plugin(home, request.param)), "127.0.0.1:1"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def port(process: subprocess.Popen[str]) -> int:
    assert process.stdout
    return int(process.stdout.readline())


def test_a_launcher_appears_for_each_sdk_and_is_left_alone_after(home: Path) -> None:
    before = {name: plugin(home, name).stat().st_mtime_ns for name in STAND_INS}
    install_stand_ins(home, Path(sys.executable))
    assert {name: plugin(home, name).stat().st_mtime_ns for name in STAND_INS} == before
    assert all(os.access(plugin(home, name), os.X_OK) for name in STAND_INS)
    assert sorted(path.name for path in home.rglob("*") if path.is_file()) == [
        f"pulumi-resource-{name}" for name in sorted(STAND_INS)
    ]


def test_a_stand_in_serves_soon(process: subprocess.Popen[str]) -> None:
    started = time.monotonic()
    with grpc.insecure_channel(f"127.0.0.1:{port(process)}") as channel:
        info = provider_pb2_grpc.ResourceProviderStub(channel).GetPluginInfo(Empty(), timeout=START_SECONDS)
    assert time.monotonic() - started < START_SECONDS
    assert info.version in {version(f"pulumi-{name}") for name in STAND_INS}


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_stand_in_ends_quietly_when_asked(process: subprocess.Popen[str], signum: int) -> None:
    port(process)
    process.send_signal(signum)
    assert process.wait(START_SECONDS) == 0
    assert process.stderr
    assert process.stderr.read() == ""


def test_a_stand_in_ends_when_its_engine_is_gone(process: subprocess.Popen[str]) -> None:
    port(process)
    assert process.stdin
    process.stdin.close()  # what the system does for an engine that was killed
    assert process.wait(START_SECONDS) == 0


def test_an_unknown_package_is_a_usage_error() -> None:
    command = [sys.executable, "-m", "engine.standins.server", "aws"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("usage:")
