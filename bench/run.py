"""Measures and writes bench/RESULTS.md: `make bench`, or `make bench BENCH='--sizes 10,100'` for a short one.

`--only sign-in` (or `deployments`) measures one part; the page keeps the other.

Ours and the floor take turns command by command, so that a machine that gets slower slows both.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from airflow_entra.errors import UserError
from airflow_entra.local import tenant as tenants
from airflow_entra.local.run import Session, open_session
from airflow_entra.local.world import World
from bench import results, stacks
from bench.floor.subject import Floor
from bench.make_up import measure_make_up
from bench.measure import CommandError
from bench.ours import Ours
from bench.results import Results, Sized
from bench.sign_in import measure_sign_in
from bench.subjects import ROOT, Subject

QUIET = ("--non-interactive", "--suppress-outputs")
UP = ("up", "--yes", "--skip-preview", *QUIET)
OPERATIONS = {
    "preview": ("preview", *QUIET),
    "up": UP,
    "up again, no change": UP,
    "destroy": ("destroy", "--yes", "--skip-preview", *QUIET),
}
ROUNDS = {10: 3, 100: 3}
"""Size -> rounds; a larger size gets one round of `up`, with three previews."""
PREVIEWS = 3
PREVIEWS_WITH_POLICIES = 8
SIGN_IN, DEPLOYMENTS = "sign-in", "deployments"
"""The parts of a run."""


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the tenant is stopped then too
    try:
        _run(options)
    except (CommandError, UserError) as error:
        _say(f"bench: {error}")
        return 1
    _say(f"written: {results.FILE.relative_to(ROOT)}")
    return 0


def _run(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="airflow-entra-bench-") as place:
        folder = Path(place)
        found = Results()
        if options.only != DEPLOYMENTS:
            found.sign_in = measure_sign_in(folder, _say)
            results.write(found)
        if options.only == SIGN_IN:
            return
        if options.make_up:
            _say("make up")
            found.make_up = measure_make_up(folder, cold=options.cold)
        with _session(folder, options.sizes, found) as session:
            for size in options.sizes:
                _measure(session, folder, size, found)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--sizes", type=_sizes, default=[10, 100, results.THOUSAND_RESOURCES, 1000], help="role groups, as 10,100,1000"
    )
    parser.add_argument("--only", choices=(SIGN_IN, DEPLOYMENTS), help="one part; the page keeps the other")
    parser.add_argument("--no-make-up", dest="make_up", action="store_false", help="leave `make up` out")
    parser.add_argument("--cold", action="store_true", help="time a `make up` that builds the engine too (minutes)")
    return parser.parse_args()


def _sizes(text: str) -> list[int]:
    sizes = [int(part) for part in text.split(",")]
    if min(sizes) < len(stacks.ROLES):
        raise argparse.ArgumentTypeError(f"at least {len(stacks.ROLES)} role groups")
    return sizes


@contextmanager
def _session(folder: Path, sizes: list[int], found: Results) -> Iterator[Session]:
    world = World(ROOT, folder / "world", stacks=folder / "stacks")
    for size in sizes:
        stacks.write(world.stacks, size)
    names = [stacks.name_of(size) for size in sizes]
    try:
        began = time.perf_counter()
        tenants.start(world, 0)
        found.tenant_ready = time.perf_counter() - began
        session = open_session(world, names, http_port=0, say=_say)
        for name in names:
            session.pulumi(name)
        yield session
    finally:
        tenants.stop(world)


def _measure(session: Session, folder: Path, groups: int, found: Results) -> None:
    """Measure one size; what is measured is written at once, so that an interrupted run keeps it."""
    ours = Ours(session, stacks.name_of(groups))
    size = ours.size()
    home = folder / f"floor-{groups}"
    home.mkdir()
    subjects: dict[str, Subject] = {"ours": ours, "floor": Floor(home, session.engine, size)}
    sized = found.sized[groups] = Sized(size)
    if groups == results.THOUSAND_RESOURCES:
        _measure_policies(sized, ours, groups)
        sized.complete = True
        results.write(found)
        return
    for number in range(rounds := ROUNDS.get(groups, 1)):
        for operation, arguments in OPERATIONS.items():
            repeats = PREVIEWS if operation == "preview" and rounds == 1 else 1
            for _ in range(repeats):
                for who, subject in subjects.items():
                    _say(f"{groups} role groups, round {number + 1} of {rounds}: {operation}, {who}")
                    sized.add(operation, who, subject.pulumi(*arguments))
            if operation == "up":
                sized.tenant(session.tenant.pid)
            results.write(found)
    _measure_extras(sized, ours, subjects, groups)
    sized.complete = True
    results.write(found)


def _measure_extras(sized: Sized, ours: Ours, subjects: dict[str, Subject], groups: int) -> None:
    """What a user may turn on: the policy pack, and no checkpoints where the state is disposable."""
    _measure_policies(sized, ours, groups)
    for who, subject in subjects.items():
        _say(f"{groups} role groups: up without checkpoints, {who}")
        sized.add(results.WITHOUT_CHECKPOINTS, who, subject.pulumi(*UP, checkpoints=False))
        subject.pulumi(*OPERATIONS["destroy"], checkpoints=False)


def _measure_policies(sized: Sized, ours: Ours, groups: int) -> None:
    """The preview with the policy pack and without it, in turn."""
    _say(f"{groups} role groups: preview with policies")
    pack = ("--policy-pack", str(ROOT / "policies"))
    for _ in range(PREVIEWS_WITH_POLICIES if groups == results.THOUSAND_RESOURCES else PREVIEWS):
        for who, arguments in (("floor", ()), ("ours", pack)):
            sized.add(results.WITH_POLICIES, who, ours.pulumi(*OPERATIONS["preview"], *arguments))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - progress of a command


if __name__ == "__main__":
    sys.exit(main())
