"""A stack's Airflow on this machine: rendered as for production, signing people in at the local tenant."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from airflow_entra.access import DeclaredStack
from airflow_entra.errors import UserError
from airflow_entra.local import tenant as tenants
from airflow_entra.local.airflow import process
from airflow_entra.local.airflow.environment import environment_for, release
from airflow_entra.local.airflow.home import AirflowHome
from airflow_entra.local.airflow.identity import environment_of_watcher, environment_of_workload
from airflow_entra.local.airflow.process import RunningAirflow
from airflow_entra.local.processes import read_record
from airflow_entra.local.run import tenant_environment
from airflow_entra.local.world import World, own_environment
from airflow_entra.render import FILES, NOT_STOCK, Facts, Places, Target, facts, render
from airflow_entra.settings.urls import is_local
from airflow_entra_auth.variables import SESSION_KEY


@dataclass(frozen=True)
class Wish:
    """Which Airflow is asked for. Without `version` the stack's newest; without `port` that of its URL."""

    stack: str
    version: str | None = None
    port: int | None = None
    stock: bool = False


@dataclass(frozen=True)
class Prepared:
    """An Airflow whose files are written. `configured` goes into the environment of its processes, besides the home's
    own; `private` into the server's and the watcher's, `watcher` into the watcher's alone."""

    home: AirflowHome
    url: str
    configured: Mapping[str, str]
    private: Mapping[str, str]
    watcher: Mapping[str, str]
    watched: bool
    """Whether the stack file has the tenant's changes followed."""

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 80


def prepare(world: World, wish: Wish, *, http_port: int, say: Callable[[str], None]) -> Prepared:
    """Write the files of a deployed stack's Airflow; its tenant runs then.

    Raises UserError.
    """
    stack = world.declared(wish.stack)
    outputs = world.outputs(wish.stack)
    if not outputs.get("clientId"):
        raise UserError(
            f"stack {wish.stack} is not deployed on the local tenant; deploy it first: make up STACK={wish.stack}"
        )
    tenant = tenants.start(world, http_port)
    known = _facts(world, stack, wish, outputs, tenant)
    version = known.airflow.version
    home = AirflowHome(_folder(world, wish, version), release(version), environment_for(version, say))
    configured, private = write_files(home, known, stock=wish.stock)
    configured |= tenant_environment(tenant)
    private |= environment_of_workload(world, stack)
    watcher = environment_of_watcher(world, stack.settings)
    return Prepared(home, known.airflow.url, configured, private, watcher, watched=not wish.stock)


def start(world: World, wish: Wish, *, http_port: int, say: Callable[[str], None]) -> RunningAirflow:
    """Start the Airflow of a deployed stack, or find it running; with its watcher, unless it is a stock one.

    Raises UserError.
    """
    prepared = prepare(world, wish, http_port=http_port, say=say)
    home = prepared.home
    parts = (*process.PARTS[home.major], *([process.WATCH] if prepared.watched else []))
    digest, started_with = _digest(prepared, parts), home.folder / "started-with"
    found = process.running(home)
    unchanged = found is not None and started_with.is_file() and started_with.read_text() == digest
    if found and unchanged and found.missing:
        say(f"Starting again what had died of Airflow {home.version}: {', '.join(found.missing)} ...")
    elif found and not unchanged:
        if urlsplit(found.local_url).port != prepared.port:  # before the one that runs is stopped
            process.must_be_free(prepared.port)
        say(f"What Airflow {home.version} was started with has changed since: starting it again.")
        found.stop()
    if not unchanged:
        started_with.write_text(digest)
        say(f"Starting Airflow {home.version} at {prepared.url} ...")
    inherited = own_environment(os.environ)
    return process.start(
        home,
        prepared.port,
        prepared.configured,
        private=prepared.private,
        watcher=prepared.watcher,
        inherited=inherited,
        parts=parts,
    )


def watch(
    world: World, wish: Wish, arguments: Sequence[str], *, http_port: int, say: Callable[[str], None]
) -> NoReturn:
    """Become the watcher of a stack's local Airflow, in its environment; another one that runs is waited for.

    Raises UserError.
    """
    prepared = prepare(world, wish, http_port=http_port, say=say)
    home = prepared.home
    if not (home.folder / "airflow.db").is_file():
        raise UserError(
            f"Airflow {home.version} of stack {wish.stack} has no database yet; start it first: airflow-entra local "
            f"airflow --stack {wish.stack}"
        )
    environment = home.environment(prepared.port, own_environment(os.environ)) | {
        **prepared.configured,
        **prepared.private,
        **prepared.watcher,
    }
    os.chdir(home.folder)
    os.execve(home.python, [str(home.python), "-m", "airflow_entra_auth.watch", *arguments], environment)  # noqa: S606


def write_files(home: AirflowHome, known: Facts, *, stock: bool = False) -> tuple[dict[str, str], dict[str, str]]:
    """Write what `render` says into an Airflow's home.

    Returns the variables of every process, and those of the server and the watcher alone. `known.places` must lie in
    the home (see `Places.below`). Raises `UserError`.
    """
    targets: tuple[Target, ...] = ("webserver-config", "env", "server-env", "watcher-env", "roles")
    wanted = [target for target in targets if not (stock and target in NOT_STOCK)]
    texts: Mapping[Target, str] = {target: render(target, known, stock=stock) for target in wanted}
    home.prepare()
    for target, text in texts.items():
        (home.folder / FILES[target]).write_text(text, "utf-8")
    key = {} if stock else {SESSION_KEY: home.session_key}
    return parse_environment(texts["env"]), parse_environment(texts["server-env"]) | key


def parse_environment(text: str) -> dict[str, str]:
    """The variables of an environment file, as Docker reads one."""
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def homes(world: World) -> list[Path]:
    """The folders of this world's Airflows."""
    return sorted(record.parent for record in (world.home / "airflow").glob("*/*/process.json"))


@dataclass(frozen=True)
class Standing:
    """An Airflow that was started and not stopped. `missing` names the parts of it that have died; `watcher` is how
    fresh the watcher says that Airflow is, empty where nothing watches or it says nothing."""

    url: str
    folder: Path
    missing: tuple[str, ...]
    watcher: str

    @property
    def command(self) -> str:
        """What starts the missing parts, after our own command's name."""
        exact, _, stock = self.folder.name.partition("-")
        options = ["--version", exact.rpartition(".")[0], *(["--stock"] if stock else [])]
        return " ".join(["local", "airflow", "--stack", self.folder.parent.name, *options])


def standings(world: World) -> list[Standing]:
    """Each Airflow of this world that should run."""
    return [
        Standing(str(record["url"]), folder, process.missing_in(folder), process.freshness(folder))
        for folder in homes(world)
        if (record := read_record(folder / "process.json"))
    ]


def stop_all(world: World) -> int:
    """Stop every Airflow of this world; how many ran."""
    return process.stop(*homes(world))


def _folder(world: World, wish: Wish, version: str) -> Path:
    """Stock Airflow keeps its people to itself: its database knows them by other names."""
    return world.home / "airflow" / wish.stack / f"{release(version)}{'-stock' if wish.stock else ''}"


def _digest(prepared: Prepared, parts: Sequence[str]) -> str:
    """What an Airflow was started with: another digest means that it has to be started again."""
    folder = prepared.home.folder
    files = {name: (folder / name).read_text("utf-8") for name in FILES.values() if (folder / name).exists()}
    variables = [dict(some) for some in (prepared.configured, prepared.private, prepared.watcher)]
    return hashlib.sha256(json.dumps([variables, list(parts), files], sort_keys=True).encode()).hexdigest()


def _facts(world: World, stack: DeclaredStack, wish: Wish, outputs: Mapping[str, Any], tenant: tenants.Tenant) -> Facts:
    declared = facts(stack, outputs, version=wish.version)
    if not is_local(declared.airflow.url):
        raise UserError(
            f"stack {wish.stack} has its Airflow {declared.airflow.version} at {declared.airflow.url}, where no "
            "browser on this machine finds it; take a stack whose url is http://localhost, such as local"
        )
    return facts(
        stack,
        outputs,
        version=declared.airflow.version,
        url=_with_port(declared.airflow.url, wish.port),
        authority=tenant.url,
        places=Places.below(str(_folder(world, wish, declared.airflow.version))),
    )


def _with_port(url: str, port: int | None) -> str:
    """Entra does not compare the port of a localhost redirect URI, so another one needs no deployment."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.hostname}:{port}").geturl() if port else url
