"""Every command in every trouble: one line about it, no traceback, no secret, and the right exit code."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import click
import pytest

from airflow_entra.audit.evidence import keep
from airflow_entra.cli import main
from airflow_entra.local import tenant as tenants
from airflow_entra.local.identities import FULL as FULL_RIGHTS
from airflow_entra.local.identities import identities
from airflow_entra.local.seed import seed_for
from airflow_entra.local.world import World
from tests.cli.forking import Ended, Forking, Running, forking
from tests.cli.test_render import OUTPUTS

pytestmark = pytest.mark.slow  # a process each, hundreds of them: two fifths of what `make quick` took

PROJECT = Path(__file__).parents[2]
TENANT = "7a0c3f5e-52d1-4b5e-9d0a-6c1f0e8b2a11"
SECRET = "s3cret-that-is-nowhere"
TOKEN = "eyJhbGciOiJub25lIn0.eyJvaWQiOiIxIn0.c2ln"
NAMED = "Łódź-日本"
"""A group of every stack here: latin-1 and ASCII lack its letters."""


@dataclass(frozen=True)
class Row:
    """How a command gets into each trouble: the arguments of a call, as one text; empty where it can't.

    {stack} is a stack, {in} a file to read, {out} one to write.
    """

    stack: str = ""
    """Reads the stack's file."""
    prints: str = ""
    """Prints a result by what is here alone."""
    asks: str = ""
    """Asks the directory."""
    pulumi: str = ""
    """Runs Pulumi."""
    reads: tuple[str, ...] = ()
    """Each option and argument that names a file to read."""
    writes: tuple[str, ...] = ()
    """Each that names a file or folder to write, in calls that need nobody else."""
    held: str = ""
    """Waits for a file that is named in it after an @, where its stack's file is none."""
    elsewhere: dict[str, str] = field(default_factory=dict)
    """Other options that name a file -> the test that has them in trouble."""


_AWAY = "tests/deploy: what is to be written there is asked of the directory first"

TABLE: dict[str, Row] = {
    "audit": Row(
        stack="audit --stack {stack}",
        prints="audit --verify evidence",
        asks="audit --stack prod",
        reads=(
            "audit --stack prod --airflow {in}",
            "audit --stack prod --from 2026-01-01 --pull-requests {in}",
        ),
        elsewhere={"--out": _AWAY, "--evidence": _AWAY, "--verify": "tests/audit/test_evidence.py"},
    ),
    "bootstrap": Row(
        stack="bootstrap --github contoso/airflow",
        pulumi="bootstrap --github contoso/airflow --subject-prefix repo:contoso/airflow",
        reads=("bootstrap --azure-devops contoso/airflow --connections {in}",),
    ),
    "check": Row(stack="check stacks/Pulumi.{stack}.yaml", prints="check --format json", reads=("check {in}",)),
    "diff": Row(
        stack="diff stacks/Pulumi.{stack}.yaml stacks",
        prints="diff before stacks",
        asks="diff before/Pulumi.prod.yaml stacks/Pulumi.prod.yaml --people",
        held="diff before stacks @stacks/Pulumi.held.yaml",
    ),
    "explain": Row(
        stack="explain --stack {stack} --group a",
        prints=f"explain --stack prod --group {NAMED}",
        asks="explain --stack prod --person ada",
        reads=("explain --stack prod --token {in}", "explain --stack prod --token token --outputs {in}"),
    ),
    "federated": Row(asks="federated -- true"),  # what it prints is its command's
    "graph": Row(stack="graph --stack {stack}", prints="graph", writes=("graph --out {out}",)),
    "import": Row(
        stack=f"import --stack {{stack}} --tenant {TENANT} --application {TENANT}",
        asks=f"import --stack new --tenant {TENANT} --application {TENANT}",
        reads=(
            f"import --stack new --tenant {TENANT} --users {{in}}",
            f"import --stack new --tenant {TENANT} --webserver-config {{in}}",
        ),
        elsewhere={"--out": _AWAY},
    ),
    "local airflow": Row(stack="local airflow --stack {stack}"),
    "local clock": Row(prints="local clock", held="local clock @site/held"),
    "local deploy": Row(stack="local deploy --stack {stack}"),
    "local down": Row(prints="local down", held="local down @.local/tenant/process.json"),
    "local fault": Row(prints="local fault", held="local fault @site/held"),
    "local reset": Row(prints="local reset --yes", held="local reset --yes @.local/tenant/process.json"),
    "local run": Row(stack="local run -- pulumi preview --stack {stack}"),
    "local seed": Row(stack="local seed --people 1 --stack {stack}"),
    "local status": Row(prints="local status", held="local status @.local/tenant/process.json"),
    "local up": Row(prints="local up", held="local up @.local/tenant/process.json"),
    "local watch": Row(stack="local watch --stack {stack}"),
    "preview": Row(
        stack="preview --stack {stack}", pulumi="preview --stack prod", elsewhere={"--out": "tests/cli/test_preview.py"}
    ),
    "recover": Row(stack="recover --stack {stack}", asks="recover --stack prod", pulumi="recover --stack prod"),
    "render": Row(
        stack="render --stack {stack} --target env",
        prints="render --stack dev --outputs outputs.json --target roles",
        pulumi="render --stack dev --target env",
        reads=("render --stack dev --target env --outputs {in}",),
        writes=("render --stack dev --outputs outputs.json --target env --out {out}",),
    ),
    "rotate": Row(stack="rotate --stack {stack}", asks="rotate --stack prod", pulumi="rotate --stack prod"),
    "schema": Row(prints="schema --check", held="schema @docs/stack-file.md"),
    "who": Row(stack="who --stack {stack}", asks="who --stack prod"),
}


def rows(of: Callable[[Row], str]) -> pytest.MarkDecorator:
    """A test for each command that has a call for it."""
    calls = {name: of(row) for name, row in TABLE.items() if of(row)}
    return pytest.mark.parametrize("call", calls.values(), ids=calls)


def commands() -> dict[str, click.Command]:
    """Every command of the program by what is typed for it, groups left out."""

    def below(context: click.Context) -> Iterator[tuple[str, click.Command]]:
        if isinstance(context.command, click.Group):
            for name in context.command.list_commands(context):
                command = context.command.get_command(context, name)
                assert command
                yield from below(click.Context(command, parent=context, info_name=name))
        else:
            yield context.command_path, context.command

    return dict(below(click.Context(main, info_name="")))


@dataclass(frozen=True)
class Project:
    """A project of its own with stacks whose groups have names in no small character set, and what its user has."""

    folder: Path
    forks: Forking

    @property
    def env(self) -> dict[str, str]:
        return {
            "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin",
            "HOME": str(self.folder),
            "AIRFLOW_ENTRA_LOCAL": str(self.folder / ".local"),
            "AIRFLOW_ENTRA_LOCAL_PORT": "0",
            "ARM_TENANT_ID": TENANT,
            "ARM_CLIENT_ID": "9e6e5e3a-533d-5916-9361-192d95b35083",
            "ARM_CLIENT_SECRET": SECRET,
            "PULUMI_CONFIG_PASSPHRASE": SECRET,
            "AZURE_TENANT_ID": TENANT,
            "AZURE_CLIENT_ID": TENANT,
            "ACTIONS_ID_TOKEN_REQUEST_URL": "https://token.actions.githubusercontent.com/x",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": SECRET,
            "HTTPS_PROXY": "http://127.0.0.1:9",  # discard: nobody listens
        }

    @contextmanager
    def started(self, call: str, stdin: IO[bytes] | None = None, /, **more: str) -> Iterator[Running]:
        with self.forks.started(call.split(), self.env | more, self.folder, stdin) as running:
            yield running

    def run(self, call: str, **more: str) -> Ended:
        return self.forks.run(call.split(), self.env | more, self.folder)


@pytest.fixture(scope="module")
def forks() -> Iterator[Forking]:
    with forking() as server:
        yield server


@pytest.fixture
def project(tmp_path: Path, forks: Forking) -> Project:
    return made(tmp_path, forks)


def made(folder: Path, forks: Forking) -> Project:
    shutil.copy(PROJECT / "Pulumi.yaml", folder)
    (folder / "__main__.py").touch()
    (folder / "policies").symlink_to(PROJECT / "policies")
    for name in ("docs", "bin", "before", "site"):
        (folder / name).mkdir()
    keep(folder / "evidence", datetime(2026, 1, 1, tzinfo=UTC), {"stack": NAMED, "commit": None}, {"a": ""})
    shutil.copytree(PROJECT / "stacks", folder / "stacks")
    for file in (folder / "stacks").glob("Pulumi.*.yaml"):
        shutil.copy(file, folder / "before")
        text = file.read_text("utf-8")
        file.write_text(re.sub("(create: airflow-.*-viewers)", rf"\1\n        - create: {NAMED}", text), "utf-8")
    (folder / "token").write_text(TOKEN)
    (folder / "name").write_text(NAMED, "utf-8")
    (folder / "outputs.json").write_text(json.dumps(OUTPUTS))
    return Project(folder, forks)


def in_a_line(ended: Ended, code: int, *said: str) -> None:
    """It ended with this exit code and says this; not more than a line of its own, nothing of Python, no secret."""
    text = ended.out + ended.err
    assert ended.code == code, text
    assert ended.err.strip(), "nothing is said"
    assert not re.search(r"Traceback|Exception ignored|\b\w+(Error|Exception)\b", text), text
    assert "a mistake of this program's own" not in text
    assert SECRET not in text
    for words in said:
        assert words in ended.err


def test_every_command_has_a_row() -> None:
    assert sorted(TABLE) == sorted(commands())


@pytest.mark.parametrize("name", TABLE)
def test_every_option_that_names_a_file_is_in_trouble_somewhere(name: str) -> None:
    calls = " ".join((*TABLE[name].reads, *TABLE[name].writes))
    for parameter in commands()[name].params:
        if isinstance(parameter.type, click.Path | click.File):
            option = parameter.opts[0] if parameter.opts[0].startswith("-") else "{in}"
            assert f"{option} {{" in calls or option in TABLE[name].elsewhere or option in calls.split(), option


@pytest.mark.parametrize("name", [*TABLE, "no-such-command"])
def test_a_wrong_call_repeats_no_argument_as_a_command(project: Project, name: str) -> None:
    wrong = "a\n::error::x\033[2J"
    with project.forks.started(
        [*name.split(), "--stack", wrong, "--no-such", wrong], project.env, project.folder
    ) as it:
        ended = it.ended()
    if name != "federated":  # whose arguments are another program's
        in_a_line(ended, 2)
    assert "\n::error" not in ended.err
    assert "\033" not in ended.err


CLOSED, FULL = 141, 2
_HELP = {name: f"{name} --help" for name in TABLE}
PRINTS = {name: row.prints for name, row in TABLE.items() if row.prints} | {
    f"{name}, its help": call for name, call in _HELP.items()
}
prints = pytest.mark.parametrize("call", PRINTS.values(), ids=PRINTS)


@prints
def test_nobody_reads_the_result(project: Project, call: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with put_away(project, call), os.fdopen(writer, "w") as stdout:
        ended = project.forks.run(call.split(), project.env, project.folder, stdout)
    in_a_line(ended, CLOSED, "airflow-entra: standard output was closed before all of the result was written")


@prints
def test_the_disk_is_full(project: Project, call: str) -> None:
    with put_away(project, call), Path("/dev/full").open("w") as stdout:
        ended = project.forks.run(call.split(), project.env, project.folder, stdout)
    in_a_line(ended, FULL, "the disk is full; free some space")


@pytest.mark.parametrize("call", ["graph --stack dev", "check stacks/Pulumi.local.yaml"])
def test_there_is_no_standard_output(call: str) -> None:
    command = ["/bin/sh", "-c", f'exec "$0" -m airflow_entra.cli {call} >&-', sys.executable]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "airflow-entra: cannot write to standard output: it is closed\n")


@contextmanager
def put_away(project: Project, call: str) -> Iterator[None]:
    """What a call leaves running is stopped."""
    try:
        yield
    finally:
        if call == "local up":
            project.run("local down")


@pytest.fixture(scope="module", params=["latin-1", "LANG=C", "ASCII"])
def other_letters(request: pytest.FixtureRequest) -> Iterator[Forking]:
    """Python, started where it takes less than Unicode for its terminal, and for files of which nobody says more."""
    environments = {
        "latin-1": {"PYTHONIOENCODING": "latin-1"},
        "LANG=C": {"LC_ALL": "C"},
        "ASCII": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    }
    with forking(**environments[request.param]) as server:
        yield server


@pytest.mark.parametrize("call", {row.prints: 0 for row in TABLE.values() if row.prints})
def test_a_terminal_that_lacks_letters_shows_their_codes(project: Project, other_letters: Forking, call: str) -> None:
    with put_away(project, call):
        wide, ended = project.run(call), replace(project, forks=other_letters).run(call)
    assert ended.code == wide.code, ended.err
    shown = {
        wide.out.encode(letters, "backslashreplace").decode("latin-1") for letters in ("utf-8", "latin-1", "ascii")
    }
    assert unlike_by_run(ended.out.encode("utf-8", "surrogateescape").decode("latin-1")) in map(unlike_by_run, shown)


@pytest.mark.parametrize("call", {row.prints: 0 for row in TABLE.values() if row.prints})
def test_a_narrow_terminal_cuts_nothing(project: Project, call: str) -> None:
    with put_away(project, call):
        wide, ended = project.run(call), project.run(call, COLUMNS="40")
    assert (ended.code, unlike_by_run(ended.out)) == (wide.code, unlike_by_run(wide.out))


def unlike_by_run(text: str) -> str:
    """Without what another run has otherwise: times, ports, process ids."""
    return re.sub(r"\d+", "0", text.replace("is up", "is running already"))


TROUBLED: dict[str, tuple[Callable[[Path], object], str]] = {
    "not UTF-8": (lambda file: file.write_bytes(b"config:\n  a: \xff"), "UTF-8"),
    "a folder": (lambda file: file.mkdir(), ""),
    "not there": (lambda _: None, ""),
    "below a file": (lambda file: file.symlink_to("Pulumi.yaml/below"), ""),
    "a device that never ends": (lambda file: file.symlink_to("/dev/zero"), "it is a device or a named pipe"),
    "a named pipe": (lambda file: os.mkfifo(file), "it is a device or a named pipe"),
    "a file that the disk can't read": (lambda file: file.symlink_to("/proc/self/mem"), "Input/output error"),
}
troubled = pytest.mark.parametrize(("make", "said"), TROUBLED.values(), ids=TROUBLED)


@troubled
@rows(lambda row: row.stack)
def test_a_stack_file_that_is_none(project: Project, call: str, make: Callable[[Path], object], said: str) -> None:
    make(project.folder / "stacks" / "Pulumi.broken.yaml")
    ended = project.run(call.format(stack="broken"))
    if "bootstrap" in call and not ended.err.startswith(str(project.folder)):
        in_a_line(ended, 2)  # it looks at those that there are
    elif "import" in call and not (project.folder / "stacks" / "Pulumi.broken.yaml").exists():
        in_a_line(ended, 2)  # it makes one
    elif call.startswith("check"):
        assert ended.code == 2
        assert "stacks/Pulumi.broken.yaml:" in ended.out
    else:
        in_a_line(ended, 2, "stacks/Pulumi.broken.yaml", said)


@troubled
@pytest.mark.parametrize("call", [call for row in TABLE.values() for call in row.reads])
def test_a_file_that_is_none(project: Project, call: str, make: Callable[[Path], object], said: str) -> None:
    make(project.folder / "given.txt")
    ended = project.run(call.format(**{"in": "given.txt"}))
    assert ended.code == 2
    assert "given.txt" in ended.err + ended.out
    assert said in ended.err + ended.out
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("out", ["/dev/full", "docs", "Pulumi.yaml/x", "/proc/x", "x" * 300])
@pytest.mark.parametrize("call", [call for row in TABLE.values() for call in row.writes])
def test_a_file_that_cannot_be_written(project: Project, call: str, out: str) -> None:
    if "render" in call and out == "docs":
        out = "docs/is-no-folder"
        (project.folder / out).touch()
    in_a_line(project.run(call.format(out=out)), 2, out)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
def test_a_file_that_may_not_be_read_or_written(project: Project) -> None:
    file = project.folder / "stacks" / "Pulumi.prod.yaml"
    file.chmod(0)
    in_a_line(project.run("graph --stack prod"), 2, str(file))
    (project.folder / "docs").chmod(0o500)
    in_a_line(project.run("graph --stack dev --out docs/a.svg"), 2, "docs/a.svg", "permission")


_PENDING = {
    "type": "creating",
    "resource": {
        "urn": "urn:pulumi:prod::airflow-entra::azuread:index/application:Application::app",
        "custom": True,
        "type": "azuread:index/application:Application",
        "inputs": {"displayName": "Airflow", "tags": ["airflow-entra:prod"]},
    },
}
STATE = {"version": 3, "deployment": {"resources": [], "pending_operations": [_PENDING]}}
"""What an interrupted run leaves: who settles it has to ask the directory."""


def has_pulumi(project: Project, script: str = "cat ../state.json") -> None:
    """A `pulumi` that answers every call so. In its environment, arguments and output nothing is looked at."""
    (project.folder / "state.json").write_text(json.dumps(STATE))
    pulumi = project.folder / "bin" / "pulumi"
    pulumi.write_text(f"#!/bin/sh\ncd {project.folder / 'bin'}\n{script}\n")
    pulumi.chmod(0o755)


asks = rows(lambda row: row.asks)


@asks
def test_nobody_is_at_the_proxy(project: Project, call: str) -> None:
    has_pulumi(project)
    in_a_line(project.run(call), 2, "Connection refused")


@asks
def test_the_proxy_does_not_reach_the_tenant(project: Project, call: str) -> None:
    has_pulumi(project)
    with proxy(lambda connection: connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")) as url:
        in_a_line(project.run(call, HTTPS_PROXY=url), 2, "502 Bad Gateway")


@asks
def test_whoever_answers_is_not_the_tenant(project: Project, call: str) -> None:
    """A proxy that opens what is encrypted, with a certificate that nobody here trusts, or no HTTPS at all."""
    has_pulumi(project)
    with proxy(
        lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nplease pay for the airport's network")
    ) as url:
        in_a_line(project.run(call, HTTPS_PROXY=url), 2, "SSL")


@contextmanager
def proxy(answer: Callable[[socket.socket], object]) -> Iterator[str]:
    """One that answers every connection so, when it has been asked for anything."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                connection, _ = server.accept()
                with connection, suppress(OSError):
                    if over.is_set():
                        return
                    connection.recv(2**16)
                    answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        address = server.getsockname()
        try:
            yield f"http://127.0.0.1:{address[1]}"
        finally:
            over.set()
            socket.create_connection(address).close()
            thread.join()


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory, forks: Forking) -> Iterator[dict[str, str]]:
    """The environment in which Azure's names lead to a local tenant, and an identity of it."""
    there = made(tmp_path_factory.mktemp("tenant"), forks)
    world = World(there.folder, there.folder / ".local")
    found = tenants.start(world, 0)
    try:
        stack = world.declared("prod")
        tenants.seed(world, seed_for(stack.settings, identities(world).values()))
        yield {
            "HTTPS_PROXY": found.proxy,
            "SSL_CERT_FILE": str(found.ca_file),
            "ARM_CLIENT_ID": identities(world)[FULL_RIGHTS].client_id,
            "ARM_CLIENT_SECRET": identities(world)[FULL_RIGHTS].secret,
        }
    finally:
        tenants.stop(world)


@rows(lambda row: row.asks if not row.asks.startswith("federated") else "")  # asks its CI system, which is no tenant
def test_the_login_is_refused(project: Project, tenant: dict[str, str], call: str) -> None:
    has_pulumi(project)
    in_a_line(project.run(call, **tenant | {"ARM_CLIENT_SECRET": SECRET}), 2, "AADSTS7000215")


@rows(lambda row: row.pulumi)
def test_there_is_no_pulumi(project: Project, call: str) -> None:
    in_a_line(project.run(call), 2, "there is no pulumi on PATH")


@rows(lambda row: row.pulumi)
def test_pulumi_answers_with_nonsense(project: Project, tenant: dict[str, str], call: str) -> None:
    has_pulumi(project, "echo ${PULUMI_CONFIG_PASSPHRASE}; echo ${ARM_CLIENT_SECRET} >&2")
    ended = project.run(call, **tenant)
    in_a_line(ended, 2)
    assert tenant["ARM_CLIENT_SECRET"] not in ended.out + ended.err


@rows(lambda row: row.pulumi)
def test_pulumi_is_killed(project: Project, tenant: dict[str, str], call: str) -> None:
    has_pulumi(project, "kill -9 $$")
    ended = project.run(call, **tenant)
    in_a_line(ended, 2)
    assert "signal 9" in ended.out + ended.err


@rows(lambda row: row.pulumi)
def test_pulumi_may_not_be_run(project: Project, tenant: dict[str, str], call: str) -> None:
    has_pulumi(project)
    (project.folder / "bin" / "pulumi").write_text("this is no program")
    in_a_line(project.run(call, **tenant), 2, "pulumi")


INTERRUPTED = 130
IN_A_FILE = {
    name: (row.held or f"{row.stack.format(stack='held')} @stacks/Pulumi.held.yaml").split(" @")
    for name, row in TABLE.items()
    if row.held or row.stack
}


def test_every_command_waits_for_something() -> None:
    assert sorted(TABLE) == sorted({*IN_A_FILE, *(name for name, row in TABLE.items() if row.asks)})


@pytest.mark.parametrize(("call", "place"), IN_A_FILE.values(), ids=IN_A_FILE)
def test_ctrl_c_while_it_reads(project: Project, call: str, place: str) -> None:
    if place.startswith("stacks/"):  # a named pipe is no stack file, and one that is handed on may be
        ctrl_c_while_it_reads_a_pipe(project, call, project.folder / place)
        return
    pipe = project.folder / place
    pipe.parent.mkdir(parents=True, exist_ok=True)
    if place.startswith("site"):  # what it starts waits
        (pipe.parent / "sitecustomize.py").write_text(f"open({str(pipe)!r}).read()")
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    with project.started(call, PYTHONPATH=str(project.folder / "site")) as running, pipe.open("wb"):
        running.interrupt()  # it has opened the pipe: opening its other end waits for that
        in_a_line(running.ended(), INTERRUPTED, "airflow-entra: interrupted")


def ctrl_c_while_it_reads_a_pipe(project: Project, call: str, file: Path) -> None:
    file.unlink(missing_ok=True)
    file.symlink_to("/dev/stdin")
    ends = os.pipe()
    with os.fdopen(ends[0], "rb", 0) as stdin, os.fdopen(ends[1], "wb", 0) as begun:
        begun.write(b"#")
        with project.started(call, stdin) as running:
            while fcntl.ioctl(stdin, termios.FIONREAD, b"\0" * 4) != b"\0" * 4:
                os.sched_yield()
            running.interrupt()
            in_a_line(running.ended(), INTERRUPTED, "airflow-entra: interrupted")


@pytest.mark.parametrize("call", [call for row in TABLE.values() for call in row.reads])
def test_what_another_program_writes_is_read_once(project: Project, call: str) -> None:
    """As the shell's <(command) hands it on."""
    right = {"check": project.folder / "stacks" / "Pulumi.prod.yaml", "--outputs": project.folder / "outputs.json"}
    content = next((file.read_bytes() for word, file in right.items() if word in call), TOKEN.encode())
    (project.folder / "given").symlink_to("/dev/stdin")
    ends = os.pipe()
    with os.fdopen(ends[0], "rb", 0) as stdin, os.fdopen(ends[1], "wb", 0) as writer:
        writer.write(content)  # fits into the pipe
        writer.close()
        with project.started(call.format(**{"in": "given"}), stdin) as running:
            ended = running.ended()
    assert not re.search(r"Traceback|mistake|a device", ended.err), ended.err
    assert "check" not in call or ended.code == 0, ended.err


@asks
def test_ctrl_c_while_the_directory_is_asked(project: Project, call: str) -> None:
    has_pulumi(project)
    asked, over = threading.Event(), threading.Event()

    def silent(_: socket.socket) -> None:
        asked.set()
        over.wait(60)

    with proxy(silent) as url, project.started(call, HTTPS_PROXY=url) as running:
        assert asked.wait(60)
        running.interrupt()
        in_a_line(running.ended(), INTERRUPTED, "airflow-entra: interrupted")
        over.set()


@rows(lambda row: row.pulumi)
def test_ctrl_c_while_pulumi_works(project: Project, tenant: dict[str, str], call: str) -> None:
    at_work, more = project.folder / "at-work", project.folder / "more"
    for pipe in (at_work, more):
        os.mkfifo(pipe)
    has_pulumi(project, f"echo > {at_work}; exec cat {more}")
    with project.started(call, **tenant) as running:
        at_work.read_text()
        running.interrupt()
        in_a_line(running.ended(), INTERRUPTED, "airflow-entra: interrupted")


def test_ctrl_c_at_a_question(project: Project) -> None:
    (project.folder / ".local").mkdir()
    person, terminal = os.openpty()
    with os.fdopen(person, "rb", 0), os.fdopen(terminal, "rb", 0) as stdin, project.started("local reset", stdin) as it:
        while "Delete" not in it.said():
            os.sched_yield()
        it.interrupt()
        in_a_line(it.ended(), INTERRUPTED, "airflow-entra: interrupted; nothing was done")
    assert (project.folder / ".local").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with no room left."""
    place = tmp_path / "small"
    place.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", place]).returncode:
        pytest.skip("a file system of one's own takes root, and a container that lets root mount")
    try:
        with suppress(OSError), (place / "filler").open("wb", 0) as filler:
            while True:
                filler.write(b"x" * 4096)
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


@pytest.mark.parametrize("call", [call for row in TABLE.values() for call in row.writes])
def test_a_file_on_a_full_disk(project: Project, small_disk: Path, call: str) -> None:
    in_a_line(project.run(call.format(out=small_disk / "out")), 2, "small/out", "the disk is full")
    assert [path.name for path in small_disk.rglob("*") if path.is_file() and path.stat().st_size] == ["filler"]


@pytest.mark.parametrize("call", ["local up", "local seed --people 1", "local clock"])
def test_the_local_world_on_a_full_disk(project: Project, small_disk: Path, call: str) -> None:
    has_pulumi(project)
    in_a_line(project.run(call, AIRFLOW_ENTRA_LOCAL=str(small_disk / "world")), 2, "small/", "disk is full")
