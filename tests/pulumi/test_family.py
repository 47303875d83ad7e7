"""What becomes of the programs that run for a command, when a signal comes or something goes wrong."""

from __future__ import annotations

import os
import pty
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from airflow_entra.pulumi.family import Family, Interrupted
from airflow_entra.pulumi.runner import Pulumi

PROJECT = Path(__file__).parents[2]
ENVIRONMENT = dict(os.environ)
PROGRAM = """
import os, signal, sys
notes, asks = sys.argv[1], [int(number) for number in sys.argv[2:]]
def heard(number, _):
    with open(notes, "a") as file:
        print(number, os.getpid(), file=file)
    if asks:
        os.kill(os.getppid(), asks.pop(0))
    else:
        os._exit(7)
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, heard)
os.kill(os.getppid(), asks.pop(0)) if asks else open(notes, "a").close()
while True:
    signal.pause()
"""
"""Has its starter hear these signals, one after the other, and ends at the last one with exit code 7."""


def program(notes: Path, *asks: int) -> list[str]:
    return [sys.executable, "-c", PROGRAM, str(notes), *map(str, asks)]


def heard(notes: Path) -> list[int]:
    return [int(line.split()[0]) for line in notes.read_text().splitlines()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_passed_on_once_as_the_one_that_pulumi_knows(tmp_path: Path, number: signal.Signals) -> None:
    family = Family()
    assert family.run(program(tmp_path / "notes", number), folder=tmp_path, environment=ENVIRONMENT) == 7
    assert heard(tmp_path / "notes") == [signal.SIGINT]
    with pytest.raises(Interrupted) as interruption:
        family.check()
    assert interruption.value.number == number


def test_a_second_one_is_passed_on_too(tmp_path: Path) -> None:
    """Pulumi says of it that it then ends at once."""
    family = Family()
    family.run(program(tmp_path / "notes", signal.SIGINT, signal.SIGINT), folder=tmp_path, environment=ENVIRONMENT)
    assert heard(tmp_path / "notes") == [signal.SIGINT, signal.SIGINT]


def test_a_command_of_somebody_elses_hears_the_signal_itself(tmp_path: Path) -> None:
    family = Family(asked=None)
    command = program(tmp_path / "notes", signal.SIGTERM)
    assert family.run(command, folder=tmp_path, environment=ENVIRONMENT, terminal=True) == 7
    assert heard(tmp_path / "notes") == [signal.SIGTERM]


def test_after_a_signal_nothing_is_started(tmp_path: Path) -> None:
    family = Family()
    family.run(program(tmp_path / "notes", signal.SIGINT), folder=tmp_path, environment=ENVIRONMENT)
    with pytest.raises(Interrupted):
        family.run([sys.executable, "-c", "open('made', 'w')"], folder=tmp_path, environment=ENVIRONMENT)
    assert not (tmp_path / "made").exists()


def test_signals_mean_afterwards_what_they_meant_before(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    Family().run([sys.executable, "-c", ""], folder=tmp_path, environment=ENVIRONMENT)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_where_we_leave_for_an_error_of_our_own_nothing_is_left(tmp_path: Path) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    before = signal.signal(signal.SIGUSR1, fail)
    try:
        with pytest.raises(MemoryError):
            Family().run(program(tmp_path / "notes", signal.SIGUSR1), folder=tmp_path, environment=ENVIRONMENT)
    finally:
        signal.signal(signal.SIGUSR1, before)
    (line,) = (tmp_path / "notes").read_text().splitlines()
    assert not psutil.pid_exists(int(line.split()[1]))


def interrupting_pulumi(folder: Path) -> dict[str, str]:
    """An environment whose `pulumi` has its starter hear SIGTERM."""
    script = folder / "pulumi"
    script.write_text("#!/bin/sh\nexec " + shlex.join(program(folder / "notes", signal.SIGTERM)) + "\n")
    script.chmod(0o755)
    return {
        **ENVIRONMENT,
        "PATH": os.pathsep.join((str(folder), ENVIRONMENT["PATH"])),
        "PULUMI_BACKEND_URL": "azblob://a",
    }


def test_an_interrupted_run_of_pulumi_is_no_failure_of_pulumis(tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        Pulumi(tmp_path, interrupting_pulumi(tmp_path), "prod").up()


def test_a_command_that_is_ended_ends_pulumi_in_order_and_says_so(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "airflow_entra.cli", "recover", "--stack", "prod"],
        cwd=PROJECT,
        env=interrupting_pulumi(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (128 + signal.SIGTERM, "")
    assert done.stderr == "airflow-entra: interrupted; run the same command again, and it goes on\n"
    assert heard(tmp_path / "notes") == [signal.SIGINT]


HANDS_ON = """
import os, sys
from airflow_entra.pulumi.passing_on import hand_on
os.open(os.ttyname(0), os.O_RDWR)  # it becomes this session's terminal
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
sys.exit(hand_on(sys.argv[1:], None, dict(os.environ)))
"""
AT_THE_TERMINAL = """
import os, signal, sys
def heard(number, _):
    with open(sys.argv[1], "a") as file:
        print(number, file=file)
    signal.signal(signal.SIGALRM, lambda *_: os._exit(7))
    signal.setitimer(signal.ITIMER_REAL, 0.3)  # a second one would come by then
signal.signal(signal.SIGINT, heard)
print("ready", flush=True)
while True:
    signal.pause()
"""


def test_at_a_terminal_the_command_hears_ctrl_c_once_whatever_its_standard_input_is(tmp_path: Path) -> None:
    """A second SIGINT would have Pulumi end at once."""
    command = [sys.executable, "-c", HANDS_ON, sys.executable, "-c", AT_THE_TERMINAL, str(tmp_path / "notes")]
    terminal, end = pty.openpty()
    with subprocess.Popen(command, cwd=PROJECT, stdin=end, stdout=end, stderr=end, start_new_session=True) as process:
        os.close(end)
        said = b""
        while b"ready" not in said:
            said += os.read(terminal, 1024)
        os.write(terminal, b"\x03")
        assert process.wait(30) == 7
    os.close(terminal)
    assert heard(tmp_path / "notes") == [signal.SIGINT]


@pytest.mark.parametrize(("name", "code"), [("pulumi", "130"), ("shell", "1")])
def test_pulumi_that_ctrl_c_ended_was_interrupted_and_has_not_failed(tmp_path: Path, name: str, code: str) -> None:
    """Its own exit code is 1 for a preview and another for an update; a shell's is its own affair."""
    (tmp_path / name).write_text("#!/bin/sh\ntrap 'exit 1' INT\necho ready\nwhile :; do sleep 0.05; done\n")
    (tmp_path / name).chmod(0o755)
    script = """
import os, sys
from airflow_entra.pulumi.family import Interrupted
from airflow_entra.pulumi.passing_on import hand_on
try:
    print(hand_on(sys.argv[1:], None, dict(os.environ)))
except Interrupted as interrupted:
    print(128 + interrupted.number)
"""
    command = [sys.executable, "-c", script, str(tmp_path / name)]
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == f"{code}\n"
