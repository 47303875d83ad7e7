from pathlib import Path

import pytest
from click.testing import CliRunner

from airflow_entra.cli import main
from airflow_entra.local import identities, run, tenant
from engine.obtain import EngineError

PROJECT = Path(__file__).parents[2]


def test_without_an_engine_nothing_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(progress: object) -> Path:
        raise EngineError("the Pulumi CLI is not to be had\n  on PATH      there is no pulumi on PATH")

    monkeypatch.setattr(run, "engine_folder", none)
    monkeypatch.setattr(tenant, "start", lambda *_: pytest.fail("a tenant was started"))
    monkeypatch.setenv("AIRFLOW_ENTRA_LOCAL", str(tmp_path / "world"))
    monkeypatch.chdir(PROJECT)

    done = CliRunner().invoke(main, ["local", "deploy", "--stack", "local", "--port", "0"])

    assert done.exit_code == 2
    assert "airflow-entra: the Pulumi CLI is not to be had\n" in done.output


@pytest.mark.parametrize("command", ["az", "/usr/bin/az", "curl"])
def test_a_client_of_azure_s_needs_no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """It is run with the tenant's CA in the variable where it looks for one."""
    there = tenant.Tenant(pid=1, http_port=8400, proxy_port=8401, ca_file=tmp_path / "ca.pem")
    ran: list[tuple[list[str], dict[str, str]]] = []

    def run_it(command: list[str], _: Path | None, environment: dict[str, str]) -> int:
        ran.append((list(command), environment))
        return 0

    monkeypatch.setattr(run, "engine_folder", lambda progress: pytest.fail("the engine was asked for"))
    monkeypatch.setattr(run, "hand_on", run_it)
    monkeypatch.setattr(run, "identities", lambda _: {identities.FULL: identities.KNOWN[0]})
    for name in ("start", "seed"):
        monkeypatch.setattr(tenant, name, lambda *_: there)
    monkeypatch.setenv("AIRFLOW_ENTRA_LOCAL", str(tmp_path / "world"))
    monkeypatch.chdir(PROJECT)

    done = CliRunner().invoke(main, ["local", "run", "--", command, "--version"])

    assert done.exit_code == 0, done.output
    ((called, environment),) = ran
    assert called == [command, "--version"]
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"):
        assert environment[name] == str(tmp_path / "ca.pem")
    assert environment["HTTPS_PROXY"] == "http://127.0.0.1:8401"


@pytest.mark.parametrize("command", ["pulumi", "bash", "airflow-entra", "make", "python3"])
def test_whatever_may_call_pulumi_has_it(command: str) -> None:
    assert run.needs_pulumi([command, "x"])
