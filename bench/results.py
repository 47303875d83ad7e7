"""What was measured, and bench/RESULTS.md written from it."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from bench.claims import BAR as DECISION_BAR
from bench.make_up import MakeUp
from bench.measure import Measured
from bench.sign_in import REQUEST_BAR, SIGN_IN_BAR, SignIn
from bench.subjects import Size

FILE = Path(__file__).with_name("RESULTS.md")
WITH_POLICIES = "preview with the policy pack"
WITHOUT_CHECKPOINTS = "up without checkpoints"
THOUSAND_RESOURCES = 495
"""Role groups of a stack with 1,000 resources."""
RATIO_BARS = {("preview", 100): 1.5, ("preview", 1000): 1.25, (WITH_POLICIES, THOUSAND_RESOURCES): 1.25}
"""How much slower than the floor it may be."""
TENANT_READY_BAR = 1.0
"""Seconds."""
TENANT_BAR = 120.0
"""MB of resident memory."""
_SIGN_IN = "## Sign-in in Airflow"
"""The heading of what is measured apart: the page keeps it when only deployments are measured, and the other way."""
_KILLS = "## Watchers that are killed"
"""The same of `python -m bench.watch_kills --write`."""
MAKE_UP_BARS = {"warm": 30.0, "again": 10.0}
"""Seconds, on two cores."""


@dataclass
class Sized:
    """All measurements of one size."""

    size: Size
    runs: dict[tuple[str, str], list[Measured]] = field(default_factory=dict)
    """(operation, "ours" or "floor") -> each run."""
    tenant_bytes: int = 0
    complete: bool = False

    def add(self, operation: str, who: str, measured: Measured) -> None:
        self.runs.setdefault((operation, who), []).append(measured)

    def tenant(self, pid: int) -> None:
        self.tenant_bytes = max(self.tenant_bytes, psutil.Process(pid).memory_info().rss)

    def seconds(self, operation: str, who: str) -> float | None:
        runs = self.runs.get((operation, who))
        return statistics.median(run.seconds for run in runs) if runs else None

    def engine_bytes(self, operation: str) -> int:
        return max(run.own_bytes for run in self.runs[operation, "ours"])

    def tree_bytes(self, operation: str) -> int:
        return max(run.tree_bytes for run in self.runs[operation, "ours"])


@dataclass(frozen=True)
class Kills:
    """One run of bench.watch_kills; `how` is what was wrong besides."""

    airflow: str
    how: str
    kills: int
    changes: int
    half: float
    longest: float
    asked: int
    wrong: int


@dataclass
class Results:
    sized: dict[int, Sized] = field(default_factory=dict)
    make_up: MakeUp | None = None
    sign_in: SignIn | None = None
    tenant_ready: float | None = None
    """Seconds from starting the local tenant, with nothing there yet, until it listens."""
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    load: float = field(default_factory=lambda: os.getloadavg()[0])

    @property
    def deployments(self) -> bool:
        """Whether anything was measured that Pulumi does."""
        return bool(self.sized or self.make_up or self.tenant_ready)


def write(found: Results) -> None:
    """Write what was measured into the page; the part that this run did not measure stays as it is."""
    deployments, sign_in, kills = _parts()
    if found.deployments:
        deployments = "\n".join(_deployments(found))
    if found.sign_in:
        sign_in = "\n".join(_sign_in(found, found.sign_in))
    _write(deployments, sign_in, kills)


def write_kills(found: list[Kills]) -> None:
    """Write what a run of bench.watch_kills saw; lines of other runs than this one's stay."""
    deployments, sign_in, kills = _parts()
    kept = [line for line in kills.splitlines() if line.startswith(("| 3.", "| 2."))]
    lines = {_key(line): line for line in [*kept, *map(_kills_line, found)]}
    _write(deployments, sign_in, "\n".join(_kills(datetime.now(UTC), lines)))


def _key(line: str) -> str:
    """What tells two lines of the table apart: Airflow, and how."""
    return "|".join(line.split("|")[:3]) + "|"


def _kills_line(run: Kills) -> str:
    cells = [
        run.airflow,
        run.how,
        str(run.kills),
        str(run.changes),
        f"{run.half:.1f} ({run.longest:.1f})",
        str(run.asked),
        str(run.wrong),
    ]
    return f"| {' | '.join(cells)} |"


def _kills(began: datetime, lines: Mapping[str, str]) -> Iterator[str]:
    yield _KILLS
    yield ""
    yield f"Written by `python -m bench.watch_kills --write` on {began:%Y-%m-%d %H:%M} UTC: {_machine()}."
    yield ""
    yield "Two watchers beside an Airflow on PostgreSQL with 500 sessions; the one that leads is killed (SIGKILL) at"
    yield "moments of chance, while people leave, come back and sign in. *Seconds*: from a change to its effect, the"
    yield "median, and in brackets the longest. *Asked*: how often a watcher was asked how it is. *Wrong*: changes"
    yield "missed or made twice, sessions that outlived their person, and answers fresher than the database."
    yield ""
    yield "| Airflow | Besides | Kills | Changes | Seconds | Asked | Wrong |"
    yield "|---|---|---|---|---|---|---|"
    yield from lines.values()


def _write(*parts: str) -> None:
    FILE.write_text("\n\n".join(part.strip() for part in ("# Results", *parts) if part.strip()) + "\n")


def _parts() -> tuple[str, str, str]:
    """The page as it is, without its title: deployments, the sign-in, and killed watchers."""
    text = FILE.read_text().removeprefix("# Results") if FILE.exists() else ""
    text, killed, kills = text.partition(_KILLS)
    deployments, heading, sign_in = text.partition(_SIGN_IN)
    return deployments, heading + sign_in, killed + kills


def _measured(found: Results) -> Iterator[str]:
    yield f"Written by `make bench` on {found.began:%Y-%m-%d %H:%M} UTC: {_machine()},"
    yield f"load {found.load:.1f} at the start and {os.getloadavg()[0]:.1f} at the end."
    yield ""


def _sign_in(found: Results, measured: SignIn) -> Iterator[str]:
    yield _SIGN_IN
    yield ""
    yield from _measured(found)
    yield "In Airflow's own process, with 200 groups in the token and 51 roles in the sign-on file. *Sign-in*: from"
    yield "the token response to the answer with its session. *Request*: who somebody is, and three questions about"
    yield "what they may. *Stock*: Airflow's FAB provider on the same database, in turn with ours; without its second"
    yield "check of the token's signature, which it does at each sign-in. Milliseconds: medians, and in brackets what"
    yield "19 of 20 stay below."
    yield ""
    yield "| Airflow | What | Ours | Stock | Over stock | Bar |"
    yield "|---|---|---|---|---|---|"
    for airflow in dict.fromkeys(airflow for airflow, _ in measured.costs):
        ours, stock = measured.costs[airflow, "ours"], measured.costs[airflow, "stock"]
        for what, one, other, bar in (
            ("sign-in", ours.sign_in, stock.sign_in, SIGN_IN_BAR),
            ("request", ours.request, stock.request, REQUEST_BAR),
        ):
            over = statistics.median(one) - statistics.median(other)
            cells = [airflow, f"{what}, {len(one)} times", _spread(one), _spread(other), f"{over:+.2f}"]
            yield f"| {' | '.join(cells)} | {_bar(over, bar, ' ms')} |"
    yield ""
    cost = f"{measured.decision:.0f} µs"
    yield f"From claims to roles alone (200 groups, 50 rules): {cost} ({_bar(measured.decision, DECISION_BAR, ' µs')})."


def _spread(milliseconds: list[float]) -> str:
    most = sorted(milliseconds)[len(milliseconds) * 19 // 20]
    return f"{statistics.median(milliseconds):.2f} ({most:.2f})"


def _deployments(found: Results) -> Iterator[str]:
    yield from _measured(found)
    yield "*Floor*: a bare Pulumi program with as many resources and components, on a provider that answers at once,"
    yield "measured in the same run, command by command in turn. Seconds are medians; in brackets, how many runs."
    yield "With the policy pack the floor is our own preview without it."
    yield "*Engine*: the highest resident memory of the `pulumi` process. *With children*: the sum over it, the"
    yield "language host, the program and the providers, with shared pages counted each time."
    if found.tenant_ready is not None:
        yield ""
        ready = f"{found.tenant_ready:.2f} s"
        yield f"The local tenant was ready after {ready} ({_bar(found.tenant_ready, TENANT_READY_BAR, ' s')})."
    if found.make_up:
        yield from _make_up(found.make_up)
    for groups, sized in found.sized.items():
        yield from _table(groups, sized)


def _make_up(measured: MakeUp) -> Iterator[str]:
    yield ""
    yield "## make up"
    yield ""
    yield "| What | Seconds | Bar |"
    yield "|---|---|---|"
    rows = {
        "cold": ("a fresh clone, the engine built too", measured.cold),
        "fresh": ("a fresh clone, the engine built before", measured.fresh_clone),
        "warm": ("warm: no tenant and no state yet", measured.warm),
        "again": ("again: nothing changes", measured.again),
    }
    for key, (what, run) in rows.items():
        if run:
            bar = MAKE_UP_BARS.get(key)
            yield f"| {what} | {run.seconds:.1f} | {_bar(run.seconds, bar, ' s') if bar else ''} |"


def _table(groups: int, sized: Sized) -> Iterator[str]:
    yield ""
    yield f"## {groups} role groups"
    yield ""
    yield f"{sized.size.resources} resources and {sized.size.components} components."
    if sized.tenant_bytes:
        held = f"{_megabytes(sized.tenant_bytes)} MB after `up` ({_bar(sized.tenant_bytes / 1e6, TENANT_BAR, ' MB')})"
        yield f"The tenant held {held}."
    if not sized.complete:
        yield "The run was ended here: what is not in the table was not measured."
    yield ""
    yield "| What | Ours, s | Floor, s | Ratio | Bar | Engine, MB | With children, MB |"
    yield "|---|---|---|---|---|---|---|"
    for operation in dict.fromkeys(operation for operation, _ in sized.runs):
        ours, floor = sized.seconds(operation, "ours"), sized.seconds(operation, "floor")
        if ours is None:
            continue
        ratio = ours / floor if floor else None
        bar = RATIO_BARS.get((operation, groups))
        cells = [
            operation,
            f"{ours:.1f} ({len(sized.runs[operation, 'ours'])})",
            f"{floor:.1f}" if floor else "",
            f"{ratio:.2f}" if ratio else "",
            _bar(ratio, bar, "") if ratio and bar else "",
            _megabytes(sized.engine_bytes(operation)),
            _megabytes(sized.tree_bytes(operation)),
        ]
        yield f"| {' | '.join(cells)} |"


def _bar(value: float, bar: float, unit: str) -> str:
    return f"≤ {bar:g}{unit}: {'met' if value <= bar else 'missed'}"


def _megabytes(number: int) -> str:
    return f"{number / 1e6:.0f}"


def _machine() -> str:
    memory = psutil.virtual_memory().total / 1e9
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, Pulumi SDK {version('pulumi')}"
    )
