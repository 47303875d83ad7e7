"""Local worlds as earlier releases deployed them: packed with each release, unpacked to see what newer code would do.

`python -m tests.deployed.worlds 0.2.0` deploys the shipped stacks in a new world and packs it into data/0.2.0.tgz,
with the stack files that it was deployed from: a user who upgrades keeps their own.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from airflow_entra.local import tenant as tenants
from airflow_entra.local.world import World
from tests.deploy.deployment import PROJECT, Deployment

DATA = Path(__file__).parent / "data"
KEPT = (
    "passphrase",
    "state/.pulumi/meta.yaml",
    "state/.pulumi/stacks/*/*.json",
    "tenant/identities.json",
    "tenant/keys/*",
    "tenant/seeds/*",
    "tenant/tenant.sqlite",
)
"""What a world is made of. Its certificate authority is not: each unpacked world makes its own, so that no published
key can vouch for a name that anybody trusts."""

_PLACES = ("sourcePosition", "stackTrace")


class PackingError(Exception):
    """The world can't be packed: the message says why."""


def releases() -> list[str]:
    """The releases that have a packed world, in no particular order."""
    return [file.stem for file in DATA.glob("*.tgz")]


def unpacked(release: str, folder: Path) -> World:
    """The world of a release below `folder`, with the stack files of that release; its tenant is not started."""
    with tarfile.open(DATA / f"{release}.tgz") as packed:
        packed.extractall(folder, filter="data")
    return World(PROJECT, folder / "world", folder / "stacks")


def pack(world: World, target: Path) -> None:
    """Write a stopped world and its stack files as one archive.

    Raises PackingError where the world still runs, or a file of it holds a path of this machine.
    """
    if tenants.running(world):
        raise PackingError(f"the tenant of {world.home} still runs; stop it first")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        _copy(world, folder)
        for file in _files(folder):
            for path in (world.home, world.project, Path.home()):
                if str(path).encode() in file.read_bytes():
                    raise PackingError(f"{file.relative_to(folder)} holds {path}, which no other machine has")
        with tarfile.open(target, "w:gz", compresslevel=9) as packed:
            for file in _files(folder):
                packed.add(file, str(file.relative_to(folder)), filter=_nobodys)


def deploy_all(world: World, *, say: list[str]) -> None:
    """Deploy every stack of the world, one after the other."""
    deployment = Deployment(world, said=say)
    for stack in world.stack_names():
        deployment.up(stack)


def _copy(world: World, folder: Path) -> None:
    for pattern in KEPT:
        for file in world.home.glob(pattern):
            copy = folder / "world" / file.relative_to(world.home)
            copy.parent.mkdir(parents=True, exist_ok=True)
            if file.suffix == ".sqlite":
                with closing(sqlite3.connect(file)) as database:
                    database.execute("VACUUM INTO ?", (str(copy),))
            elif file.suffix == ".json" and file.is_relative_to(world.backend):
                copy.write_text(json.dumps(_placeless(json.loads(file.read_text())), separators=(",", ":")))
            else:
                shutil.copyfile(file, copy)
    (folder / "stacks").mkdir()
    for file in world.stacks.glob("Pulumi.*.yaml"):
        shutil.copyfile(file, folder / "stacks" / file.name)


def _placeless(state: Any) -> Any:
    """A stack's state without the lines of code that declared each resource: they name the machine's folders."""
    if isinstance(state, dict):
        return {name: _placeless(value) for name, value in state.items() if name not in _PLACES}
    return [_placeless(item) for item in state] if isinstance(state, list) else state


def _files(folder: Path) -> Iterator[Path]:
    return iter(sorted(file for file in folder.rglob("*") if file.is_file()))


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    member.mode = 0o600
    return member


def main(release: str) -> None:
    with tempfile.TemporaryDirectory() as made:
        world = World(PROJECT, Path(made) / "world", PROJECT / "stacks")
        try:
            deploy_all(world, say=[])
        finally:
            tenants.stop(world)
        target = DATA / f"{release}.tgz"
        pack(world, target)
    sys.stdout.write(f"{target.relative_to(PROJECT)}: {target.stat().st_size} bytes\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
