"""What signing in and being signed in costs inside Airflow: ours and stock FAB in turn, on one database."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, Self
from uuid import NAMESPACE_DNS, uuid5

from airflow_entra.local.airflow.home import AirflowHome
from airflow_entra.local.world import own_environment
from airflow_entra.render.options import PACKAGE_MANAGER, STOCK_MANAGER
from airflow_entra_auth.variables import SESSION_KEY, SIGN_ON
from bench import claims
from bench.measure import CommandError

VERSIONS = ("3.3", "2.11")
SIGN_IN_BAR = 5.0
REQUEST_BAR = 0.5
"""Milliseconds over stock FAB."""
_INSIDE = Path(__file__).with_name("inside_airflow.py")
_PEOPLE = 20
"""How many sign in, in turn."""
_REQUESTS = 5
_ROLES_OF_A_PERSON = (0, 1)
_VIEWERS = "5f1e0000-0000-4000-8000-00000000beef"


@dataclass
class Cost:
    """Milliseconds of every sign-in and every request's authorization."""

    sign_in: list[float] = field(default_factory=list)
    request: list[float] = field(default_factory=list)


@dataclass
class SignIn:
    """`costs` by (release of Airflow, "ours" or "stock"); `decision` is claims.decide alone, in microseconds."""

    decision: float
    costs: dict[tuple[str, str], Cost] = field(default_factory=dict)


def measure_sign_in(
    folder: Path, say: Callable[[str], None], *, count: int = 200, versions: Sequence[str] = VERSIONS
) -> SignIn:
    """`count` sign-ins, and five times as many requests, of each; one of ours, one of stock, and so on.

    Raises `CommandError` where Airflow's own program fails, and `UserError` where Airflow can't be installed.
    """
    say("deciding a sign-in")
    found = SignIn(claims.microseconds())
    for version in versions:
        home = AirflowHome.at(folder / f"airflow-{version}", version)
        home.prepare()
        environments = {who: _environment(home, who) for who in ("ours", "stock")}
        say(f"signing in to Airflow {home.version}")
        _run([home.python, "-m", "airflow", "db", "migrate"], home, environments["stock"])
        with ExitStack() as stack:
            inside = {who: stack.enter_context(_Inside(home, who, env)) for who, env in environments.items()}
            for _ in range(count):
                for who, side in inside.items():
                    cost = found.costs.setdefault((home.version, who), Cost())
                    cost.sign_in.append(side.ask("sign-in"))
                    cost.request += [side.ask("request") for _ in range(_REQUESTS)]
    return found


class _Inside:
    """`inside_airflow.py`, running."""

    def __init__(self, home: AirflowHome, who: str, environment: dict[str, str]) -> None:
        self._what, self._log = f"{_INSIDE.name}, {who}", home.logs / f"bench-{who}.log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [home.python, _INSIDE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment,
                cwd=home.folder,
            )
        self._say(json.dumps(_people(who)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, what: str) -> float:
        """Milliseconds of one."""
        return float(self._say(what))

    def _say(self, line: str) -> str:
        with suppress(BrokenPipeError):
            print(line, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline() if self._process.stdout else ""
        if not answer:
            self._process.communicate()
            raise CommandError(f"{self._what}: exit code {self._process.wait()}\n{self._log.read_text()[-3000:]}")
        return answer


def _people(who: str) -> list[dict[str, Any]]:
    person = claims.token(_ROLES_OF_A_PERSON)
    person["groups"].append(_VIEWERS)
    oids = [str(uuid5(NAMESPACE_DNS, f"{number}.{who}.contoso.com")) for number in range(_PEOPLE)]
    return [person | {"oid": oid, "email": f"{oid}@contoso.com"} for oid in oids]


def _run(command: list[str | Path], home: AirflowHome, environment: dict[str, str]) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment, cwd=home.folder, check=False
    )
    if done.returncode:
        last = (done.stdout + done.stderr)[-3000:]
        raise CommandError(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{last}")


def _environment(home: AirflowHome, who: str) -> dict[str, str]:
    section = "FAB" if home.major == 3 else "WEBSERVER"
    place = home.folder / who
    place.mkdir(exist_ok=True)
    (place / "sign-on.json").write_text(json.dumps(_sign_on()))
    config = _OURS if who == "ours" else _stock(home)
    (place / "webserver_config.py").write_text(config)
    return home.environment(8080, own_environment(os.environ)) | {
        "AIRFLOW__CORE__AUTH_MANAGER": PACKAGE_MANAGER if who == "ours" else STOCK_MANAGER,
        f"AIRFLOW__{section}__CONFIG_FILE": str(place / "webserver_config.py"),
        "AIRFLOW__FAB__CACHE_TTL": "1",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        SIGN_ON: str(place / "sign-on.json"),
        SESSION_KEY: token_urlsafe(32),
    }


_OURS = "from airflow_entra_auth.fab import configuration\n\nglobals().update(configuration())\n"


def _sign_on() -> dict[str, Any]:
    document = claims.document()
    document["roles"] |= {"Viewer": {"groups": [_VIEWERS], "dags": {}}}
    return document


def _mapping() -> dict[str, list[str]]:
    """The sign-on file's roles, as FAB wants them."""
    found: dict[str, list[str]] = {}
    for role, rule in _sign_on()["roles"].items():
        for group in rule["groups"]:
            found.setdefault(group, []).append(role)
    return found


def _stock(home: AirflowHome) -> str:
    """What `render --stock` writes, without the vault and with roles by groups."""
    remote: dict[str, Any] = {
        "client_id": claims.CLIENT,
        "client_secret": "none",
        "authorize_url": "http://localhost/authorize",
        "client_kwargs": {"scope": "openid"},
    }
    settings: dict[str, Any] = {
        "AUTH_TYPE": 4,
        "OAUTH_PROVIDERS": [{"name": "azure", "icon": "", "token_key": "access_token", "remote_app": remote}],
        "AUTH_ROLES_MAPPING": _mapping(),
        "AUTH_OAUTH_ROLE_KEYS": {"azure": "groups"},
        "AUTH_ROLES_SYNC_AT_LOGIN": True,
        "AUTH_USER_REGISTRATION": True,
        "AUTH_USER_REGISTRATION_ROLE": "Public",
        "WTF_CSRF_ENABLED": True,
    }
    text = "".join(f"{name} = {value!r}\n" for name, value in settings.items())
    return text + (_GROUPS_IN_2 if home.major == 2 else "")


_GROUPS_IN_2 = """
from airflow.providers.fab.auth_manager.security_manager.override import FabAirflowSecurityManagerOverride


class SECURITY_MANAGER_CLASS(FabAirflowSecurityManagerOverride):
    def get_oauth_user_info(self, provider, resp):
        person = super().get_oauth_user_info(provider, resp)
        return {**person, "role_keys": resp["userinfo"]["groups"]}
"""
