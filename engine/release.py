"""The Pulumi CLI as Pulumi releases it for this platform: fetched, held against its SHA-256, unpacked.

Nothing of an archive with another SHA-256 is ever unpacked, let alone run.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from engine import PULUMI_SHA256, PULUMI_VERSION
from engine.download import DownloadError, UnsafeAddressError, download, require_safe, without_credentials

RELEASES = "https://github.com/pulumi/pulumi/releases/download"
MIRROR = "AIRFLOW_ENTRA_PULUMI_RELEASES"
"""The variable that names another host with the same files, such as a company's mirror; `none` forbids downloads."""

_NEEDED = frozenset({"pulumi", "pulumi-language-python", "pulumi-language-python-exec"})
_MACHINES = {"aarch64": "arm64", "amd64": "x64", "x86_64": "x64"}
_GZIP = b"\x1f\x8b"
_VERSION_TIMEOUT_SECONDS = 30.0


class NoReleaseError(Exception):
    """There is no download to be had; the message says why. The engine may still be built."""


class ReleaseRefusedError(Exception):
    """A download must not be used, or its address not be asked; the message says why and what to do."""


def release_folder(cache: Path) -> Path | None:
    """Where this platform's release is kept below `cache`, once it is there; None for a platform without one."""
    name = _platform()
    return cache / f"{PULUMI_VERSION}-{name}" if name in PULUMI_SHA256 else None


def get_release(cache: Path, progress: Callable[[str], None]) -> Path:
    """Fetch the release into its folder below `cache`, and return that. For one process at a time.

    Raises NoReleaseError, ReleaseRefusedError, and OSError where it can't be kept.
    """
    folder = release_folder(cache)
    if folder is None:
        raise NoReleaseError(f"no release is known here for {_platform()}")
    base = os.environ.get(MIRROR) or RELEASES
    if base == "none":
        raise NoReleaseError(f"{MIRROR} is none")
    address = f"{base.rstrip('/')}/v{PULUMI_VERSION}/pulumi-v{PULUMI_VERSION}-{_platform()}.tar.gz"
    try:
        require_safe(address)
    except UnsafeAddressError as error:
        raise ReleaseRefusedError(
            f"{MIRROR}: {error}. It takes an https:// address that has the files of {RELEASES}, or none"
        ) from None
    for left in cache.glob("*.part"):  # of a process that was killed
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(dir=cache, suffix=".part") as work:
        _fetch(address, Path(work, "archive"), progress)
        found = Path(work, "pulumi")
        _unpack(Path(work, "archive"), found)
        _try(found)
        found.rename(folder)
    progress(f"engine: the Pulumi CLI {PULUMI_VERSION} is in {folder}")
    return folder


def version_of(pulumi: str | Path) -> tuple[int, ...] | None:
    """The version that a `pulumi` says it is; None where it doesn't run or says something else."""
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        answer = subprocess.run(
            [pulumi, "version"],
            capture_output=True,
            text=True,
            env=environment,
            stdin=subprocess.DEVNULL,
            timeout=_VERSION_TIMEOUT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.fullmatch(r"v?(\d+)\.(\d+)\.(\d+)(?:\+.*)?", answer.stdout.strip())
    return tuple(map(int, found.groups())) if found else None


def _platform() -> str:
    """As Pulumi names its archives: `linux-x64`, `darwin-arm64`."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}-{_MACHINES.get(machine, machine)}"


def _fetch(address: str, archive: Path, progress: Callable[[str], None]) -> None:
    progress(f"engine: getting the Pulumi CLI {PULUMI_VERSION}, once, from {without_credentials(address)}")
    try:
        download(address, archive, lambda so_far: progress(f"engine: {so_far}"))
    except DownloadError as error:
        raise NoReleaseError(str(error)) from error
    with archive.open("rb") as file:
        if file.read(len(_GZIP)) != _GZIP:
            raise NoReleaseError("the answer is no archive but perhaps a proxy's or a sign-in page")
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    expected = PULUMI_SHA256[_platform()]
    if digest != expected:
        raise ReleaseRefusedError(
            f"{without_credentials(address)} is not the archive that Pulumi published. Nothing of it was used.\n"
            f"  SHA-256 expected  {expected}\n"
            f"  SHA-256 found     {digest}\n"
            f"Somebody may be tampering with what is downloaded here: tell those who run your network or mirror. To go "
            f"on without the download, install Pulumi {PULUMI_VERSION} or later, or set {MIRROR}=none to have it built "
            f"with Go."
        )


def _unpack(archive: Path, folder: Path) -> None:
    """Unpack what runs Python programs, and no other language's host: files that lie directly in `pulumi/`.

    Whatever else a name in the archive may be (a link, a path that leads elsewhere), it is not written.
    """
    folder.mkdir()
    try:
        with tarfile.open(archive, "r:gz") as files:
            for member in files:
                path = PurePosixPath(member.name)
                wanted = path.parts == ("pulumi", path.name) and (path.name == "pulumi" or "python" in path.name)
                source = files.extractfile(member) if wanted and member.isreg() else None
                if source is not None:
                    with source, (folder / path.name).open("wb") as target:
                        shutil.copyfileobj(source, target)
                    (folder / path.name).chmod(0o755)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise NoReleaseError(f"the archive can't be read: {error}") from error
    missing = sorted(_NEEDED - {file.name for file in folder.iterdir()})
    if missing:
        raise NoReleaseError(f"the archive lacks {', '.join(missing)}")


def _try(folder: Path) -> None:
    if version_of(folder / "pulumi") != tuple(map(int, PULUMI_VERSION.split("."))):
        raise NoReleaseError(f"the `pulumi` of the archive does not run on this machine ({platform.platform()})")
