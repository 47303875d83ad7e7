from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from airflow_entra.cli import main
from tests.render.stacks import group_id

PROJECT = Path(__file__).parents[2]
OUTPUTS = {
    "tenantId": "7a0c3f5e-52d1-4b5e-9d0a-6c1f0e8b2a11",
    "clientId": "c5ca9a71-af7d-470e-8071-e2e0fdd7e2c4",
    "credential": {"mode": "federated"},
    "roles": {
        "Admin": [{"group": "airflow-dev-admins", "id": group_id("a")}],
        "User": [{"group": "airflow-dev-engineers", "id": group_id("b")}],
        "Viewer": [{"group": "airflow-dev-guests", "id": group_id("c")}],
    },
}


@pytest.fixture
def outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(PROJECT)
    for name in ("AIRFLOW_ENTRA_LOCAL", "AIRFLOW_ENTRA_STACKS", "AIRFLOW_ENTRA_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(OUTPUTS))
    return str(file)


def test_one_target_goes_to_standard_output(outputs: str) -> None:
    done = CliRunner().invoke(main, ["render", "--stack", "dev", "--target", "roles", "--outputs", outputs])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["baseUrl"] == "https://data.dev.contoso.com/airflow3"


def test_version_url_and_place_may_be_said(outputs: str) -> None:
    asked = ["--airflow-version", "2.11", "--url", "https://else.contoso.com/x/", "--at", "/srv/airflow"]
    done = CliRunner().invoke(main, ["render", "--stack", "dev", "--target", "env", "--outputs", outputs, *asked])
    assert "AIRFLOW__WEBSERVER__BASE_URL=https://else.contoso.com/x\n" in done.stdout
    server = ["render", "--stack", "dev", "--target", "server-env", "--outputs", outputs, *asked]
    done = CliRunner().invoke(main, server)
    assert "AIRFLOW__WEBSERVER__CONFIG_FILE=/srv/airflow/webserver_config.py\n" in done.stdout


def test_all_targets_go_into_a_folder(outputs: str, tmp_path: Path) -> None:
    out = tmp_path / "a" / "b"
    done = CliRunner().invoke(main, ["render", "--stack", "dev", "--out", str(out), "--outputs", outputs])

    assert done.exit_code == 0
    assert {file.name for file in out.iterdir()} == {Path(line).name for line in done.stdout.splitlines()}
    assert len(list(out.iterdir())) == 9


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--stack", "dev"], "say which file"),
        (["--stack", "nowhere", "--target", "env"], "no stack file"),
        (["--stack", "dev", "--target", "env", "--airflow-version", "1.10"], "has no Airflow 1.10"),
        (["--stack", "dev", "--target", "env", "--url", "http://airflow.contoso.com"], "is not https"),
        (["--stack", "dev", "--target", "env", "--url", "https://a.contoso.com/login"], "write https://a.contoso.com"),
        (["--stack", "dev", "--target", "env", "--stock"], "needs a client secret"),
        (["--stack", "dev", "--target", "env", "--secret-from", "secrets/client"], "is no place of a secret"),
        (["--stack", "dev", "--target", "env", "--secret-from", "/run/secrets/client"], "stack dev has none"),
    ],
)
def test_a_wrong_call_is_one_clear_error(outputs: str, arguments: list[str], words: str) -> None:
    done = CliRunner().invoke(main, ["render", *arguments, "--outputs", outputs])
    assert done.exit_code == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_outputs_that_are_none_are_told(outputs: str) -> None:
    Path(outputs).write_text("[]")
    done = CliRunner().invoke(main, ["render", "--stack", "dev", "--target", "env", "--outputs", outputs])
    assert done.exit_code == 2
    assert "holds no JSON object with a stack's outputs" in done.stderr


def test_without_pulumi_it_says_how_to_get_the_outputs(outputs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    done = CliRunner().invoke(main, ["render", "--stack", "dev", "--target", "env"])
    assert done.exit_code == 2
    assert "no pulumi on PATH" in done.stderr
