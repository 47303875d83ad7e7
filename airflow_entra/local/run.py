"""Runs a command in the local world: Azure's own names lead to the local tenant, Pulumi's to the world's folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from airflow_entra import variables
from airflow_entra.errors import UserError
from airflow_entra.local import tenant as tenants
from airflow_entra.local.identities import FULL, identities
from airflow_entra.local.seed import seed_for
from airflow_entra.local.workspace import prepare_workspace
from airflow_entra.local.world import NO_PROXY, World, own_environment
from airflow_entra.pulumi.backend import with_backend
from airflow_entra.pulumi.passing_on import hand_on, is_pulumi
from airflow_entra.pulumi.runner import Pulumi
from airflow_entra.pulumi.scrub import Scrub
from airflow_entra.settings import SettingsError
from airflow_entra.settings.model import StackSettings
from engine.logs import keep_no_logs
from engine.obtain import EngineError, engine_folder
from engine.official import PluginsMissingError, link_official
from engine.plugins import install_stand_ins


class Session:
    """A world that is up and prepared for some stacks: run commands in it."""

    def __init__(
        self, world: World, tenant: tenants.Tenant, engine: Path | None, environment: Mapping[str, str]
    ) -> None:
        self.world = world
        self.tenant = tenant
        self._engine = engine
        self.environment = dict(environment)

    @property
    def engine(self) -> Path:
        """The folder of Pulumi's programs, in a session that was opened with them."""
        if self._engine is None:
            raise AssertionError("this session was opened without Pulumi")
        return self._engine

    def pulumi(self, stack: str) -> Pulumi:
        """Pulumi on a stack of the world's own backend, which is made there where it isn't yet."""
        pulumi = Pulumi(self.world.workspace, self.environment, stack)
        if not self.world.checkpoint(stack).exists():
            pulumi.init()
        return pulumi

    def call(self, command: Sequence[str], cwd: Path | None = None) -> int:
        """Run a command with the caller's own terminal. Pulumi runs in the workspace, all else where the caller is."""
        return hand_on(command, cwd or (self.world.workspace if is_pulumi(command) else None), self.environment)


def open_session(
    world: World,
    stacks: Sequence[str],
    *,
    http_port: int,
    say: Callable[[str], None],
    identity: str = FULL,
    official_providers: bool = False,
    engine: bool = True,
) -> Session:
    """Bring the world up and seed the tenant with what the named stacks take for granted.

    Without `engine` there is no Pulumi in it: getting one takes minutes where there is none yet. Raises UserError,
    before anything is started for a wrong stack file.
    """
    settings = [world.declared(stack).settings for stack in stacks]
    pulumi = _engine(say) if engine else None
    tenant = tenants.start(world, http_port)
    known = identities(world)
    for one in settings:
        tenants.seed(world, seed_for(one, known.values()))
    prepare_workspace(world, say)
    environment = with_backend(own_environment(os.environ), world.backend, world.passphrase_file)
    environment |= tenant_environment(tenant)
    if pulumi is not None:
        environment |= _pulumi_environment(world, pulumi)
        environment["PULUMI_HOME"] = str(_pulumi_home(world, official_providers))
    if settings:
        environment |= _deployer_environment(settings[0], known[identity].client_id, known[identity].secret)
    return Session(world, tenant, pulumi, environment)


def stacks_in(world: World, command: Sequence[str]) -> list[str]:
    """The stacks that a command names with --stack or -s, else all that the project has and are right.

    A command of ours may name one that has no file yet: `import` writes it.
    """
    named = [after for before, after in pairwise(command) if before in ("--stack", "-s")]
    named += [part.partition("=")[2] for part in command if part.startswith("--stack=")]
    stacks = [name.rpartition("/")[2] for name in named]
    if not is_pulumi(command):
        stacks = [stack for stack in stacks if world.stack_file(stack).exists()]
    return stacks or list(_right_stacks(world))


def _right_stacks(world: World) -> list[str]:
    right = []
    for stack in world.stack_names():
        try:
            world.declared(stack)
        except SettingsError:
            continue
        right.append(stack)
    return right


def _engine(say: Callable[[str], None]) -> Path:
    try:
        return engine_folder(progress=say)
    except EngineError as error:
        raise UserError(Scrub(os.environ).text(str(error))) from None


def _pulumi_home(world: World, official_providers: bool) -> Path:
    home = world.home / "pulumi-home-official" if official_providers else world.pulumi_home
    keep_no_logs(home)
    if not official_providers:
        install_stand_ins(home, world.python)
        return home
    users = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    try:
        link_official(home, users)
    except PluginsMissingError as error:
        raise UserError(f"--official-providers: {error}") from error
    return home


_CA_VARIABLES = (
    "SSL_CERT_FILE",  # OpenSSL, Go, .NET, httpx
    "REQUESTS_CA_BUNDLE",  # requests, and so the Azure CLI
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
)
"""Where the clients that ask Azure look for the authorities that they trust. Git and pip have variables of their own,
which stay as they are: they ask other hosts."""
_WITHOUT_PULUMI = frozenset({"az", "curl", "wget", "openssl"})
"""Clients that people call by hand, of which none runs Pulumi."""


def needs_pulumi(command: Sequence[str]) -> bool:
    """Whether a command may run Pulumi: a script or a program of ours may."""
    return Path(command[0]).name not in _WITHOUT_PULUMI


def tenant_environment(tenant: tenants.Tenant) -> dict[str, str]:
    """What makes Azure's names lead to the tenant, for any program that takes a proxy and a CA from its environment."""
    return {
        "HTTPS_PROXY": tenant.proxy,
        "https_proxy": tenant.proxy,
        "NO_PROXY": NO_PROXY,
        "no_proxy": NO_PROXY,
        **dict.fromkeys(_CA_VARIABLES, str(tenant.ca_file)),
    }


def _pulumi_environment(world: World, engine: Path) -> dict[str, str]:
    return {
        "PATH": os.pathsep.join((str(engine), str(world.python.parent), os.environ.get("PATH", os.defpath))),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        variables.PYTHON: str(world.python),
        variables.STACKS: str(world.stacks),
        variables.WORKSPACE: str(world.workspace),
        variables.HAND_OVER: str(world.home / "handover"),
    }


def _deployer_environment(settings: StackSettings, client_id: str, secret: str) -> dict[str, str]:
    return {
        "ARM_TENANT_ID": settings.tenant_id,
        "ARM_CLIENT_ID": client_id,
        "ARM_CLIENT_SECRET": secret,
        "ARM_USE_CLI": "false",
        **({"ARM_SUBSCRIPTION_ID": settings.subscription_id} if settings.subscription_id else {}),
    }
