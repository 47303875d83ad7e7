"""The page of what is supported names what the locks pin: what is tested is what is installed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from airflow_entra.local.airflow.environment import RELEASES
from engine import PULUMI_VERSION

PROJECT = Path(__file__).parents[2]
PAGE = (PROJECT / "docs" / "support.md").read_text("utf-8")
LOCKS = PROJECT / "airflow_entra" / "local" / "airflow" / "locks"


def run_in_tests(row: str) -> str:
    """The cell `tested` of a row, found by its first cell."""
    found = re.search(rf"^\| {re.escape(row)} \| ([^|]*) \|", PAGE, re.MULTILINE)
    assert found is not None, f"docs/support.md has no row {row}"
    return found[1]


def pinned(lock: Path, distribution: str) -> str:
    """The version of a distribution in a lock file."""
    found = re.search(rf"^{re.escape(distribution)}==([\w.]+)", lock.read_text("utf-8"), re.MULTILINE)
    assert found is not None, f"{lock.name} pins no {distribution}"
    return found[1]


def test_airflow() -> None:
    assert run_in_tests("Airflow") == ", ".join(RELEASES[major] for major in sorted(RELEASES))


@pytest.mark.parametrize(
    ("row", "distribution"), [("FAB provider", "apache-airflow-providers-fab"), ("SQLAlchemy", "sqlalchemy")]
)
def test_what_comes_with_airflow(row: str, distribution: str) -> None:
    versions = {
        release: pinned(LOCKS / f"airflow-{release}.lock", distribution) for _, release in sorted(RELEASES.items())
    }
    assert run_in_tests(row) == ", ".join(
        f"{version} (Airflow {release.rpartition('.')[0]})" for release, version in versions.items()
    )


def test_pulumi() -> None:
    lock = PROJECT / "requirements.lock"
    assert run_in_tests("Pulumi CLI") == PULUMI_VERSION
    assert run_in_tests("Pulumi SDK") == pinned(lock, "pulumi")
    assert run_in_tests("Providers' SDKs") == (
        f"azuread {pinned(lock, 'pulumi-azuread')}, azure-native {pinned(lock, 'pulumi-azure-native')}, "
        f"policy {pinned(lock, 'pulumi-policy')}"
    )
