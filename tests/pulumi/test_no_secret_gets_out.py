"""Every command that runs Pulumi, with a Pulumi that says all that it knows: no secret gets out.

The commands are found, not listed: one that reaches a module that starts Pulumi has to have its calls here.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import grimp
import pytest
import yaml

from airflow_entra.local import tenant as tenants
from airflow_entra.local.run import Session, open_session
from airflow_entra.local.world import World
from tests.deploy.deployment import PROJECT, assert_no_process_left
from tests.deployed.worlds import unpacked
from tests.pulumi.chatty_pulumi import install, opened_by_nobody

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

IMPORTED = "c0ffee00-0000-4000-8000-00000000beef"
CALLS: Mapping[str, list[list[str]]] = {
    "audit": [["audit", "--stack", "local", "--drift"]],
    "bootstrap": [["bootstrap", "--github", "contoso/airflow", "--yes"], ["bootstrap", "--github", "contoso/airflow"]],
    "federated": [["federated", "--", "pulumi", "up", "--yes", "--stack", "prod"]],
    "import_": [["import", "--stack", "prod", "--application", IMPORTED]],
    "local": [
        ["local", "deploy", "--stack", "local"],
        ["local", "run", "--", "pulumi", "up", "--yes", "--stack", "local"],
        ["local", "run", "--", "pulumi", "stack", "export", "--stack", "local"],
    ],
    "preview": [["preview", "--stack", "local"], ["preview", "--stack", "local", "--format", "json", "--refresh"]],
    "recover": [["recover", "--stack", "local"]],
    "render": [["render", "--stack", "prod", "--target", "env"]],
    "rotate": [
        ["rotate", "--stack", "local", "--now"],
        ["rotate", "--stack", "local", "--now", "--dry-run"],
        ["rotate", "--stack", "local", "--format", "json"],
    ],
}
"""A command's module -> its calls."""
ONLY_IMPORTS = {
    "diff": "asks the directory alone",
    "explain": "asks the directory alone",
    "who": "asks the directory alone",
    "airflow": "takes the environment of a session, and reads a stack's outputs from the local backend",
    "watch": "the same",
}
ENDINGS = ("fails", "fails later", "babbles", "answers")

MARK = re.compile(r"(?=[A-Za-z]*\d)[A-Za-z0-9]{7,}")
"""The parts of a secret by which it would be recognised: letters and digits, with a digit among them."""
# Made up; put together here, so that no scanner takes this file for a leak.
SECRETS = {
    "ARM_CLIENT_CERTIFICATE_PASSWORD": 'qu0ted7word "and" back\\sl4shed9word, with ü & 100%',
    "ARM_OIDC_TOKEN": "eyJhbGciOiJub25l" + "." + "eyJzdWIiOiJhZGEtbG92ZWxhY2UifQ" + "." + "c2lnbmF0dXJlLW9mLW5vYm9keQ",
    "AZURE_CLIENT_SECRET": "abc" + "8Q~" + "dEfGhIjKlMnOpQrStUvWxYz0123456789a",
    "AZURE_STORAGE_CONNECTION_STRING": "DefaultEndpointsProtocol=https;AccountName=a;AccountKey="
    + "Zm9v" * 21
    + "Zg==",
    "AZURE_STORAGE_KEY": "b3Jk" * 21 + "bw==",
    "AZURE_STORAGE_SAS_TOKEN": "sv=2024-11-04&ss=b&sig=" + "q1W2e3R4t5Y6u7I8o9P0" + "%3D",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql://airflow:n0tf0rthel0g@db.internal/airflow",
    "AIRFLOW_ENTRA_SESSION_KEY": "c2Vzc2lvbi1rZXktb2YtdGhpcnR5LXR3by1ieXRlcw",
    "GITHUB_TOKEN": "ghp_" + "Abcdefghij0123456789" + "KLMNOPQRSTUVwxyz",
    "MY_PASSWORD": "hunter2",
    "PULUMI_ACCESS_TOKEN": "pul-" + "0123456789abcdef0123" * 2,
    "PULUMI_CONFIG_PASSPHRASE": "c0rrect9horse\nb4ttery7staple\n",
    "TF_VAR_private_key": "-----BEGIN " + "PRIVATE KEY-----\nMIIEvAIBADANBgkqhkiG9w0B\nAQEFAASCBKYwgg7S\n-----END "
    "PRIVATE KEY-----\n",
}


CONFIGURED = "c0nfigured7secret/0f-the-stack"
"""A secret of the stacks' configuration. Nobody but Pulumi can open it."""


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory, engine: Path) -> Iterator[Session]:
    """A deployed world, opened with the real engine; Pulumi is the chatty one afterwards."""
    assert (engine / "pulumi").exists()
    world = unpacked("0.1.0", tmp_path_factory.mktemp("chatty"))
    for stack in ("local", "prod"):
        content = yaml.safe_load(world.stack_file(stack).read_text())
        content["config"]["company:clientSecret"] = {"secure": opened_by_nobody(CONFIGURED)}
        world.stack_file(stack).write_text(yaml.safe_dump(content, sort_keys=False))
    try:
        yield open_session(world, ["local", "prod"], http_port=0, say=lambda _: None)
    finally:
        tenants.stop(world)
        assert_no_process_left(world)


def test_every_command_that_reaches_pulumi_is_called_here() -> None:
    graph = grimp.build_graph("airflow_entra")
    found = {
        module.removeprefix("airflow_entra.cli.")
        for runner in ("airflow_entra.pulumi.runner", "airflow_entra.pulumi.passing_on")
        for module in graph.find_downstream_modules(runner)
        if module.startswith("airflow_entra.cli.")
    }
    assert found == CALLS.keys() | ONLY_IMPORTS.keys()


@pytest.mark.parametrize("how", ENDINGS)
@pytest.mark.parametrize(
    "call", [call for calls in CALLS.values() for call in calls], ids=lambda call: " ".join(call).replace("/", "-")
)
def test_nothing_gets_out(session: Session, tmp_path: Path, call: list[str], how: str) -> None:
    began = time.time()
    done = _call(session, tmp_path, call, how)
    secrets = SECRETS | _of_the_world(session.world)
    if call[-4:-2] != ["stack", "export"]:  # there the caller gets the data that they asked for
        secrets["of the configuration"] = CONFIGURED
    told = _readable(done.stdout + done.stderr)
    shown = {name for name, secret in secrets.items() if _shown(secret, told)}
    assert shown == set(), done.stdout + done.stderr
    written = [file for folder in (tmp_path, session.world.home) for file in _written(folder, began)]
    assert [file for file in written if any(_shown(secret, _text(file)) for secret in secrets.values())] == []
    assert list((tmp_path / "notes").iterdir()) == []
    assert "Traceback" not in done.stderr, done.stderr
    assert done.stdout + done.stderr, "a command says how it went"


def _call(session: Session, place: Path, call: list[str], how: str) -> subprocess.CompletedProcess[str]:
    world = session.world
    export = place.parent / "export"
    latest = json.loads(world.checkpoint("local").read_text())["checkpoint"]["latest"]
    export.write_text(json.dumps({"version": 3, "deployment": latest}))
    environment = {
        **session.environment,
        **SECRETS,
        "AIRFLOW_ENTRA_LOCAL": str(world.home),
        "AIRFLOW_ENTRA_STACKS": str(world.stacks),
        "CHATTY": how,
        "CHATTY_EXPORT": str(export),
        "CHATTY_NOTES": str(_made(place / "notes")),
        "TMPDIR": str(_made(place / "temporary")),
        "PATH": os.pathsep.join((str(install(place.parent / "bin")), session.environment["PATH"])),
        "SECRETS": " ".join(SECRETS),
        "AZURE_TENANT_ID": session.environment["ARM_TENANT_ID"],
        "AZURE_CLIENT_ID": session.environment["ARM_CLIENT_ID"],
        "idToken": SECRETS["ARM_OIDC_TOKEN"],
    }
    if call[0] == "local":  # as somebody calls it who is not in the world yet
        del environment["AIRFLOW_ENTRA_WORKSPACE"]
    client_id = world.outputs("prod")["clientId"]
    words = [client_id if word == IMPORTED else word for word in call]
    if call[0] == "import":
        words += ["--tenant", session.environment["ARM_TENANT_ID"]]
    return subprocess.run(
        [sys.executable, "-m", "airflow_entra.cli", *words],
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _of_the_world(world: World) -> dict[str, str]:
    identities: dict[str, str] = json.loads((world.tenant / "identities.json").read_text())
    return {"the passphrase's file": world.passphrase_file.read_text(), **identities}


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _written(folder: Path, since: float) -> list[Path]:
    """The files that were written since, without those that hold the world's own secrets, for its owner's eyes."""
    kept = ("identities.json", "passphrase")
    found = (file for file in folder.rglob("*") if file.is_file() and file.name not in kept)
    return [file for file in found if file.stat().st_mtime >= since]


def _text(file: Path) -> str:
    return _readable(file.read_text("utf-8", "replace"))


def _readable(text: str) -> str:
    """Without the line breaks that a report or a table makes, and without indentation."""
    return "".join(text.split())


def _shown(secret: str, told: str) -> bool:
    """Whether any considerable part of it was told, or all of it in base64."""
    encoded = base64.b64encode(secret.encode()).decode()
    return any(mark in told for mark in (*MARK.findall(secret), encoded[:20]))
