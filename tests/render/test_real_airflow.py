"""Airflow itself knows every option that is rendered, and takes the settings."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from airflow_entra.access import DeclaredStack
from airflow_entra.local.airflow.deployed import write_files
from airflow_entra.local.airflow.environment import environment_for
from airflow_entra.local.airflow.home import AirflowHome
from airflow_entra.render import Places, facts
from airflow_entra.render.options import options
from airflow_entra_auth.variables import SESSION_KEY, SIGN_ON
from tests.render.stacks import known, outputs, settings

pytestmark = pytest.mark.airflow

_KNOWN_OPTIONS = """
import json, sys
from airflow.configuration import conf
from airflow.providers_manager import ProvidersManager
ProvidersManager().initialize_providers_configuration()
described = conf.configuration_description
print(json.dumps({section: sorted(it["options"]) for section, it in described.items()}), file=sys.__stdout__)
"""
_TAKEN = """
import json, sys
from airflow.configuration import conf
from flask import Flask
section = sys.argv[1]
app = Flask("probe")
app.config.from_pyfile(conf.get(section, "config_file"))
(provider,) = app.config["OAUTH_PROVIDERS"]
kwargs = provider["remote_app"]["client_kwargs"]
print(json.dumps({
    "auth_type": app.config["AUTH_TYPE"],
    "name": provider["name"],
    "metadata": provider["remote_app"]["server_metadata_url"],
    "pkce": kwargs["code_challenge_method"],
    "openid": "openid" in kwargs["scope"].split(),
    "manager": conf.getimport("core", "auth_manager").__name__,
    "base_url": conf.get({"fab": "api"}.get(section, section), "base_url"),
}), file=sys.__stdout__)
"""


def _ask(python: Path, program: str, environment: dict[str, str], *arguments: str) -> object:
    done = subprocess.run(
        [python, "-c", program, *arguments],
        env=environment,
        cwd=environment["AIRFLOW_HOME"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("version", ["3.3", "2.11"])
def test_airflow_knows_every_option(version: str, tmp_path: Path) -> None:
    environment = {"AIRFLOW_HOME": str(tmp_path), "PATH": os.defpath}
    described = _ask(environment_for(version), _KNOWN_OPTIONS, environment)

    assert isinstance(described, dict)
    for option in options(known(version), stock=False):
        assert option.name in described[option.section], option


@pytest.mark.parametrize("version", ["3.3", "2.11"])
def test_airflow_takes_the_rendered_settings(version: str, tmp_path: Path) -> None:
    home = AirflowHome.at(tmp_path / "home", version)
    declared = settings()
    rendered = facts(
        DeclaredStack("dev", declared), outputs(declared), version=version, places=Places.below(str(tmp_path / "home"))
    )
    everywhere, private = write_files(home, rendered)
    configured = everywhere | private
    section = {3: "fab", 2: "webserver"}[home.major]
    taken = _ask(home.python, _TAKEN, home.environment(8080) | configured, section)

    assert taken == {
        "auth_type": 4,
        "name": "azure",
        "metadata": f"{rendered.authority}/{declared.tenant_id}/v2.0/.well-known/openid-configuration",
        "pkce": "S256",
        "openid": True,
        "manager": "EntraFabAuthManager",
        "base_url": rendered.airflow.url,
    }


_CONNECTION = """
import json, sys
from airflow.models.connection import Connection
print(json.dumps(Connection.get_connection_from_secrets("team_warehouse").host), file=sys.__stdout__)
"""


@pytest.mark.parametrize("version", ["3.3", "2.11"])
def test_a_teams_own_backend_of_secrets_goes_on_to_work(version: str, tmp_path: Path) -> None:
    """Its connections were gone when the rendered environment named the vault as Airflow's only backend."""
    home = AirflowHome.at(tmp_path / "home", version)
    declared = settings()
    rendered = facts(
        DeclaredStack("dev", declared), outputs(declared), version=version, places=Places.below(str(tmp_path / "home"))
    )
    everywhere, private = write_files(home, rendered)
    theirs = {"team_warehouse": {"conn_type": "postgres", "host": "db.example.internal", "login": "etl"}}
    (tmp_path / "connections.json").write_text(json.dumps(theirs))
    (home.folder / "airflow.cfg").write_text(
        "[secrets]\nbackend = airflow.secrets.local_filesystem.LocalFilesystemBackend\n"
        f'backend_kwargs = {{"connections_file_path": "{tmp_path / "connections.json"}"}}\n'
    )
    for environment in (everywhere, everywhere | private):
        assert _ask(home.python, _CONNECTION, home.environment(8080) | environment) == "db.example.internal"


@pytest.mark.parametrize("version", ["3.3", "2.11"])
def test_airflow_cfg_may_say_where_the_sign_on_file_and_the_session_key_are(version: str, tmp_path: Path) -> None:
    """As the Helm values do, with references to Kubernetes in place of these files."""
    home = AirflowHome.at(tmp_path / "home", version)
    declared = settings()
    rendered = facts(
        DeclaredStack("dev", declared), outputs(declared), version=version, places=Places.below(str(tmp_path / "home"))
    )
    everywhere, private = write_files(home, rendered)
    (tmp_path / "session-key").write_text(private.pop(SESSION_KEY))
    (home.folder / "airflow.cfg").write_text(
        f"[airflow_entra]\nsign_on = {private.pop(SIGN_ON)}\nsession_key = {tmp_path / 'session-key'}\n"
    )
    section = {3: "fab", 2: "webserver"}[home.major]
    taken = _ask(home.python, _TAKEN, home.environment(8080) | everywhere | private, section)

    assert isinstance(taken, dict)
    assert taken["metadata"] == f"{rendered.authority}/{declared.tenant_id}/v2.0/.well-known/openid-configuration"
