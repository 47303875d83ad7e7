"""Settings of Airflow's own under which the sign-on file wouldn't hold: Airflow doesn't start with them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_entra_auth.variables import SESSION_KEY
from tests.airflow.site import Site

_STOCK = {
    True: "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
    False: "airflow.auth.managers.fab.fab_auth_manager.FabAuthManager",
}


def test_our_configuration_file_under_airflows_own_auth_manager(site: Site) -> None:
    says = _refusal(site, AIRFLOW__CORE__AUTH_MANAGER=_STOCK[site.is_3])
    assert "set [core] auth_manager to airflow_entra_auth.fab.manager.EntraFabAuthManager" in says


def test_our_auth_manager_under_another_configuration_file(site: Site) -> None:
    section = "FAB" if site.is_3 else "WEBSERVER"
    says = _refusal(site, **{f"AIRFLOW__{section}__CONFIG_FILE": str(site.running.home.folder / "nowhere.py")})
    assert "config_file" in says
    assert "render --target webserver-config" in says


def test_an_api_that_asks_for_no_rights(site: Site) -> None:
    if site.is_3:
        pytest.skip("3.x has no experimental API")
    says = _refusal(site, AIRFLOW__API__ENABLE_EXPERIMENTAL_API="True")
    assert "[api] enable_experimental_api is on" in says


@pytest.mark.parametrize(("key", "says"), [("", "is not set"), ("c2hvcnQ", "fewer than 32 could be guessed")])
def test_no_key_of_the_sessions_or_a_short_one(site: Site, key: str, says: str) -> None:
    told = _refusal(site, **{SESSION_KEY: key})
    assert f"{SESSION_KEY} {says}" in told or f"key 1 in {SESSION_KEY} has 5 bytes, and {says}" in told
    assert "secrets.token_urlsafe(32)" in told
    assert "c2hvcnQ" not in told
    watcher = replace(site, environment=dict(site.environment) | {SESSION_KEY: key})
    done = watcher.python("-m", "airflow_entra_auth.watch", "--once")
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def _refusal(site: Site, **changed: str) -> str:
    """What Airflow's server says when it starts with these settings: only if they alone stop it."""
    package = "airflow.api_fastapi.app" if site.is_3 else "airflow.www.app"
    start = ("-c", f"from {package} import create_app; create_app()")
    assert site.python(*start).returncode == 0
    done = replace(site, environment=dict(site.environment) | changed).python(*start)
    assert done.returncode != 0
    return done.stderr
