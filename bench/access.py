"""How long the offline commands take that a pull request waits for: `python -m bench.access`.

The stacks are a repository's: 50 of them with 100 roles each, in two commits. Each command is started as a person
would, start-up included; the figure is the middle one of the rounds.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bench.measure import measure

STACKS, ROLES, ROUNDS = 50, 100, 5
_COMMAND = Path(sys.executable).parent / "airflow-entra"
_HEADER = """config:
  azuread:tenantId: 7a0c3f5e-52d1-4b5e-9d0a-6c1f0e8b2a11
  airflow-entra:environment: development
  airflow-entra:tenant: {{licence: P1}}
  airflow-entra:airflow: [{{version: "3.3", url: https://airflow-{stack}.contoso.com}}]
  airflow-entra:signIn: {{airflowSession: 8h}}
  airflow-entra:owners: {{application: [9e6e5e3a-533d-5916-9361-192d95b35083]}}
  airflow-entra:credential: {{mode: federated, federated: {{issuer: https://issuer.contoso.com, subject: airflow}}}}
  airflow-entra:roles:
"""
_ROLE = """    role-{role}:
      groups:
        - create: airflow-{stack}-{role}
      dags:
        team{role}_*: [read, {action}]
"""


def write(folder: Path, *, stacks: int = STACKS, roles: int = ROLES, edited: int = 0) -> None:
    """Stack files below `folder`; in the first `edited` of them every role may do something else."""
    (folder / "stacks").mkdir(parents=True, exist_ok=True)
    for stack in range(stacks):
        action = "edit" if stack < edited else "trigger"
        text = "".join(_ROLE.format(stack=stack, role=role, action=action) for role in range(roles))
        (folder / "stacks" / f"Pulumi.s{stack}.yaml").write_text(_HEADER.format(stack=stack) + text, "utf-8")


def measure_access(folder: Path, rounds: int = ROUNDS) -> Mapping[str, float]:
    """Seconds of each command. Raises `measure.CommandError`."""
    for name in ("Pulumi.yaml", "__main__.py"):
        (folder / name).touch()
    _git(folder, "init", "--initial-branch", "main")
    for branch, edited in (("main", 0), ("few", 3), ("all", STACKS)):
        _git(folder, "checkout", "--quiet", "-B", branch)
        write(folder, edited=edited)
        _git(folder, "add", ".")
        _git(folder, "commit", "--quiet", "--allow-empty", "--message", branch)
    commands = {
        "--help": ("--help",),
        "diff, 3 of 50 stacks changed": ("diff", "main", "few"),
        "diff, 50 of 50 stacks changed": ("diff", "main", "all", "--format", "markdown"),
        "explain": ("explain", "--stack", "s0", "--group", "airflow-0-7"),
    }
    return {
        what: statistics.median(measure((_COMMAND, *command), folder, os.environ).seconds for _ in range(rounds))
        for what, command in commands.items()
    }


def _git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="airflow-entra-bench-") as place:
        for what, seconds in measure_access(Path(place)).items():
            sys.stdout.write(f"{what:<32}{seconds:6.2f} s\n")
