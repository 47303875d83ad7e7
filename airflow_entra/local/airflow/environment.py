"""Airflow's own Python environment: installed once from a lock file with hashes, kept in the user's cache folder."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from airflow_entra.errors import UserError, on_disk
from airflow_entra.local.processes import only_one
from airflow_entra_auth.releases import TESTED, refusal
from engine.cache import cache_folder

RELEASES = {int(release.split(".")[0]): release for release in TESTED.values()}
"""The release of each major version that this program starts and tests."""

UV_VERSION = "0.13.9"
_LOCKS = Path(__file__).with_name("locks")
_CHECKOUT = Path(__file__).parents[3]
_INSIDE_AIRFLOW = "airflow_entra_auth"
_TOO_NEW = {2: (3, 13), 3: (3, 14)}  # the first Python minor that the release refuses
_OLDEST = (3, 11)  # what the lock files were made for


def release(version: str) -> str:
    """The release that stands for a version as people write it: "3.3", "3.3.2" and "3" give "3.3.2".

    Raises `UserError` where no tested release is meant.
    """
    for minor, tested in TESTED.items():
        if version in (minor.split(".")[0], minor) or version.startswith(f"{minor}."):
            return tested
    why = refusal(version) if version[:1].isdecimal() and "." in version else None
    raise UserError(
        f"no Airflow {version} is known here{f' ({why})' if why else ''}; --version takes {' or '.join(TESTED)}"
    )


def major(version: str) -> int:
    """2 or 3."""
    return int(release(version).split(".")[0])


def environment_for(version: str, say: Callable[[str], None] | None = None) -> Path:
    """The Python of an environment with Airflow `version` ("3.3", "2.11.2") and this checkout's airflow_entra_auth.

    The first call installs it (half a minute, some 400 MB); later ones find it. `say` hears what takes long, stderr
    unless given. Raises `UserError` where it can't be installed.
    """
    say = say or _to_stderr
    exact = release(version)
    lock = _LOCKS / f"airflow-{exact}.lock"
    interpreter = _interpreter(exact)
    folder = cache_folder() / "airflow" / f"{exact}-{_key(lock, interpreter)}"
    python = folder / "bin" / "python"
    with on_disk(f"install Airflow {exact}", folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with only_one(folder.with_name(f"{folder.name}.lock")):
            if not (folder / "complete").is_file():
                say(f"Installing Airflow {exact} into {folder} (once) ...")
                _install(folder, lock, interpreter, say)
    return python


def _key(lock: Path, interpreter: str) -> str:
    """One environment for each lock file, Python and checkout: two checkouts never see each other's package."""
    digest = hashlib.sha256(lock.read_bytes())
    digest.update(f"\n{interpreter}\n{_CHECKOUT}".encode())
    return digest.hexdigest()[:16]


def _interpreter(exact: str) -> str:
    """The interpreter to build on, for uv: our own where Airflow takes it, else another of this machine."""
    too_new = _TOO_NEW[major(exact)]
    if sys.version_info[:2] < too_new:
        return str(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}")
    for minor in range(too_new[1] - 1, _OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            return found
    newest = f"3.{too_new[1] - 1}"
    raise UserError(
        f"Airflow {exact} runs on Python 3.{_OLDEST[1]} to {newest}; this is 3.{sys.version_info.minor}, and none of "
        f"those is on PATH. Install python{newest} beside it, then run this again"
    )


def _install(folder: Path, lock: Path, interpreter: str, say: Callable[[str], None]) -> None:
    """A virtual environment can't be moved, so it is built in place; `complete` is written last."""
    if folder.exists():
        shutil.rmtree(folder)
    uv = _uv(say)
    _run([uv, "venv", "--quiet", "--python", interpreter, folder])
    python = folder / "bin" / "python"
    sync: list[str | Path] = [uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", lock]
    if _code(sync):
        _run([*sync, "--refresh"])  # a stale cache of an index denies versions that are there
    _link_package(python)
    _run([uv, "pip", "check", "--quiet", "--python", python])
    (folder / "complete").touch()


def _link_package(python: Path) -> None:
    """A link into the checkout: what is edited there is what the next Airflow runs."""
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    (Path(site) / _INSIDE_AIRFLOW).symlink_to(_CHECKOUT / _INSIDE_AIRFLOW)


def _uv(say: Callable[[str], None]) -> Path:
    found = shutil.which("uv")
    if found:
        return Path(found)
    own = cache_folder() / f"uv-{UV_VERSION}"
    uv = own / "bin" / "uv"
    if not uv.is_file():
        say(f"Getting uv {UV_VERSION} into {own.parent} ...")
        _run([sys.executable, "-m", "venv", own])
        _run([own / "bin" / "python", "-m", "pip", "install", "--quiet", f"uv=={UV_VERSION}"])
    return uv


def _code(command: list[str | Path]) -> int:
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode


def _run(command: list[str | Path]) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        what = " ".join(str(part) for part in command[:3])
        raise UserError(
            f"cannot set up Airflow's environment: `{what} ...` ended with {done.returncode}:\n{done.stderr}"
        )


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"{line}\n")
