"""The wheel for Airflow's image holds the package and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from engine.cache import cache_folder

PACKAGE = Path(__file__).parents[2] / "airflow_entra_auth"
NOT_SHIPPED = {"build", "dist", "__pycache__"}


def _uv() -> str | None:
    return shutil.which("uv") or next(map(str, cache_folder().glob("uv-*/bin/uv")), None)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    uv = _uv()
    if uv is None:
        pytest.skip("uv is not installed: `make test` brings it")
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "airflow_entra_auth"
    shutil.copytree(PACKAGE, source, ignore=shutil.ignore_patterns(*NOT_SHIPPED, "*.egg-info"))
    (source / "fab" / "stray.pem").write_text("not a part of the package")
    built = subprocess.run(
        [uv, "build", "--wheel", str(source), "--out-dir", str(folder)], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    (found,) = folder.glob("*.whl")
    return zipfile.ZipFile(found)


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
    (name,) = (name for name in wheel.namelist() if name.endswith("/METADATA"))
    metadata = wheel.read(name).decode()
    assert "Requires-Python: >=3.10" in metadata
    assert "pulumi" not in metadata.split("\n\n", 1)[0]
