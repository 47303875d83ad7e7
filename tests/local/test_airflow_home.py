"""An Airflow's folder and environment: private, its own, and nothing of the caller's in it."""

from __future__ import annotations

import json
import re
import stat
import sys
from pathlib import Path

import pytest

from airflow_entra.errors import UserError
from airflow_entra.local.airflow import environment
from airflow_entra.local.airflow.environment import RELEASES, UV_VERSION, release
from airflow_entra.local.airflow.home import AirflowHome
from engine.cache import cache_folder

PROJECT = Path(__file__).parents[2]
LOCKS = PROJECT / "airflow_entra" / "local" / "airflow" / "locks"


def _home(folder: Path, version: str = "3.3.2") -> AirflowHome:
    home = AirflowHome(folder / "airflow", version, Path(sys.executable))
    home.prepare()
    return home


def test_keys_are_made_once_and_are_the_owners_alone(tmp_path: Path) -> None:
    home = _home(tmp_path)
    first = home.environment(8080)
    home.prepare()

    assert home.environment(8080) == first
    assert stat.S_IMODE((home.folder / "keys.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.folder.stat().st_mode) == 0o700
    secrets = [value for name, value in first.items() if name.endswith(("_KEY", "_SECRET"))]
    assert len(secrets) == len(set(secrets)) == 3


@pytest.mark.parametrize(
    ("version", "host"), [("3.3.2", "AIRFLOW__API__HOST"), ("2.11.2", "AIRFLOW__WEBSERVER__WEB_SERVER_HOST")]
)
def test_it_listens_on_this_machine_alone_and_has_no_examples(tmp_path: Path, version: str, host: str) -> None:
    variables = _home(tmp_path, version).environment(8080)
    assert variables[host] == "127.0.0.1"
    assert variables["AIRFLOW__CORE__LOAD_EXAMPLES"] == "False"


def test_nothing_of_the_callers_airflow_or_python_enters(tmp_path: Path) -> None:
    callers = {
        "LANG": "C",
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW_CONN_PROD": "postgres://x",
        "AIRFLOW_HOME": "/elsewhere",
        "PYTHONPATH": "/elsewhere",
        "VIRTUAL_ENV": "/elsewhere",
        "PATH": "/bin",
    }
    variables = _home(tmp_path).environment(8080, callers)

    assert variables["LANG"] == "C"
    assert variables["PATH"] == f"{Path(sys.executable).parent}:/bin"
    assert variables["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert "/elsewhere" not in variables.values()
    assert "AIRFLOW_CONN_PROD" not in variables


def test_the_key_of_sessions_is_made_once_and_is_in_no_environment_of_the_home(tmp_path: Path) -> None:
    home = _home(tmp_path)
    key = home.session_key
    home.prepare()

    assert home.session_key == key
    assert len(key) >= 43
    assert (home.folder / "keys.json").stat().st_mode & 0o077 == 0
    assert key not in home.environment(8080).values()


def test_a_home_of_an_older_release_gets_the_key_and_keeps_its_others(tmp_path: Path) -> None:
    home = _home(tmp_path)
    file = home.folder / "keys.json"
    before = {name: value for name, value in json.loads(file.read_text()).items() if name != "entra"}
    file.write_text(json.dumps(before))
    home.prepare()

    assert json.loads(file.read_text()).items() > before.items()
    assert home.session_key


def test_the_sample_dags_are_there_and_stay_as_people_change_them(tmp_path: Path) -> None:
    home = _home(tmp_path)
    text = "".join(file.read_text() for file in home.dags.glob("*.py"))
    (home.dags / "sales.py").write_text("")
    home.prepare()

    assert set(re.findall(r"^def (\w+)", text, re.MULTILINE)) == {"sales_report", "sales_forecast", "finance_close"}
    assert (home.dags / "sales.py").read_text() == ""


@pytest.mark.parametrize(
    ("asked", "exact"), [("3", "3.3.2"), ("3.3", "3.3.2"), ("2", "2.11.2"), ("2.11", "2.11.2"), ("2.11.2", "2.11.2")]
)
def test_a_version_stands_for_a_release(asked: str, exact: str) -> None:
    assert release(asked) == exact


@pytest.mark.parametrize("asked", ["1.10", "3.1", "3.30", "4", "new", ""])
def test_an_unknown_version_is_refused(asked: str) -> None:
    with pytest.raises(UserError, match=r"--version takes 2\.11 or 3\.3"):
        release(asked)


@pytest.mark.parametrize("exact", RELEASES.values())
def test_locks_pin_everything_with_hashes_and_name_no_registry(exact: str) -> None:
    text = (LOCKS / f"airflow-{exact}.lock").read_text()
    packages = re.split(r"\n(?=\S)", text.strip())

    assert f"apache-airflow=={exact} " in text
    assert all(re.match(r"[\w.-]+(\[\w+\])?==\S+ .*", one) and "--hash=sha256:" in one for one in packages)
    assert "://" not in text


def test_uv_is_the_one_of_the_makefile() -> None:
    assert f"UV_VERSION := {UV_VERSION}\n" in (PROJECT / "Makefile").read_text()


def test_a_relative_cache_folder_counts_for_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "airflow-entra"
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    assert cache_folder() == Path.home() / ".cache" / "airflow-entra"


def test_where_only_a_newer_python_is_there_the_message_says_which_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_TOO_NEW", {2: (3, 11), 3: (3, 11)})
    monkeypatch.setattr(environment, "_OLDEST", (3, 10))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UserError, match=r"Airflow 2\.11\.2 runs on Python 3\.10 to 3\.10; this is 3\.\d+.*python3\.10"):
        environment.environment_for("2.11")


@pytest.mark.airflow
def test_an_environment_is_installed_once_and_runs_this_checkouts_package() -> None:
    said: list[str] = []
    python = environment.environment_for("3.3", said.append)
    package = next((python.parents[1] / "lib").glob("python3.*/site-packages/airflow_entra_auth"))

    assert (python.parents[1] / "complete").is_file()
    assert package.resolve() == PROJECT / "airflow_entra_auth"
    said.clear()
    assert environment.environment_for("3.3.2", said.append) == python
    assert said == []
