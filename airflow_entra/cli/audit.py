"""airflow-entra audit: who has access, what they did with it, and what is wrong."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import click

from airflow_entra.cli.common import form_of, hosted, target_port_option
from airflow_entra.cli.output import result, say, show, width

if TYPE_CHECKING:
    from airflow_entra.finding import Severity
    from airflow_entra.report.audit import Format

_FORMS = ("text", "markdown", "html", "csv", "json")
_TABLES = [
    *("access", "findings", "drift", "checks", "roles", "declared", "programs", "left", "grants", "population"),
    *("nights", "actions", "runs"),
]
_DAY = click.DateTime(["%Y-%m-%d"])


@click.command(name="audit")
@click.option("--stack", default="local", show_default=True)
@click.option(
    "--airflow",
    "files",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="What an Airflow wrote down: the output of `python -m airflow_entra_auth.records --since DATE` in its "
    "environment. Repeat it for each. A local stack's Airflows are asked by themselves.",
)
@click.option("--drift", is_flag=True, help="Compare the stack file, Pulumi's state and the tenant as well.")
@click.option("--days", type=click.IntRange(1, 3650), default=30, show_default=True, help="How far back.")
@click.option("--from", "since", type=_DAY, help="The first day of a period, in UTC: all that happened in it.")
@click.option(
    "--to",
    "until",
    type=_DAY,
    help="Its last day; today, unless said. What is older than Entra's log comes "
    "from the evidence of the nights: with --from, --evidence is read and nothing is kept.",
)
@click.option(
    "--pull-requests",
    "requests",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="With --from: who approved what, as the platform says it: the output of `gh pr list --state merged --limit "
    "1000 --json number,url,mergeCommit,reviews`, or of `az repos pr list --status completed --top 1000`.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice([*_FORMS, "sarif"]),
    help="Else by the name of FILE; text where that says nothing.",
)
@click.option("--table", type=click.Choice(_TABLES), default="access", show_default=True, help="With --format csv.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write there instead.")
@click.option(
    "--evidence",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Keep the audit there too, without names: a new folder with every format, the stack file, a manifest of "
    "hashes and, in a file that can be erased, the names.",
)
@click.option(
    "--verify",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="Audit nothing: check that the evidence there is as it was written, and the chain of its manifests whole.",
)
@click.option(
    "--expect",
    metavar="HASH",
    help="With --verify: the hash of a manifest that was kept elsewhere. The evidence up to that audit is then vouched "
    "for; where no manifest has it, that is a finding.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "note", "never"]),
    default="error",
    show_default=True,
    help="The severity from which findings give exit code 1.",
)
@target_port_option
def command(
    stack: str,
    files: tuple[Path, ...],
    drift: bool,
    days: int,
    form: Format | Literal["sarif"] | None,
    table: str,
    out: Path | None,
    since: datetime | None,
    until: datetime | None,
    requests: Path | None,
    evidence: Path | None,
    verify: Path | None,
    expect: str | None,
    fail_on: Severity | Literal["never"],
    port: int,
) -> None:
    """Who has access to a stack's Airflow and through what, what they did, what expires, and what is wrong.

    The directory is asked as the identity in the ARM_* variables, which needs to read alone; for a local stack it is
    the local tenant. Every run and every task's log is led back to a verified person, or to what else is behind it:
    where Airflow kept no name, that is what is said. Exit code 1 where something of --fail-on or worse is wrong,
    or, with --drift, where the three differ.
    """
    if form == "sarif" and out is not None:
        raise click.UsageError("--format sarif is printed: leave --out away")
    written = cast("Format", form_of(form, out, _FORMS, "text"))
    if written == "csv" and table == "drift" and not drift:
        raise click.UsageError("--table drift goes with --drift")
    if expect is not None and verify is None:
        raise click.UsageError("--expect goes with --verify")
    if since is None and (until is not None or requests is not None):
        raise click.UsageError("--to and --pull-requests go with --from")
    if written == "csv" and table == "nights" and since is None:
        raise click.UsageError("--table nights goes with --from")
    if verify is not None:
        _verify(verify, expect)
        return
    now = datetime.now(UTC)
    begin = now - timedelta(days=days) if since is None else since.replace(tzinfo=UTC)
    end = now if until is None else min(now, until.replace(tzinfo=UTC) + timedelta(days=1))
    if begin >= end:
        raise click.UsageError("--from is a day before --to, and before today's end")
    from airflow_entra.commands.audit import audit_stack, keep_evidence
    from airflow_entra.commands.period import requests_in, with_period
    from airflow_entra.files import write_private
    from airflow_entra.finding import exit_code
    from airflow_entra.local.world import project_world
    from airflow_entra.report.audit import render
    from airflow_entra.report.audit_tables import conclusion
    from airflow_entra.report.findings import placed

    world = project_world()
    pulls = requests_in(requests)
    seen = audit_stack(world, stack, files, since=begin, now=now, drifted=drift, port=port)
    found = seen.audit
    kept = keep_evidence(world, evidence, seen) if evidence and since is None else None
    if since is not None:
        found = with_period(world, found, end, evidence, pulls, port=port)
    if form == "sarif":
        hosted(form, placed(found.findings, lambda _: world.stack_file(stack)), "audit")
    elif out is None:
        result(render(found, written, table, width()))
    else:
        write_private(out, render(found, written, table))
        say(f"Written: {out}")
    if kept is not None:
        say(f"Kept: {kept.folder}")
        say(f"Its manifest's hash, to keep elsewhere for --verify --expect: {kept.digest}")
    say(conclusion(found))
    sys.exit(0 if fail_on == "never" else exit_code(found.findings, fail_on))


def _verify(place: Path, expect: str | None) -> None:
    from airflow_entra.audit.evidence import verify, vouched_until
    from airflow_entra.words import form, many

    kept = verify(place)
    vouched = vouched_until(kept, expect) if expect else None
    for one in kept:
        show(f"{one.folder.name}  stack {one.manifest.get('stack')}, commit {one.manifest.get('commit')}")
    how = form(len(kept), "as it was written", "each as it was written, none missing in between")
    say(f"{many(len(kept), 'audit')}, {how}.")
    if vouched is None:
        say(f"Nothing vouches for the newest: compare its hash with one kept elsewhere (--expect): {kept[-1].digest}")
    else:
        later = len(kept) - 1 - kept.index(vouched)
        after = f", not for the {later} after it" if later else ""
        say(f"The hash vouches for all until {vouched.folder.name}{after}.")
