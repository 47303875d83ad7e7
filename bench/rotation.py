"""Rotations of the client secret while people sign in to a real Airflow: how many sign-ins fail.

`python -m bench.rotation --rotations 200` ends with the figures, and with exit code 1 where one failed. The people, the
stack and the Airflow are those of tests/airflow.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow_entra.access import DeclaredStack
from airflow_entra.local import tenant as tenants
from airflow_entra.local.airflow import deployed
from airflow_entra.local.run import open_session
from airflow_entra.local.world import World
from airflow_entra.pulumi.runner import Pulumi
from airflow_entra.rotation.leftovers import GraphEntra
from airflow_entra.rotation.rotate import Rotate
from airflow_entra.settings import load
from bench.subjects import ROOT
from tests.airflow import stacks
from tests.airflow.company import Company, company_in
from tests.airflow.forger import Forger
from tests.airflow.people import OP, VIEWER
from tests.airflow.signing_in import SignIns, signing_in

STACK = "pair"
LATER = timedelta(days=90)
"""Each run is told that so much time has passed, so that the older secret is due."""


@dataclass
class Figures:
    """`met`: sign-ins that began with a secret that had been taken away, and were finished with the new one."""

    rotations: int
    seconds: float
    sign_ins: int
    failed: list[str]
    met: int

    def __str__(self) -> str:
        return (
            f"{self.rotations} rotations in {self.seconds:.0f} s, {self.sign_ins} sign-ins meanwhile, "
            f"{len(self.failed)} failed; {self.met} met a secret that had just been taken away"
        )


def measure_rotation(folder: Path, rotations: int, seconds: float, version: str) -> Figures:
    """So many rotations of the stack `pair`, or as many as fit into the time."""
    stacks.write(folder / "stacks")
    world = World(ROOT, folder / "world", folder / "stacks")
    try:
        with company_in(world) as company:
            forger = Forger(company.tenant.url, company.signing_key)
            site = company.site(STACK, version, authority=forger.url)
            try:
                with signing_in(site, (OP, VIEWER), pause=0.2) as people:
                    return _rotate(company, people, forger, rotations, seconds)
            finally:
                forger.close()
    finally:
        deployed.stop_all(world)
        tenants.stop(world)


def _rotate(company: Company, people: SignIns, forger: Forger, rotations: int, seconds: float) -> Figures:
    session = open_session(company.world, [STACK], http_port=0, say=_quiet)
    file = company.world.stack_file(STACK)
    settings, pulumi = load(file), Pulumi(company.world.workspace, session.environment, STACK)
    entra = GraphEntra(lambda: company.graph)
    people.go_on(2)
    began, done = time.monotonic(), 0
    while done < rotations and time.monotonic() - began < seconds:
        how = (pulumi, lambda: None, entra, datetime.now(UTC) + LATER, _quiet)
        rotation = Rotate(DeclaredStack(STACK, settings), file, *how, proofs=1).run()
        if rotation.outcome != "rotated":
            raise SystemExit(f"bench: {rotation.outcome}: {rotation.findings}")
        done += len(rotation.replaced)
        so_far = f"{done} rotations after {time.monotonic() - began:.0f} s, {people.done} sign-ins"
        print(f"{so_far}, {len(people.failed)} failed", file=sys.stderr, flush=True)  # noqa: T201 -- progress
    took = time.monotonic() - began
    people.go_on(4)
    return Figures(done, took, people.done, people.failed, sum("AADSTS7000215" in one for one in forger.refusals))


def _quiet(line: str) -> None:
    """What went wrong is in the result."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.rotation", description=__doc__)
    parser.add_argument("--rotations", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=60, help="end after so long, with what was done until then")
    parser.add_argument("--airflow-version", choices=("3.3", "2.11"), default="3.3")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that Airflow and the tenant are stopped then too
    with tempfile.TemporaryDirectory(prefix="airflow-entra-rotation-") as folder:
        figures = measure_rotation(Path(folder), options.rotations, options.minutes * 60, options.airflow_version)
    print("\n".join([str(figures), *figures.failed[:10]]))  # noqa: T201 -- the result
    return 1 if figures.failed else 0


if __name__ == "__main__":
    sys.exit(main())
