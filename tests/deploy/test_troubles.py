"""What goes wrong on a real machine: each time a clear message, and no state lost."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from airflow_entra.errors import UserError
from airflow_entra.local import tenant as tenants
from airflow_entra.local.world import World
from tests.deploy.deployment import PROJECT, Deployment, captured

pytestmark = pytest.mark.engine


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(PROJECT, tmp_path / "world")
    yield world
    tenants.stop(world)


def command(world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "AIRFLOW_ENTRA_LOCAL": str(world.home), "AIRFLOW_ENTRA_STACKS": str(world.stacks)}
    return subprocess.run(
        [sys.executable, "-m", "airflow_entra.cli", *arguments],
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_up_status_down(world: World) -> None:
    assert command(world, "local", "status").returncode == 1
    up = command(world, "local", "up", "--port", "0")
    assert (up.returncode, up.stderr) == (0, "")
    assert "The local tenant is up: http://localhost:" in up.stdout
    assert "running already" in command(world, "local", "up", "--port", "0").stdout
    assert "running    process" in command(world, "local", "status").stdout
    assert "its state is kept" in command(world, "local", "down").stdout
    assert "No local tenant is running" in command(world, "local", "down").stdout


def test_a_port_in_use_is_named_with_the_way_out(world: World) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        up = command(world, "local", "up", "--port", str(port))
    assert up.returncode == 2
    assert str(port) in up.stderr
    assert "--port" in up.stderr
    assert "Traceback" not in up.stderr


def test_a_stale_process_file_is_no_running_tenant(world: World) -> None:
    world.prepare()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for name, content in (
        ("process.json", {"pid": ended.pid, "created": 1.0}),
        ("ready.json", {"pid": ended.pid, "httpPort": 1, "proxyPort": 2, "caFile": "x"}),
    ):
        (world.tenant / name).write_text(json.dumps(content))
    assert tenants.running(world) is None
    assert tenants.was_killed(world)
    assert tenants.start(world, 0).http_port > 1


def test_a_process_file_with_another_programs_number_stops_nobody(world: World) -> None:
    world.prepare()
    (world.tenant / "process.json").write_text(json.dumps({"pid": os.getpid(), "created": 1.0}))
    assert not tenants.stop(world)
    assert psutil.pid_exists(os.getpid())


def test_a_killed_tenant_goes_on_with_its_state(deployment: Deployment) -> None:
    deployment.up()
    world = deployment.world
    tenant = tenants.running(world)
    assert tenant is not None
    os.kill(tenant.pid, signal.SIGKILL)
    psutil.Process(tenant.pid).wait(10) if psutil.pid_exists(tenant.pid) else None
    status = command(world, "local", "status")
    assert (status.returncode, "was killed" in status.stdout) == (1, True)
    again = command(world, "local", "up", "--port", "0")
    assert "goes on with the state it had" in again.stderr
    assert deployment.preview() == []


def test_two_deployments_at_once_do_not_fight(deployment: Deployment) -> None:
    world = deployment.world
    environment = {**os.environ, "AIRFLOW_ENTRA_LOCAL": str(world.home), "AIRFLOW_ENTRA_STACKS": str(world.stacks)}
    deploy = [sys.executable, "-m", "airflow_entra.cli", "local", "deploy", "--port", "0"]
    both = [
        subprocess.Popen(
            deploy, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    ends = [(*process.communicate(), process.returncode) for process in both]
    codes = sorted(code for *_, code in ends)
    assert codes in ([0, 0], [0, 2]), ends
    for _, stderr, code in ends:
        assert "Traceback" not in stderr
        assert code == 0 or "another deployment of stack local is running" in stderr
    assert deployment.preview() == []
    (_application,) = deployment.live().applications()


def test_the_world_is_not_removed_from_under_a_deployment(deployment: Deployment) -> None:
    world = deployment.world
    world.home.mkdir(parents=True, exist_ok=True)
    with (world.home / "deploy-local.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = command(world, "local", "reset", "--yes")
        assert refused.returncode == 2
        assert "another deployment of stack local is running" in refused.stderr
        assert "end it with Ctrl-C, or wait until it ends" in refused.stderr
    assert world.home.exists()


def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path) -> None:
    home = tmp_path / "small"
    home.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(home)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"this user can't mount a small file system: {mounted.stderr.strip()}")
    try:
        (home / "ballast").write_bytes(b"x" * 60 * 1024)
        with pytest.raises(UserError, match="disk"):
            tenants.start(World(PROJECT, home / "world"), 0)
        (home / "ballast").unlink()
    finally:
        subprocess.run(["umount", "--lazy", str(home)], check=True)


def test_a_wrong_stack_file_starts_nothing(deployment: Deployment) -> None:
    deployment.edit("local", "signIn", tokenLifetime="25h")
    for arguments in (("deploy",), ("run", "--", "pulumi", "preview", "--stack", "local")):
        done = command(deployment.world, "local", arguments[0], "--port", "0", *arguments[1:])
        assert done.returncode == 2
        assert done.stderr.strip() == mistake(deployment)
        assert "Traceback" not in done.stderr
    assert tenants.running(deployment.world) is None


def mistake(deployment: Deployment) -> str:
    """The one that `check` finds, as a terminal shows it."""
    checked = command(deployment.world, "check", "--format", "json", str(deployment.world.stack_file("local")))
    (found,) = json.loads(checked.stdout)["findings"]
    return (
        f"{found['where']}: error: {found['what']} [{found['id']}]\n  right: {found['right']}\n  fix:   {found['fix']}"
    )


def in_a_row(text: str) -> str:
    """Pulumi indents what a program says."""
    return " ".join(text.split())


def test_pulumi_itself_says_the_same_words(deployment: Deployment) -> None:
    session = deployment.session("local")
    session.pulumi("local")
    live = deployment.live()
    deployment.edit("local", "signIn", tokenLifetime="25h")
    said = captured(session, ["pulumi", "preview", "--stack", "local", "--non-interactive"])
    assert said.returncode != 0
    assert in_a_row(mistake(deployment)) in in_a_row(said.stdout + said.stderr)
    assert "Traceback" not in said.stdout + said.stderr
    assert live.applications() == []
