"""However the engine ends, nothing that it started stays behind or has a last word."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.engine.project import Project

_SECONDS = 10

BLOCKED = """
    import pulumi
    from pulumi.dynamic import CreateResult, Resource, ResourceProvider

    class BlockedProvider(ResourceProvider):
        def create(self, props):
            with open(props["started"], "w") as started:
                started.write("creating")
            open(props["released"]).close()  # waits until the test opens it, too
            return CreateResult("blocked-1", {})

    class Blocked(Resource):
        def __init__(self, name, props):
            super().__init__(BlockedProvider(), name, props)

"""

POLICIES = """
    from pulumi_policy import PolicyPack, ResourceValidationPolicy
    PolicyPack("nothing", policies=[ResourceValidationPolicy("all-is-well", "Nothing.", lambda args, report: None)])
"""


@pytest.fixture
def blocked(project: Project) -> "subprocess.Popen[str]":
    """`pulumi up` that is in the middle of creating a dynamic resource, with a policy pack running."""
    pipes = {name: str(project.folder / name) for name in ("started", "released")}
    for pipe in pipes.values():
        os.mkfifo(pipe)
    project.write("__main__.py", BLOCKED + f"    Blocked('blocked', {pipes!r})\n")
    project.write("policies/PulumiPolicy.yaml", "runtime: python\n")
    project.write("policies/__main__.py", POLICIES)
    started = os.open(pipes["started"], os.O_RDONLY | os.O_NONBLOCK)
    up = project.start("up", "--yes", "--skip-preview", "--policy-pack", "policies")
    begun, _, _ = select.select([started], [], [], 6 * _SECONDS)
    os.close(started)
    if not begun:
        up.kill()
        pytest.fail(f"no create has begun: {up.communicate()[0]}")
    return up


@contextmanager
def released(project: Project) -> Iterator[None]:
    """Let the create go on, whether it waits already or is about to: open for both ways, a pipe needs no reader."""
    pipe = os.open(project.folder / "released", os.O_RDWR)
    try:
        yield
    finally:
        os.close(pipe)


def command_lines(project: Project) -> str:
    return "\n".join(" ".join(process.cmdline()) for process in project.processes())


@pytest.mark.engine
def test_killing_the_engine_leaves_no_process(project: Project, blocked: "subprocess.Popen[str]") -> None:
    running = command_lines(project)
    for part in ("engine.language_host", "pulumi-language-python-exec", "-m pulumi.policy", "-m pulumi.dynamic"):
        assert part in running

    blocked.kill()
    said, _ = blocked.communicate(timeout=_SECONDS)

    assert project.left_over() == []
    assert "Traceback" not in said


@pytest.mark.engine
def test_interrupting_the_engine_ends_all_without_a_traceback(
    project: Project, blocked: "subprocess.Popen[str]"
) -> None:
    blocked.send_signal(signal.SIGINT)
    with released(project):
        said, _ = blocked.communicate(timeout=6 * _SECONDS)

    assert blocked.returncode != 0
    assert "Traceback" not in said
    assert "KeyboardInterrupt" not in said
    assert project.left_over() == []


@pytest.mark.engine
def test_killing_the_language_host_ends_the_program_and_is_reported(
    project: Project, blocked: "subprocess.Popen[str]"
) -> None:
    hosts = [process for process in project.processes() if "engine.language_host" in process.cmdline()]
    for host in hosts:
        host.kill()
    with released(project):
        said, _ = blocked.communicate(timeout=6 * _SECONDS)

    assert blocked.returncode != 0
    assert "Traceback" not in said
    assert project.left_over() == []


TETHERED = Path(__file__).parents[2] / "engine" / "tethered.py"


def start_tethered(tmp_path: Path, program: str) -> "subprocess.Popen[str]":
    script = tmp_path / "script.py"
    script.write_text(program)
    return subprocess.Popen(
        [sys.executable, "-u", str(TETHERED), str(script), "an argument"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


WAITING = "import threading\nprint('ready')\nthreading.Event().wait()\n"


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, None])
def test_what_is_tethered_ends_without_a_word(tmp_path: Path, sign: signal.Signals | None) -> None:
    process = start_tethered(tmp_path, WAITING)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"

    if sign:
        process.send_signal(sign)
        process.wait(_SECONDS)
    said = process.communicate(timeout=_SECONDS)  # closes its standard input

    assert said == ("", "")


def test_what_is_tethered_runs_as_if_it_were_not(tmp_path: Path) -> None:
    program = "import sys\nprint(__name__, sys.argv[1:], sys.path[0], repr(sys.stdin.read()))\nsys.exit(5)\n"
    process = start_tethered(tmp_path, program)
    assert process.stdout is not None

    assert process.stdout.read() == f"__main__ ['an argument'] {tmp_path} ''\n"
    assert process.wait(_SECONDS) == 5
    process.communicate()


def test_dev_null_is_no_sign_of_an_ending(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import os\nprint(os.read(0, 1))\n")

    ended = subprocess.run(
        [sys.executable, str(TETHERED), str(script)], stdin=subprocess.DEVNULL, capture_output=True, check=True
    )

    assert ended.stdout == b"b''\n"
