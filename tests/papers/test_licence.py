"""Both distributions say their licence, and bring its text."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.papers.wheels import built, licence, metadata

PROJECT = Path(__file__).parents[2]
APACHE_2_0 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
"""SHA-256 of the text as the Apache Software Foundation publishes it."""


def test_the_licence_is_apache_2_0_unchanged() -> None:
    text = (PROJECT / "LICENSE").read_bytes()
    assert hashlib.sha256(text).hexdigest() == APACHE_2_0


def test_the_packages_folder_has_the_same_text() -> None:
    """setuptools takes no file from outside of the distribution's own folder."""
    assert (PROJECT / "airflow_entra_auth" / "LICENSE").read_bytes() == (PROJECT / "LICENSE").read_bytes()


@pytest.mark.slow
def test_the_main_wheel_says_and_brings_it(tmp_path: Path) -> None:
    wheel = built(PROJECT, tmp_path)
    assert "License-Expression: Apache-2.0" in metadata(wheel)
    assert licence(wheel) == (PROJECT / "LICENSE").read_bytes()
