"""Where the engine comes from, with programs that only play `pulumi` and `go`, and a host that plays Pulumi's."""

import fcntl
import os
import signal
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Thread

import pytest

from engine import PULUMI_VERSION, obtain
from engine.obtain import EngineError
from tests.engine.machine import Machine


@pytest.mark.parametrize("version", ["v3.256.0", "3.256.0", "v3.300.1", "v4.0.0"])
def test_an_installed_pulumi_is_used(machine: Machine, version: str) -> None:
    machine.install("pulumi", f"echo {version}")
    machine.install("pulumi-language-python", "")

    assert machine.engine_folder() == machine.bin
    assert machine.said == []


def test_an_installed_pulumi_is_found_behind_a_symbolic_link(machine: Machine, tmp_path: Path) -> None:
    cellar = tmp_path / "cellar"
    pulumi = machine.install("pulumi", "echo v3.256.0", folder=cellar)
    machine.install("pulumi-language-python", "", folder=cellar)
    (machine.bin / "pulumi").symlink_to(pulumi)

    assert machine.engine_folder() == cellar


@pytest.mark.parametrize("version", ["echo v3.255.9", "echo v2.999.0", "echo no version", "exit 1", "echo"])
def test_an_older_or_strange_pulumi_is_left_alone(machine: Machine, version: str) -> None:
    machine.install("pulumi", version)
    machine.install("pulumi-language-python", "")
    machine.install_go()

    assert machine.engine_folder().parent == machine.cache


def test_a_pulumi_without_its_python_language_host_is_left_alone(machine: Machine) -> None:
    machine.install("pulumi", "echo v3.256.0")
    machine.install_go()

    assert machine.engine_folder().parent == machine.cache


def test_the_engine_is_built_once_with_all_that_belongs_beside_it(machine: Machine) -> None:
    machine.install_go()

    folder = machine.engine_folder()
    again = machine.engine_folder()

    assert again == folder
    assert len(machine.builds()) == 2  # one build: its settings and its arguments
    assert folder.name.startswith(f"{PULUMI_VERSION}-")
    assert {path.name: os.access(path, os.X_OK) for path in folder.iterdir() if path.name != "pulumi"} == {
        "pulumi-language-python": True,
        "pulumi-language-python-exec": True,
        "pulumi-resource-pulumi-python": True,
    }
    assert (folder / "pulumi").read_text() == "built\n"
    assert (folder / "pulumi-language-python-exec").read_text() == "the executor\n"
    assert machine.left_over() == []
    assert machine.said[-1].endswith(str(folder))


def test_the_build_is_pinned_and_keeps_to_its_folder(machine: Machine) -> None:
    machine.install_go()
    (machine.home / "go/pkg/mod/cache/download").mkdir(parents=True)

    machine.engine_folder()

    settings, arguments = machine.builds()
    assert settings.startswith(f"-modcacherw -buildvcs=false 0 local off {machine.cache}")
    assert settings.endswith(f"file://{machine.home}/go/pkg/mod/cache/download,https://proxy.invalid,direct")
    assert "-trimpath" in arguments
    assert f"version.Version=v{PULUMI_VERSION}" in arguments


def test_the_cache_is_where_the_user_wants_caches(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.install_go()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))

    assert machine.engine_folder().parent == tmp_path / "elsewhere" / "airflow-entra" / "engine"


def test_neither_pulumi_nor_go_says_what_to_install(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(machine.bin))

    with pytest.raises(
        EngineError, match=r"built        Go is not on PATH, and 1\.\d+ or later is needed\nInstall Pulumi 3"
    ):
        machine.engine_folder()


def test_an_old_go_is_named_with_what_is_needed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.install_go()
    monkeypatch.setenv("GO_IS", "go1.21.4")

    with pytest.raises(EngineError, match=r"built        \S+/go is Go 1\.21\.4, and 1\.\d+ or later is needed\n"):
        machine.engine_folder()
    assert machine.builds() == []


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("write /x/y.a: no space left on device", r"the disk is full: building the Pulumi CLI needs \d+ GB in"),
        ("main.go:3: undefined: x", r"`go build` of the Pulumi CLI failed:\nmain\.go:3: undefined: x"),
    ],
)
def test_a_failed_build_says_why_and_leaves_no_engine(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, said: str, message: str
) -> None:
    machine.install_go()
    monkeypatch.setenv("GO_SAYS", said)

    with pytest.raises(EngineError, match=message):
        machine.engine_folder()

    monkeypatch.delenv("GO_SAYS")
    assert (machine.engine_folder() / "pulumi").read_text() == "built\n"


def test_a_cache_that_cannot_be_written_is_named(machine: Machine) -> None:
    machine.install_go()
    machine.cache.parent.mkdir(parents=True)
    machine.cache.write_text("a file where the folder should be")

    with pytest.raises(EngineError, match=f"can't keep the Pulumi CLI in {machine.cache}: "):
        machine.engine_folder()


def test_the_engine_is_there_before_what_built_it_is_gone(machine: Machine) -> None:
    """3 GB in 75,000 files, whose removal takes minutes on a busy machine."""
    machine.install_go()
    removing, until = machine.home / "removing", machine.home / "removed"
    os.mkfifo(removing)
    os.mkfifo(until)
    machine.install("rm", f'echo "$@" > {removing}; cat {until}; exec /bin/rm "$@"')

    folder = machine.engine_folder()

    discarded = removing.read_text().split()[-1]
    assert (folder / "pulumi").is_file()
    assert Path(discarded).is_dir()
    assert machine.engine_folder() == folder  # and it is not begun twice
    until.write_text("go on")
    assert machine.left_over() == []
    assert not Path(discarded).exists()


def test_a_removal_that_was_cut_short_is_taken_up(machine: Machine) -> None:
    machine.install_go()
    machine.engine_folder()
    assert machine.left_over() == []
    (machine.cache / "discarded-0123" / "go-mod").mkdir(parents=True)

    machine.engine_folder()

    assert machine.left_over() == []


def test_two_builders_at_once_build_one_engine(machine: Machine) -> None:
    machine.install_go()
    found: list[Path] = []
    threads = [Thread(target=lambda: found.append(machine.engine_folder())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 4
    assert len(set(found)) == 1
    assert len(machine.builds()) == 2


def test_a_second_builder_says_that_it_waits(machine: Machine) -> None:
    machine.install_go()
    folder = machine.engine_folder()
    folder.rename(folder.with_name("moved away"))
    with (machine.cache / "getting.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = subprocess.Popen([sys.executable, "-m", "engine.obtain"], stderr=subprocess.PIPE, text=True)
        assert waiting.stderr is not None
        assert "another process is getting the Pulumi CLI; waiting" in waiting.stderr.readline()
    _, said = waiting.communicate(timeout=30)
    assert waiting.returncode == 0, said


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_a_build_cut_short_is_taken_up_by_the_next(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sign: signal.Signals
) -> None:
    machine.install_go()
    building, until = tmp_path / "building", machine.home / "until"
    os.mkfifo(building)
    os.mkfifo(until)
    monkeypatch.setenv("GO_WAITS", str(building))
    builder = subprocess.Popen(
        [sys.executable, "-m", "engine.obtain"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # a shell's background job ignores it
    )
    building.read_text()  # waits until go is at work
    builder.send_signal(sign)
    builder.wait(30)
    with suppress(OSError):  # a go that has outlived its builder ends here
        os.close(os.open(until, os.O_WRONLY | os.O_NONBLOCK))
    _, said = builder.communicate()
    monkeypatch.delenv("GO_WAITS")

    assert "Traceback" not in said
    assert not [path for path in machine.cache.iterdir() if (path / "pulumi").exists()]
    assert (machine.engine_folder() / "pulumi").read_text() == "built\n"


def test_the_command_prints_the_folder_alone_on_standard_output(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.install_go()

    assert obtain.main() == 0

    out, err = capsys.readouterr()
    assert Path(out.strip()).parent == machine.cache
    assert "building the Pulumi CLI" in err


def test_the_command_fails_without_a_traceback(
    machine: Machine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(machine.bin))

    assert obtain.main() == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert "\nengine: the Pulumi CLI is not to be had\n" in err
    assert "Traceback" not in err
