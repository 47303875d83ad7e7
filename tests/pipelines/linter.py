"""actionlint, built once from the Go modules that actionlint/go.sum pins, and kept in the user's cache folder."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from engine.cache import cache_folder

PINS = Path(__file__).parent / "actionlint"


def actionlint() -> Path:
    """The program. Skips the test where there is no Go to build it with."""
    go = shutil.which("go")
    digest = hashlib.sha256(b"".join((PINS / name).read_bytes() for name in ("go.mod", "go.sum"))).hexdigest()
    program = cache_folder() / "actionlint" / f"{digest[:12]}-{platform.system().lower()}-{platform.machine()}"
    if not program.exists():
        if go is None:
            pytest.skip("actionlint is built with Go, and there is none here: https://go.dev/dl")
        program.parent.mkdir(parents=True, exist_ok=True)
        with program.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not program.exists():
                _build(go, program)
    return program


def _build(go: str, program: Path) -> None:
    with tempfile.TemporaryDirectory(dir=program.parent) as folder:
        built = Path(folder, program.name)
        done = subprocess.run(
            [go, "build", "-trimpath", "-o", str(built), "github.com/rhysd/actionlint/cmd/actionlint"],
            cwd=PINS,
            env={**os.environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "-mod=readonly"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        built.replace(program)
