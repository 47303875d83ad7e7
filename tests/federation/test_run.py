from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from airflow_entra.errors import UserError
from airflow_entra.federation import run as running
from airflow_entra.federation.run import environment, identity, run
from airflow_entra.variables import READ_ONLY

pytestmark = pytest.mark.slow

WHO = {"AZURE_TENANT_ID": "a-tenant", "AZURE_CLIENT_ID": "a-client"}
SHOWN = "import json, os, sys; json.dump(dict(os.environ), open(sys.argv[1], 'w'))"


def test_everything_that_signs_in_gets_the_same_identity_and_no_other_way_in() -> None:
    before = {
        "PATH": "/bin",
        "AZURE_SUBSCRIPTION_ID": "a-subscription",
        "ARM_CLIENT_ID": "somebody-else",
        **dict.fromkeys(("ARM_CLIENT_SECRET", "AZURE_CLIENT_SECRET", "ARM_OIDC_TOKEN", "idToken"), "do-not-hand-on"),
        **dict.fromkeys(("SYSTEM_ACCESSTOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"), "do-not-hand-on"),
    }
    assert environment(before, WHO, Path("/run/token")) == {
        "PATH": "/bin",
        READ_ONLY: "false",
        "ARM_CLIENT_ID": "a-client",
        "ARM_OIDC_TOKEN_FILE_PATH": "/run/token",
        "ARM_SUBSCRIPTION_ID": "a-subscription",
        "ARM_TENANT_ID": "a-tenant",
        "ARM_USE_CLI": "false",
        "ARM_USE_MSI": "false",
        "ARM_USE_OIDC": "true",
        "AZURE_CLIENT_ID": "a-client",
        "AZURE_FEDERATED_TOKEN_FILE": "/run/token",
        "AZURE_SUBSCRIPTION_ID": "a-subscription",
        "AZURE_TENANT_ID": "a-tenant",
        "AZURE_TOKEN_CREDENTIALS": "WorkloadIdentityCredential",
    }


def test_the_program_is_told_of_an_identity_that_only_looks() -> None:
    assert environment({}, WHO, Path("/run/token"), read_only=True)[READ_ONLY] == "true"


@pytest.mark.parametrize(
    ("tenant", "client"),
    [("AZURESUBSCRIPTION_TENANT_ID", "AZURESUBSCRIPTION_CLIENT_ID"), ("tenantId", "servicePrincipalId")],
)
def test_azure_devops_names_the_identity_by_its_service_connection(tenant: str, client: str) -> None:
    assert identity({tenant: "a-tenant", client: "a-client", "AZURE_CLIENT_ID": ""}) == WHO


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(UserError, match=r"^AZURE_CLIENT_ID must be set"):
        identity({"AZURE_TENANT_ID": "a-tenant"})


def test_the_command_reads_a_token_that_only_it_can_read_and_that_goes_with_it(tmp_path: Path) -> None:
    seen = tmp_path / "seen.json"
    script = (
        "import json, os, sys; file = os.environ['AZURE_FEDERATED_TOKEN_FILE'];"
        "json.dump([file, open(file).read(), os.stat(file).st_mode], open(sys.argv[1], 'w')); sys.exit(7)"
    )
    code = run(
        [sys.executable, "-c", script, str(seen)],
        {**os.environ, **WHO, "RUNNER_TEMP": str(tmp_path)},
        lambda: "t",
        print,
    )
    file, token, mode = json.loads(seen.read_text())
    assert (code, token, stat.S_IMODE(mode)) == (7, "t", 0o600)
    assert Path(file).is_relative_to(tmp_path)
    assert not Path(file).parent.exists()


def test_the_token_is_renewed_while_the_command_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A renewal that fails is told, and the next one tried."""
    monkeypatch.setattr(running, "RENEWED_EVERY_SECONDS", 0.01)
    tokens = iter(["first", None, "second"])

    def fetch() -> str:
        token = next(tokens, "second")
        if token is None:
            raise UserError("not now")
        return token

    script = "import os, time\nwhile open(os.environ['ARM_OIDC_TOKEN_FILE_PATH']).read() != 'second': time.sleep(0.01)"
    said: list[str] = []
    assert run([sys.executable, "-c", script], {**os.environ, **WHO}, fetch, said.append) == 0
    assert said == ["airflow-entra: not now"]


def test_nothing_is_started_without_a_token() -> None:
    def fetch() -> str:
        raise UserError("refused")

    with pytest.raises(UserError, match="refused"):
        run(["/nowhere"], WHO, fetch, print)


def test_a_command_that_is_not_there_is_named() -> None:
    with pytest.raises(UserError, match="'/nowhere'"):
        run(["/nowhere"], WHO, lambda: "t", print)


class TokenService(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"value": "head.claims.signature"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def github() -> Iterator[dict[str, str]]:
    """What a job with `id-token: write` has in its environment."""
    with ThreadingHTTPServer(("127.0.0.1", 0), TokenService) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/idtoken?api-version=2.0"
        yield {"ACTIONS_ID_TOKEN_REQUEST_URL": url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "b", "NO_PROXY": "127.0.0.1"}
        server.shutdown()
        thread.join()


def started(env: dict[str, str], *command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "airflow_entra.cli", "federated", "--", *command],
        env={**os.environ, **env, **WHO},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_command_line_signs_in_and_passes_the_exit_code_on(github: dict[str, str], tmp_path: Path) -> None:
    seen = tmp_path / "seen.json"
    with started(github, sys.executable, "-c", SHOWN + "; sys.exit(1)", str(seen)) as process:
        said = process.communicate()
    assert (process.returncode, *said) == (1, "", "")
    env = json.loads(seen.read_text())
    assert env["ARM_CLIENT_ID"] == "a-client"
    assert "ACTIONS_ID_TOKEN_REQUEST_TOKEN" not in env


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cancelled_job_ends_the_command_in_order(github: dict[str, str], number: signal.Signals) -> None:
    script = (
        "import signal, sys\n"
        "for one in (signal.SIGINT, signal.SIGTERM): signal.signal(one, lambda number, _: sys.exit(40 + number))\n"
        "print('ready', flush=True); signal.pause()"
    )
    with started(github, sys.executable, "-c", script) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        process.communicate()
    assert process.returncode == 40 + number


def test_outside_of_a_pipeline_it_says_what_is_missing() -> None:
    none = {"ACTIONS_ID_TOKEN_REQUEST_URL": "", "SYSTEM_OIDCREQUESTURI": "", "idToken": ""}
    with started(none, "true") as process:
        said = process.communicate()[1]
    assert process.returncode == 2
    assert said.startswith("airflow-entra: this is no pipeline run that may sign in")
