"""Helm itself, built from its Go module into the cache folder, and the official chart that `make chart` fetches there.

`python -m tests.render.helm` fetches the chart.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.cache import alone, cache_folder
from engine.download import download

HELM = "v3.19.5"
"""The oldest that the chart takes is 3.19."""
CHART = "1.22.0"
_ADDRESS = f"https://archive.apache.org/dist/airflow/helm-chart/{CHART}/airflow-{CHART}.tgz"
_DIGEST = "1f7d1dfe3d58e2c54899950aba907a43625a18c8b6fb3c54760c21592129a5b6"
"""Of the chart, as the chart repository's index has it."""


def helm() -> Path:
    """The program; built the first time, in some minutes. Skips the test where there is no Go."""
    folder = cache_folder() / "helm" / HELM
    with alone(folder.with_name(f"{HELM}.lock"), lambda: None):
        if not (folder / "helm").exists():
            go = shutil.which("go")
            if go is None:
                pytest.skip("Helm is built with Go, and there is none here: https://go.dev/dl")
            with tempfile.TemporaryDirectory(dir=folder.parent) as made:
                _run([go, "install", "-trimpath", f"helm.sh/helm/v3/cmd/helm@{HELM}"], {**os.environ, "GOBIN": made})
                folder.mkdir(exist_ok=True)
                Path(made, "helm").rename(folder / "helm")
    return folder / "helm"


def official_chart() -> Path:
    """Airflow's own chart, as it was released. Skips the test where nobody fetched it."""
    chart = _chart()
    if not chart.exists():
        pytest.skip(f"Airflow's official chart {CHART} is not in the cache folder: `make chart` fetches it")
    assert hashlib.sha256(chart.read_bytes()).hexdigest() == _DIGEST
    return chart


def template(chart: Path, values: Sequence[str], folder: Path) -> list[dict[str, Any]]:
    """The objects that `helm template` makes of the chart and these texts of values, the later ones winning."""
    options: list[str] = []
    for number, text in enumerate(values):
        (folder / f"values-{number}.yaml").write_text(text, "utf-8")
        options += ["-f", str(folder / f"values-{number}.yaml")]
    # A home of its own: nothing of this machine's Helm or clusters counts.
    environment = {"PATH": os.defpath, "HOME": str(folder), "KUBECONFIG": "/dev/null"}
    text = _run([helm(), "template", "airflow", chart, "--namespace", "data", *options], environment)
    return [made for made in yaml.safe_load_all(text) if made]


def fetch_chart() -> None:
    """Into the cache folder, once its digest is right."""
    chart = _chart()
    chart.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=chart.parent) as folder:
        fetched = Path(folder) / chart.name
        download(_ADDRESS, fetched, _say)
        digest = hashlib.sha256(fetched.read_bytes()).hexdigest()
        if digest != _DIGEST:
            sys.exit(
                f"{_ADDRESS} has the digest {digest}, and {_DIGEST} is right: it is not the chart that was released"
            )
        fetched.rename(chart)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _chart() -> Path:
    return cache_folder() / "chart" / f"airflow-{CHART}.tgz"


def _run(command: Sequence[str | Path], environment: dict[str, str]) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


if __name__ == "__main__":
    fetch_chart()
