"""airflow-entra preview, as it is called: on the local tenant, through the real engine."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from click.testing import CliRunner, Result

from airflow_entra.cli import main
from airflow_entra.directory.credentials import GRAPH
from airflow_entra.local import tenant as tenants
from airflow_entra.local.world import World
from airflow_entra.report.preview_markdown import MARKER
from tests.deploy.deployment import PROJECT, Deployment, Live, assert_no_process_left, processes_of, through
from tests.preview.fake_pulumi import install

COMMAND = [sys.executable, "-m", "airflow_entra.cli", "preview"]
SECRET_SCOPE = "https://vault.azure.net/.default"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, engine: Path) -> Iterator[Deployment]:
    """A world in which stack local is deployed; then its file gets a new group, and dev's breaks a policy."""
    assert (engine / "pulumi").exists()
    folder = tmp_path_factory.mktemp("previewed")
    shutil.copytree(PROJECT / "stacks", folder / "stacks")
    for name in ("prod", "staging"):
        (folder / "stacks" / f"Pulumi.{name}.yaml").unlink()
    world = World(PROJECT, folder / "world", folder / "stacks")
    deployment = Deployment(world)
    deployment.up("local")
    shutil.copytree(folder / "stacks", folder / "base")
    roles = deployment.read("local", "roles")
    roles["Admin"]["groups"].append({"create": "airflow-local-oncall"})
    deployment.write("local", "roles", roles)
    deployment.edit("dev", "signIn", airflowSession="20h")
    yield deployment
    for live in deployment.lives:
        live.close()
    tenants.stop(world)
    assert_no_process_left(world)


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file's content; a folder's time tells of files that came and went."""
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mtime_ns if path.is_dir() else 0,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in folder.rglob("*")
        if not path.is_symlink()
    }


def preview(deployed: Deployment, *options: str) -> subprocess.CompletedProcess[str]:
    """Run it; whatever it finds, neither the backend nor a stack file is touched, not even for a moment."""
    environment = session_environment(deployed)
    rooms = (deployed.world.backend, deployed.world.stacks, deployed.world.workspace)
    before = [snapshot(room) for room in rooms]
    done = subprocess.run(
        [*COMMAND, *options], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    assert [snapshot(room) for room in rooms] == before
    deployed.said.append(done.stdout + done.stderr)
    return done


def session_environment(deployed: Deployment) -> dict[str, str]:
    return deployed.session("local", "dev").environment


def secrets_of(deployed: Deployment) -> list[str]:
    """The client secret that the stack has made, from its vault, and the deploying identity's own."""
    environment = session_environment(deployed)
    with through(deployed.session("local")) as http:
        form = {
            "grant_type": "client_credentials",
            "client_id": environment["ARM_CLIENT_ID"],
            "client_secret": environment["ARM_CLIENT_SECRET"],
            "scope": SECRET_SCOPE,
        }
        tenant = environment["ARM_TENANT_ID"]
        token = http.post(f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token", data=form).json()
        uri = deployed.outputs()["credential"]["secretUri"]
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        value = http.get(uri, params={"api-version": "7.4"}, headers=headers).json()["value"]
    return [value, environment["ARM_CLIENT_SECRET"]]


@pytest.mark.engine
def test_one_comment_for_two_stacks(deployed: Deployment, tmp_path: Path) -> None:
    out = tmp_path / "comment.md"
    base = str(deployed.world.stacks.parent / "base")
    done = preview(deployed, "--all", "--base", base, "--format", "markdown", "--out", str(out))
    comment = out.read_text()
    assert done.returncode == 1, done.stderr
    first, *lines = comment.splitlines()
    plain = first.replace("\\", "")
    assert "2 stacks previewed, 1 error (dev)." in plain
    assert "Access: 1 role gained by groups, 0 lost" in plain
    assert done.stdout.strip() == plain.strip("*")
    assert lines[-1] == MARKER
    assert "| gains | **Admin** | airflow-local-oncall | new group |" in comment
    (violated,) = [row for row in lines if "`policy/session-limit`" in row]
    assert violated.startswith("| **error** | dev: the stack | airflowSession is 20h `policy/session-limit` |")
    assert violated.endswith("| Set it to at most 12h |")
    assert "+ airflow-local-oncall  azuread:GroupWithoutMembers  (create)" in comment
    assert "+ Admin/airflow-local-oncall  azuread:AppRoleAssignment  (create)" in comment
    assert "<details><summary><code>dev</code>: new stack: " in comment
    assert "<details><summary><code>local</code>: 2 to create" in comment
    assert sorted(done.stderr.splitlines()[:2]) == ["dev: previewing ...", "local: previewing ..."]
    assert len(re.findall(r"^(dev|local): .* s\)$", done.stderr, re.MULTILINE)) == 2
    assert not deployed.world.checkpoint("dev").exists()
    for secret in secrets_of(deployed):
        assert not any(secret in text for text in [comment, *deployed.said])


@pytest.mark.engine
def test_a_preview_that_is_ended_half_way_leaves_nothing(deployed: Deployment, tmp_path: Path) -> None:
    out = tmp_path / "comment.md"
    out.write_text("the one from before")
    environment = session_environment(deployed) | {"TMPDIR": str(tmp_path)}
    before = running(deployed)
    with subprocess.Popen(
        [*COMMAND, "--all", "--out", str(out)],
        cwd=PROJECT,
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        until_a_provider_runs(process)
        process.send_signal(signal.SIGTERM)
        said = process.communicate()[1]
    assert running(deployed) <= before
    assert process.returncode == 128 + signal.SIGTERM
    assert "airflow-entra: interrupted; run the same command again, and it goes on" in said
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    assert out.read_text() == "the one from before"


def running(deployed: Deployment) -> set[str]:
    return {line.split()[0] for line in processes_of(deployed.world)}


def until_a_provider_runs(process: subprocess.Popen[str]) -> None:
    command = psutil.Process(process.pid)
    while process.poll() is None:
        with suppress(psutil.NoSuchProcess):
            if any("engine.standins.server" in child.cmdline() for child in command.children(recursive=True)):
                return
        time.sleep(0.02)
    pytest.fail(f"it ended before: {process.communicate()}")


@pytest.mark.engine
def test_the_nightly_run_says_what_was_changed_by_hand(deployed: Deployment) -> None:
    deployed.lives.append(live := Live(deployed.session("local")))
    (group,) = [one for one in live.graph.pages("/groups") if one["displayName"] == "airflow-local-viewers"]
    with through(deployed.session("local")) as http:
        http.patch(
            f"{GRAPH.removesuffix('.default')}v1.0/groups/{group['id']}",
            json={"description": "changed by hand"},
            headers={"Authorization": f"Bearer {live._token(GRAPH)}"},
        ).raise_for_status()
    options = ("--stack", "local", "--refresh", "--expect-no-changes", "--no-policies", "--format", "json")
    done = preview(deployed, *options, "--base", str(deployed.world.stacks))
    assert done.returncode == 1, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    (stack,) = document["stacks"]
    assert [(step["name"], step["changes"]) for step in stack["drift"]] == [
        (
            "airflow-local-viewers",
            [{"path": "description", "before": "Airflow Viewer; managed by airflow-entra", "after": "changed by hand"}],
        )
    ]
    assert stack["changes"] == {"create": 2, "update": 1}
    assert document["access"]["changed"] is False
    found = [(finding["id"], finding["stack"]) for finding in document["findings"]]
    assert found == [("preview/changes", "local"), ("drift/changed", "local")]


def call(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, ["preview", *arguments], env=environment)


@pytest.fixture
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project outside of git, without an engine on PATH and outside of the local world."""
    project = tmp_path / "project"
    shutil.copytree(PROJECT / "stacks", project / "stacks")
    shutil.copy(PROJECT / "Pulumi.yaml", project)
    (project / "__main__.py").touch()
    monkeypatch.chdir(project)
    monkeypatch.setenv("PATH", os.defpath)
    for name in [name for name in os.environ if name.startswith(("AIRFLOW_ENTRA_", "PULUMI_", "GITHUB_"))]:
        monkeypatch.delenv(name)
    return project


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--stack", "nosuch"], "there is one for: dev, local, prod, staging"),
        (["--stack", "dev", "--all"], "say one of them"),
        (["--stack", "dev", "--base", "nosuch"], "nosuch is no file or folder, and no git revision"),
        (["--stack", "dev"], "holds no policy pack"),
        (["--stack", "dev", "--no-policies"], "there is no pulumi on PATH"),
        (["--no-policies", "--jobs", "0"], "0 is not in the range"),
        (["--no-policies", "--out", "no/such/folder.md"], "no/such is no folder"),
    ],
)
def test_what_is_wrong_with_the_call_is_said_before_anything_runs(
    somewhere: Path, arguments: list[str], said: str
) -> None:
    result = call(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr.replace("\n", " ")
    assert result.stdout == ""


def test_a_wrong_stack_file_ends_it_with_its_place(somewhere: Path) -> None:
    file = somewhere / "stacks" / "Pulumi.prod.yaml"
    file.write_text(file.read_text().replace("guests: refuse", "guests: maybe"))
    result = call("--stack", "dev", "--no-policies")
    assert result.exit_code == 2
    assert re.search(r"^stacks/Pulumi\.prod\.yaml:\d+:13:", result.stderr, re.MULTILINE)


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
def test_a_local_stack_is_previewed_on_the_local_tenant_where_it_is_named_or_the_only_one(somewhere: Path) -> None:
    world = World(somewhere, somewhere / ".local")
    try:
        named = call("--stack", "local", "--no-policies", "--port", "0", "--format", "json")
        for name in ("dev", "prod", "staging"):
            world.stack_file(name).unlink()
        alone = call("--all", "--no-policies", "--port", "0", "--format", "json")
        for result in (named, alone):
            assert result.exit_code == 0, result.stderr
            (stack,) = json.loads(result.stdout)["stacks"]
            assert (stack["stack"], stack["outcome"], stack["new"]) == ("local", "previewed", True)
    finally:
        tenants.stop(world)


def test_every_stack_but_the_local_one_where_there_is_no_local_tenant(
    somewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.pathsep.join((str(install(tmp_path / "bin")), os.defpath)))
    notes = tmp_path / "notes"
    notes.mkdir()
    result = call("--no-policies", "--format", "json", FAKE_NOTES=str(notes), PULUMI_BACKEND_URL="real")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert [(one["stack"], one["outcome"]) for one in document["stacks"]] == [
        ("dev", "previewed"),
        ("prod", "previewed"),
        ("staging", "previewed"),
    ]
    (left,) = document["notPreviewed"]
    assert left.startswith("local (it is for the local tenant")
    assert "is in no git repository" in document["noAccess"]
    assert document["access"] is None


@pytest.mark.parametrize("workspace", [True, False])
def test_from_a_folder_below_the_places_are_those_of_the_stack_files(
    somewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workspace: bool
) -> None:
    base = tmp_path / "base"
    shutil.copytree(somewhere / "stacks", base)
    prod = somewhere / "stacks" / "Pulumi.prod.yaml"
    prod.write_text(prod.read_text().replace("- create: airflow-prod-admins", "- create: airflow-dev-admins"))
    shutil.copy(somewhere / "stacks" / "Pulumi.staging.yaml", somewhere / "stacks" / "Pulumi.locked.yaml")
    (somewhere / "docs").mkdir()
    monkeypatch.chdir(somewhere / "docs")
    monkeypatch.setenv("PATH", os.pathsep.join((str(install(tmp_path / "bin")), os.defpath)))
    if workspace:
        monkeypatch.setenv("GITHUB_WORKSPACE", str(somewhere))
    stacks = ("--stack", "prod", "--stack", "locked")
    options = (*stacks, "--no-policies", "--format", "github", "--base", str(base))
    result = call(*options, FAKE_NOTES=str(tmp_path), PULUMI_BACKEND_URL="real")
    places = re.findall(r"^::\w+ file=([^,]*),", result.stdout, re.MULTILINE)
    assert {"stacks/Pulumi.prod.yaml", "stacks/Pulumi.locked.yaml"} <= set(places), result.output
    assert all((somewhere / place).is_file() for place in places)


def test_only_the_named_stacks_access_and_what_is_wrong_between_all(
    somewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tmp_path / "base"
    shutil.copytree(somewhere / "stacks", base)
    for stack, group in (("dev", "airflow-dev-admins"), ("prod", "airflow-prod-admins")):
        file = somewhere / "stacks" / f"Pulumi.{stack}.yaml"
        file.write_text(file.read_text().replace(f"- create: {group}", "- create: airflow-shared-admins"))
    monkeypatch.setenv("PATH", os.pathsep.join((str(install(tmp_path / "bin")), os.defpath)))
    options = ("--stack", "prod", "--no-policies", "--format", "json", "--base", str(base))
    result = call(*options, FAKE_NOTES=str(tmp_path), PULUMI_BACKEND_URL="real")
    assert result.exit_code == 1, result.stderr
    document = json.loads(result.stdout)
    assert [one["stack"] for one in document["access"]["stacks"]] == ["prod"]
    assert [one["id"] for one in document["findings"] if one["severity"] == "error"] == [
        "across/admin-of-two-environments"
    ] * 2
    assert document["summary"].startswith("1 stack previewed, 2 errors.")
