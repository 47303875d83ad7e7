"""How much sooner `airflow-entra preview --all` is over with several previews at a time: `python -m bench.preview`.

Ten stacks with a handful of groups each on a local tenant of their own, nothing of them deployed yet. Both ways take
turns, so that what else the machine does meets both; what counts is the ratio.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from airflow_entra.local import tenant as tenants
from airflow_entra.local.run import Session, open_session
from airflow_entra.local.world import World
from bench import stacks
from bench.measure import measure
from bench.subjects import ROOT

STACKS, ROUNDS = 10, 3
_COMMAND = Path(sys.executable).parent / "airflow-entra"


class Ways(NamedTuple):
    """Seconds of each round: one preview after another, and as many at a time as there are CPUs."""

    one_by_one: list[float]
    together: list[float]

    @property
    def ratio(self) -> float:
        """The middle one of the rounds: its two halves met the same machine."""
        return statistics.median(alone / both for alone, both in zip(self.one_by_one, self.together, strict=True))


def measure_preview(folder: Path, number: int = STACKS, rounds: int = ROUNDS) -> Ways:
    """Raises `measure.CommandError` where a preview ends badly."""
    world = World(ROOT, folder / "world", stacks=folder / "stacks")
    names = []
    for groups in range(len(stacks.ROLES), len(stacks.ROLES) + number):
        stacks.write(world.stacks, groups)
        names.append(stacks.name_of(groups))
    try:
        session = open_session(world, names, http_port=0, say=lambda _line: None)
        for name in names:
            session.pulumi(name)
        ways = Ways([], [])
        for _ in range(rounds):
            ways.one_by_one.append(_preview(session, "--jobs", "1"))
            ways.together.append(_preview(session))
            sys.stderr.write(f"{ways.one_by_one[-1]:.1f} s one after another, {ways.together[-1]:.1f} s together\n")
        return ways
    finally:
        tenants.stop(world)


def _preview(session: Session, *options: str) -> float:
    """The program's mandatory policies pass: an exit code of 1 is a failure of the measurement."""
    return measure((_COMMAND, "preview", "--all", *options), ROOT, session.environment).seconds


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="airflow-entra-bench-") as place:
        ways = measure_preview(Path(place))
    cpus = len(os.sched_getaffinity(0))
    sys.stdout.write(
        f"preview --all, {STACKS} stacks, {cpus} CPUs\n"
        f"one after another  {statistics.median(ways.one_by_one):6.1f} s\n"
        f"{cpus} at a time        {statistics.median(ways.together):6.1f} s\n"
        f"ratio              {ways.ratio:6.2f}\n"
    )
