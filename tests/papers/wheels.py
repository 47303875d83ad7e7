"""The wheels of this repository's two distributions, built by uv."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from engine.cache import cache_folder


def built(source: Path, folder: Path) -> zipfile.ZipFile:
    """The wheel of the project in `source`, written into `folder`. Skips the test where there is no uv."""
    uv = shutil.which("uv") or next(map(str, cache_folder().glob("uv-*/bin/uv")), None)
    if uv is None:
        pytest.skip("uv is not installed: `make test` brings it")
    build = [uv, "build", "--wheel", str(source), "--out-dir", str(folder)]
    result = subprocess.run(build, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    (wheel,) = folder.glob("*.whl")
    return zipfile.ZipFile(wheel)


def metadata(wheel: zipfile.ZipFile) -> str:
    """What a wheel says about itself."""
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return wheel.read(name).decode()


def licence(wheel: zipfile.ZipFile) -> bytes:
    """The licence that a wheel brings; it is an error where there is none."""
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/licenses/LICENSE"))
    return wheel.read(name)
