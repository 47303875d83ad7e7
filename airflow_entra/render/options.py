"""Airflow's own options that the sign-on needs, by version. Names and defaults: Airflow 3.3.2 with the FAB provider
3.10.2, and Airflow 2.11.2 with 1.5.4."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from airflow_entra.render.facts import Facts

PACKAGE_MANAGER = "airflow_entra_auth.fab.manager.EntraFabAuthManager"
STOCK_MANAGER = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"

_DAY = 86400
_HOUR = 3600
_LINKS = True
"""Everywhere: workers write links into mails, and on 3.x find the API server by it."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option of airflow.cfg, with why it has this value.

    `everywhere`: for every process of Airflow. The others are the server's: the API server's, on 2.11 the webserver's.
    """

    section: str
    name: str
    value: str
    why: str
    everywhere: bool = False

    @property
    def variable(self) -> str:
        return f"AIRFLOW__{self.section.upper()}__{self.name.upper()}"


def options(facts: Facts, stock: bool) -> tuple[Option, ...]:
    """The options, those of one section together."""
    return tuple(_core(facts, stock)) + tuple(_of_3(facts) if facts.major == 3 else _of_2(facts))


def _core(facts: Facts, stock: bool) -> Iterator[Option]:
    manager = STOCK_MANAGER if stock else PACKAGE_MANAGER
    # `airflow db migrate` makes its tables, and every command of Airflow's asks it for more commands.
    yield Option("core", "auth_manager", manager, "what signs people in", everywhere=True)


def _of_3(facts: Facts) -> Iterator[Option]:
    minutes = str(max(1, facts.session // 60))
    yield Option("api", "base_url", facts.airflow.url, "what people type, a path prefix included", _LINKS)
    yield Option(
        "api_auth", "jwt_expiration_time", str(min(facts.session, _DAY)), "seconds: no token outlives the session"
    )
    yield Option(
        "api_auth", "jwt_cli_expiration_time", str(min(facts.session, _HOUR)), "seconds: the same for the CLI's"
    )
    yield Option("fab", "config_file", facts.places.webserver_config, "a missing file would mean passwords")
    yield Option("fab", "auth_backends", "airflow.providers.fab.auth_manager.api.auth.backend.session", "no passwords")
    yield Option("fab", "cache_ttl", "1", "seconds until a changed role or a deactivation is seen")
    yield from _web("fab", facts)
    yield Option("fab", "session_lifetime_minutes", minutes, "idle")
    yield Option("fab", "session_max_lifetime_minutes", minutes, "since the sign-in, however busy")


def _of_2(facts: Facts) -> Iterator[Option]:
    minutes = str(max(1, facts.session // 60))
    yield Option("api", "auth_backends", "airflow.providers.fab.auth_manager.api.auth.backend.session", "no passwords")
    yield Option("webserver", "base_url", facts.airflow.url, "what people type, a path prefix included", _LINKS)
    yield Option("webserver", "config_file", facts.places.webserver_config, "a missing file would mean passwords")
    yield from _web("webserver", facts)
    yield Option("webserver", "session_lifetime_minutes", minutes, "idle")


def _web(section: str, facts: Facts) -> Iterator[Option]:
    yield Option(section, "cookie_secure", str(facts.secure), "cookies by https alone")
    yield Option(section, "cookie_samesite", "Lax", "Strict would lose the way back from Entra")
    yield Option(
        section, "enable_proxy_fix", str(facts.secure), "a proxy ends https: believe its X-Forwarded-* headers"
    )
    if facts.secure:
        for header in ("for", "proto", "host", "port"):
            yield Option(
                section, f"proxy_fix_x_{header}", "1", f"proxies in front that set X-Forwarded-{header.title()}"
            )
        yield Option(section, "proxy_fix_x_prefix", "0", "base_url says the prefix, no header does")
