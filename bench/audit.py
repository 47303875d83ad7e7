"""What an audit of a large tenant takes: `python -m bench.audit`.

The tenant has 100,000 people and 10,000 groups; the stack names 40 of the groups, which have some 20,000 people. The
figures are of the command as a person starts it, and the number of requests beside the fewest that Graph allows.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from airflow_entra.access import DeclaredStack
from airflow_entra.directory.audited import Audited, read
from airflow_entra.local import tenant as tenants
from airflow_entra.local.clients import clients_of
from airflow_entra.local.deploy import deploy
from airflow_entra.local.identities import AUDITOR
from airflow_entra.local.population import populate
from airflow_entra.local.run import open_session
from airflow_entra.local.world import World
from airflow_entra.settings import load
from bench.measure import Measured, measure
from bench.subjects import ROOT
from entra_local.population import Population

PEOPLE, GROUPS, SEED = 100_000, 10_000, 1
NAMED = range(40, 80)
"""The groups that the stack names: large and small ones, some 20,000 members in all."""
PAGE = 999
STACK = "large"
_COMMAND = Path(sys.executable).parent / "airflow-entra"


def stack_file(people: int, groups: int, named: range) -> str:
    """The local stack's file, with these groups of the population behind three roles."""
    content = yaml.safe_load((ROOT / "stacks" / "Pulumi.local.yaml").read_text("utf-8"))
    population = Population(people, groups, SEED, "contoso.com")
    known = [{"id": population.group_id(number), "name": population.group(number)["displayName"]} for number in named]
    config = content["config"]
    config["airflow-entra:roles"] = {
        "Admin": {"groups": known[-1:]},
        "Op": {"groups": known[-2:-1]},
        "Viewer": {"groups": known[:-2]},
    }
    config["airflow-entra:credential"]["vault"]["create"] = "kv-airflow-large"
    return yaml.safe_dump(content, sort_keys=False)


def fewest(found: Audited) -> int:
    """Requests that no way of asking Graph could save: one for each list, one for each page of members.

    The application, its principal, who is assigned, the groups by id, its owners, its federated credentials,
    consents, permissions and the log are one each; the owners of a group are one list each. The watcher's registration,
    its principal, owners, federated credentials and permissions are one each, too.
    """
    members = sum(_pages(len(group.direct)) for group in found.directory.groups.values())
    inside = sum(_pages(len(ids)) for group in found.directory.groups.values() for ids in group.nested.values())
    return 14 + len(found.groups) + members + inside


def _pages(items: int) -> int:
    return max(1, math.ceil(items / PAGE))


def measure_audit(folder: Path, people: int, groups: int, named: range) -> Mapping[str, str]:
    """Figures by name."""
    world = World(ROOT, folder / "world", folder / "stacks")
    world.stacks.mkdir(parents=True)
    world.stack_file(STACK).write_text(stack_file(people, groups, named), "utf-8")
    try:
        tenants.start(world, 0)
        added = populate(world, STACK, people, groups, SEED)
        deploy(open_session(world, [STACK], http_port=0, say=_say), STACK, say=_say)
        audit = _measured(world)
        settings = load(world.stack_file(STACK))
        tenant = tenants.start(world, 0)
        with clients_of(world, tenant, settings.tenant_id, identity=AUDITOR) as clients:
            found = read(clients.graph, DeclaredStack(STACK, settings), datetime.now(UTC) - timedelta(days=30))
            asked = clients.graph.requests
    finally:
        tenants.stop(world)
    least = fewest(found)
    return {
        "tenant": f"{added.people:,} people, {added.groups:,} groups, {added.memberships:,} memberships",
        "named": f"{len(found.groups)} groups, {sum(len(g.direct) for g in found.directory.groups.values()):,} members",
        "audit": f"{audit.seconds:.1f} s, {audit.own_bytes / 2**20:.0f} MB",
        "requests": f"{asked}, {asked / least:.2f} of the fewest ({least})",
    }


def _measured(world: World) -> Measured:
    environment = {**os.environ, "AIRFLOW_ENTRA_LOCAL": str(world.home), "AIRFLOW_ENTRA_STACKS": str(world.stacks)}
    out = world.home / "audit.html"
    command = [str(_COMMAND), "audit", "--stack", STACK, "--format", "html", "--out", str(out), "--fail-on", "never"]
    return measure(command, ROOT, environment)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.audit", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--groups", type=int, default=GROUPS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="airflow-entra-bench-") as place:
        for what, figure in measure_audit(Path(place), options.people, options.groups, NAMED).items():
            sys.stdout.write(f"{what:<10}{figure}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
