"""Every command with --stack is the same on the local tenant and in Azure: what is typed, what is said, how it ends.

`local` is called as a user calls it, with nothing of a world in the environment. `lunar` has the same access in another
environment, so its target is Azure: it is called inside `local run`, where Azure's names lead to the same tenant.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from airflow_entra.cli import main
from airflow_entra.local import tenant as tenants
from airflow_entra.local.deploy import deploy
from airflow_entra.local.people import NESTED, PEOPLE, group_id
from airflow_entra.local.world import World
from tests.deploy.deployment import PROJECT, Deployment, assert_no_process_left

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

CALLS = (
    "audit --stack {stack} --format csv --table access",
    "audit --stack {stack} --format csv --table findings",
    "audit --stack {stack} --drift --format csv --table drift",
    "check --stack {stack}",
    "explain --stack {stack} --person ada",
    "explain --stack {stack} --person ines",
    "explain --stack {stack} --role Viewer",
    "graph --stack {stack}",
    "import --stack {stack} --application {application}",
    "import --stack {stack} --users users.json --out {folder}/{stack}-users.yaml",
    "preview --stack {stack} --base {stacks}",
    "preview --stack {stack} --base {stacks} --refresh --expect-no-changes --format markdown",
    "recover --stack {stack}",
    "render --stack {stack} --target roles",
    "rotate --stack {stack}",
    "rotate --stack {stack} --dry-run",
    "rotate --stack {stack} --now --dry-run",
    "who --stack {stack}",
    "who --stack {stack} zoe",
    "diff {stacks}/Pulumi.{stack}.yaml {folder}/Pulumi.{stack}.yaml --people",
)
NOT_DEPLOYED = (
    "audit --stack {stack}",
    "explain --stack {stack} --person ada",
    "preview --stack {stack} --no-policies --base {stacks}",
    "recover --stack {stack}",
    "render --stack {stack} --target env",
    "rotate --stack {stack}",
    "who --stack {stack}",
)
_MASKS = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<id>"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|\+00:00| UTC)?", "<moment>"),
    (r"\d{4}-\d\d-\d\d", "<day>"),
    (r"\d+(\.\d+)? ?s\b", "<seconds>"),
    (r"\b[0-9a-f]{32,}\b", "<hash>"),
    (r'(airflow-local-\w+)-[0-9a-f]{8}"', r'\1-<hash>"'),  # of the group's name and the stack's
    (r'"expires": \d+', '"expires": <moment>'),
    (r'"logoutUrl": "[^"]*", ', ""),  # Entra takes one at an https address alone
    (r"[ \t]+", " "),
    (r"-{3,}|─+", "--"),
)


@dataclass(frozen=True)
class Ended:
    """`said` are lines in the order of the alphabet: Pulumi makes at once what doesn't depend on each other."""

    code: int
    said: list[str]


@dataclass(frozen=True)
class Both:
    """A world with the two stacks, and what is called in it."""

    deployment: Deployment
    folder: Path

    def call(self, words: str, stack: str) -> Ended:
        world = self.deployment.world
        application = words.count("{application}") and self.deployment.outputs(stack)["clientId"]
        filled = words.format(stack=stack, application=application, folder=self.folder, stacks=world.stacks)
        called = {name: value for name, value in os.environ.items() if not name.startswith(("ARM_", "PULUMI_"))}
        environment = {
            **called,
            "AIRFLOW_ENTRA_LOCAL": str(world.home),
            "AIRFLOW_ENTRA_STACKS": str(world.stacks),
            "AIRFLOW_ENTRA_LOCAL_PORT": "0",
        }
        if stack != "local":
            environment = self.deployment.session(stack).environment
        done = subprocess.run(
            [sys.executable, "-m", "airflow_entra.cli", *shlex.split(filled.replace("users.json", str(self.users)))],
            cwd=PROJECT,
            env={**environment, "COLUMNS": "200"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Ended(done.returncode, _comparable(done.stdout + done.stderr))

    @property
    def users(self) -> Path:
        file = self.folder / "users.json"
        file.write_text(json.dumps([{"username": "ada", "email": "ada@contoso.com", "roles": "Admin"}]))
        return file


def _comparable(said: str) -> list[str]:
    """What was said without what has to differ: names of the stack, ids, moments."""
    for mine, theirs in (
        ("pulumi up --stack lunar --policy-pack policies", "airflow-entra local deploy --stack local"),
        ("https://lunar.contoso.com", "http://localhost:8080"),
        ("https://lunar2.contoso.com", "http://localhost:8081"),
        ("lunar", "local"),
        ("development", "local"),
    ):
        said = said.replace(mine, theirs)
    for mask, shown in _MASKS:
        said = re.sub(mask, shown, said)
    return sorted(said.splitlines())


def _both(folder: Path) -> Iterator[Both]:
    stacks = folder / "stacks"
    stacks.mkdir()
    shutil.copy(PROJECT / "stacks" / "Pulumi.local.yaml", stacks)
    text = (stacks / "Pulumi.local.yaml").read_text().replace("environment: local", "environment: development")
    text = text.replace("http://localhost:8080", "https://lunar.contoso.com")
    text = text.replace("http://localhost:8081", "https://lunar2.contoso.com")
    (stacks / "Pulumi.lunar.yaml").write_text(text.replace("-local", "-lunar"))
    for stack in ("local", "lunar"):  # for `diff`: nobody is an Admin any more
        file = stacks / f"Pulumi.{stack}.yaml"
        (folder / file.name).write_text(file.read_text().replace(f"airflow-{stack}-admins", f"airflow-{stack}-nobody"))
    deployment = Deployment(World(PROJECT, folder / "world", stacks))
    try:
        yield Both(deployment, folder)
    finally:
        for live in deployment.lives:
            live.close()
        tenants.stop(deployment.world)
        assert_no_process_left(deployment.world)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, engine: Path) -> Iterator[Both]:
    """Nothing is deployed, and no tenant runs."""
    assert (engine / "pulumi").exists()
    yield from _both(tmp_path_factory.mktemp("fresh"))


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, engine: Path) -> Iterator[Both]:
    """Both stacks, with the same people in their groups."""
    assert (engine / "pulumi").exists()
    for both in _both(tmp_path_factory.mktemp("deployed")):
        for stack in ("local", "lunar"):
            deploy(both.deployment.session(stack), stack, say=both.deployment.said.append)
        _admit(both.deployment)
        yield both


def _admit(deployment: Deployment) -> None:
    """A deployment admits people to a local stack's groups alone."""
    live = deployment.live()
    ids = {
        group["displayName"].replace("-lunar-", "-local-"): group["id"]
        for group in live.groups()
        if "-lunar-" in group["displayName"]
    }
    members = [(person.object_id, group) for person in PEOPLE for group in person.groups]
    for member, group in [*members, *((group_id(inner), outer) for inner, outer in NESTED.items())]:
        if group in ids:
            reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{member}"}
            live.graph.post(f"/groups/{ids[group]}/members/$ref", reference)


@pytest.mark.parametrize("words", NOT_DEPLOYED)
def test_before_the_stack_is_deployed(fresh: Both, words: str) -> None:
    assert fresh.call(words, "local") == fresh.call(words, "lunar")


@pytest.mark.parametrize("words", CALLS)
def test_of_a_deployed_stack(deployed: Both, words: str) -> None:
    assert deployed.call(words, "local") == deployed.call(words, "lunar")


def test_every_command_with_a_stack_is_called() -> None:
    with_stack = {
        name
        for name, command in _commands(main).items()
        if any(option.name in ("stack", "stacks") for option in command.params)
    }
    assert with_stack - {"bootstrap"} <= {
        words.split()[0] for words in CALLS
    }  # which no local stack has a pipeline for


def test_what_docs_and_hints_print_for_the_local_stack_is_called_so() -> None:
    sources = [PROJECT / "README.md", *(PROJECT / "docs").glob("*.md"), *(PROJECT / "airflow_entra").rglob("*.py")]
    printed = {
        (file.name, words)
        for file in sources
        for words in re.findall(r"airflow-entra ((?!local\b)[a-z]+)[^`\n]* --stack local", file.read_text("utf-8"))
    }
    assert printed
    assert {words for _, words in printed} <= {words.split()[0] for words in CALLS}


def _commands(group: click.Group) -> dict[str, click.Command]:
    context = click.Context(group)
    found = {name: group.get_command(context, name) for name in group.list_commands(context)}
    return {name: command for name, command in found.items() if command and not isinstance(command, click.Group)}
