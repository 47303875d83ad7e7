"""The wheel for Airflow's image holds the package and nothing else."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from tests.papers.wheels import built, licence, metadata

pytestmark = pytest.mark.slow

PACKAGE = Path(__file__).parents[2] / "airflow_entra_auth"
NOT_SHIPPED = {"build", "dist", "__pycache__"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "airflow_entra_auth"
    shutil.copytree(PACKAGE, source, ignore=shutil.ignore_patterns(*NOT_SHIPPED, "*.egg-info"))
    (source / "fab" / "stray.pem").write_text("not a part of the package")
    return built(source, folder)


def test_the_wheel_holds_every_module_and_page_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    shipped = {name for name in wheel.namelist() if ".dist-info/" not in name}
    source = {
        f"airflow_entra_auth/{file.relative_to(PACKAGE).as_posix()}"
        for kind in ("*.py", "*.html", "py.typed")
        for file in PACKAGE.rglob(kind)
        if not NOT_SHIPPED.intersection(file.relative_to(PACKAGE).parts)
    }
    assert shipped == source


def test_the_wheel_names_its_own_oldest_python_and_brings_no_pulumi(wheel: zipfile.ZipFile) -> None:
    said = metadata(wheel)
    assert "Requires-Python: >=3.10" in said
    assert "pulumi" not in said.split("\n\n", 1)[0]


def test_the_wheel_says_and_brings_its_licence(wheel: zipfile.ZipFile) -> None:
    assert "License-Expression: Apache-2.0" in metadata(wheel)
    assert licence(wheel) == (PACKAGE / "LICENSE").read_bytes()
